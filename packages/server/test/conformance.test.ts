import { afterAll, beforeAll, expect, it } from 'vitest'
// @ts-expect-error a script, so that it runs against any server without a build
import { conform } from '../../../test/conformance/run.mjs'
import { type Running, startServer, TOKEN } from './support/serve.js'

interface Outcome {
  readonly id: string
  readonly title: string
  readonly on: string
  readonly status: 'pass' | 'skip' | 'fail'
  readonly reason?: string
}

let server: Running
beforeAll(async () => {
  server = await startServer()
  const [main, guarded] = server.config.shares![0]!.schemas!
  const sound = main!.tables!.filter(({ name }) => name !== 'outside')
  const limited = guarded!.tables!.filter(({ name }) => name !== 'gone')
  server.shares.replace({
    ...server.config,
    shares: [
      {
        name: 'Lake',
        schemas: [
          { name: 'Main', tables: sound },
          { name: 'guarded', tables: limited },
        ],
      },
      { name: 'other' },
      { name: 'third' },
    ],
  })
})
afterAll(() => server.close())

it('passes every black-box check that applies to its tables', async () => {
  const outcomes: Outcome[] = []
  const endpoint = `${server.origin}/delta-sharing/`
  for await (const outcome of conform({ endpoint, token: TOKEN })) outcomes.push(outcome as Outcome)
  expect(outcomes.filter(({ status }) => status === 'fail')).toEqual([])
  expect(outcomes.filter(({ status }) => status === 'pass').length).toBeGreaterThan(800)
  // No check is always skipped: each applies to some of these tables, but for credentials and assets, which have tests of their own.
  const passed = new Set(outcomes.filter(({ status }) => status === 'pass').map(titleOf))
  const never = outcomes.map(titleOf).filter(title => !passed.has(title))
  expect([...new Set(never)].filter(title => !/^(13|76|77|80)[ .]/.test(title))).toEqual([])
})

const titleOf = ({ id, title }: Outcome) => `${id} ${title}`

it('finds the faults of a server that has some', async () => {
  const outcomes: Outcome[] = []
  const broken = new URL('/nothing', server.origin).href
  await expect(
    (async () => {
      for await (const outcome of conform({ endpoint: broken, token: TOKEN })) {
        outcomes.push(outcome as Outcome)
      }
    })(),
  ).rejects.toThrow(/status 404/)
})
