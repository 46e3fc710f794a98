import { expect, it } from 'vitest'
import { type TurnKind, Turns } from '../../src/connection/turns.js'

/** Work that ends when it is told to, noted when it begins. */
function workers(turns: Turns, kinds: readonly TurnKind[]) {
  const begun: number[] = []
  const ends: (() => void)[] = []
  const stops = kinds.map(() => new AbortController())
  const done = kinds.map((kind, i) =>
    turns.take(kind, stops[i]!.signal, () => {
      begun.push(i)
      return new Promise<number>(resolve => {
        ends[i] = () => resolve(i)
      })
    }),
  )
  for (const each of done) each.catch(() => undefined)
  return { begun, ends, stops, done }
}

const settled = () => new Promise(resolve => setImmediate(resolve))

it('starts neighbours that may go together, and lets nobody overtake one that goes alone', async () => {
  const { begun, ends } = workers(new Turns(), ['together', 'together', 'alone', 'together'])
  await settled()
  expect(begun).toEqual([0, 1])
  ends[0]!()
  await settled()
  expect(begun).toEqual([0, 1])
  ends[1]!()
  await settled()
  expect(begun).toEqual([0, 1, 2])
  ends[2]!()
  await settled()
  expect(begun).toEqual([0, 1, 2, 3])
})

it('goes on without one that gives up while it waits, and whom that one held back', async () => {
  const { begun, stops, done } = workers(new Turns(), ['together', 'alone', 'together'])
  await settled()
  stops[1]!.abort()
  await expect(done[1]).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(begun).toEqual([0, 2])
})

it('goes on behind work that fails', async () => {
  const turns = new Turns()
  const failing = turns.take('alone', undefined, () => Promise.reject(new Error('no')))
  const next = turns.take('alone', undefined, () => 5)
  await expect(failing).rejects.toThrow('no')
  expect(await next).toBe(5)
})

it('starts nothing whose signal has fired', async () => {
  const turns = new Turns()
  const work = turns.take('alone', AbortSignal.abort(), () => 5)
  await expect(work).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(await turns.take('alone', undefined, () => 6)).toBe(6)
})
