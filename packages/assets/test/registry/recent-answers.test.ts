import { beforeEach, expect, it, vi } from 'vitest'
import { RecentAnswers } from '../../src/registry/recent-answers.js'

let now = 0
let asked: string[] = []
beforeEach(() => {
  now = 0
  asked = []
  vi.spyOn(performance, 'now').mockImplementation(() => now)
})

const answers = (more: { mostBytes?: number; bytes?: number } = {}) =>
  new RecentAnswers<string>({
    ask: async ({ name = '' }) => {
      asked.push(name)
      if (name === 'broken') throw new Error('broken')
      return name
    },
    bytesOf: () => more.bytes ?? 0,
    mostBytes: more.mostBytes,
  })

it('what is past is let go of, and none of it counts', async () => {
  const one = answers({ bytes: 5000 })
  for (const name of ['a', 'b', 'a']) await one.get({ name })
  expect([asked, one.byteLength]).toEqual([['a', 'b'], 12_000])
  now = 5000
  await one.get({ name: 'c' })
  expect([asked, one.byteLength]).toEqual([['a', 'b', 'c'], 6000])
})

it('what is kept takes no more than it may, the latest last', async () => {
  const one = answers({ bytes: 4000, mostBytes: 10_000 })
  for (const name of ['a', 'b', 'c', 'c', 'b', 'a']) await one.get({ name })
  expect(asked).toEqual(['a', 'b', 'c', 'a'])
  expect(one.byteLength).toBe(10_000)
  const tight = answers({ bytes: 20_000, mostBytes: 10_000 })
  for (const name of ['a', 'a']) expect(await tight.get({ name })).toBe('a')
  expect(tight.byteLength).toBe(0)
})

it('a fault is nobody’s answer', async () => {
  const one = answers()
  for (let i = 0; i < 2; i++) await expect(one.get({ name: 'broken' })).rejects.toThrow('broken')
  expect([asked.length, one.byteLength]).toEqual([2, 0])
})
