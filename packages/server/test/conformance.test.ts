import { afterAll, beforeAll, expect, it } from 'vitest'
// @ts-expect-error a script, so that it runs against any server without a build
import { conform } from '../../../test/conformance/run.mjs'
import { type Running, startServer, TOKEN } from './serve.js'

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
  const tables = server.config.shares![0]!.schemas![0]!.tables!
  const sound = tables.filter(({ name }) => name !== 'outside')
  server.shares.replace({
    ...server.config,
    shares: [
      { name: 'Lake', schemas: [{ name: 'Main', tables: sound }] },
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
  expect(outcomes.filter(({ status }) => status === 'pass').length).toBeGreaterThan(300)
  // What is skipped are tables that one of the two formats cannot say, and tables without files.
  for (const { status, reason } of outcomes) {
    if (status === 'skip') expect(reason).toMatch(/^refused in parquet format|has no files/)
  }
})

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
