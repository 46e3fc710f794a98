import { TableError } from '@spillway/core'
import type { Engine } from '@spillway/engine'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { failure, type Line, type Running, startServer, tablePath } from './serve.js'

const FAULT = new TableError('STORAGE_UNAVAILABLE', 's3 said SlowDown')

/** Storage is cut off once this many files have been signed. */
const cut = { after: Number.POSITIVE_INFINITY }

/** The same engine, a file at a time, up to the cut. */
function cutting(engine: Engine): Engine {
  return {
    ...engine,
    signedFiles(snapshot, options) {
      const files = engine.signedFiles(snapshot, options)
      return {
        plan: files.plan,
        get expiresAt() {
          return files.expiresAt
        },
        async *[Symbol.asyncIterator]() {
          let sent = 0
          for await (const batch of files) {
            for (const file of batch) {
              if (sent++ >= cut.after) throw FAULT
              yield [file]
            }
          }
          if (sent >= cut.after) throw FAULT
        },
      }
    },
    async changes(source, range, options) {
      const changes = await engine.changes(source, range, options)
      return {
        get expiresAt() {
          return changes.expiresAt
        },
        async *[Symbol.asyncIterator]() {
          let sent = 0
          for await (const set of changes) {
            for (const change of set.changes) {
              if (sent++ >= cut.after) throw FAULT
              yield { ...set, changes: [change] }
            }
          }
          if (sent >= cut.after) throw FAULT
        },
      }
    },
  }
}

let server: Running
beforeAll(async () => {
  server = await startServer({ wrapEngine: cutting })
})
afterAll(() => server.close())

const FILES = 5
const boundaries = Array.from({ length: FILES }, (_, index) => index + 1)
const requests = {
  query: (headers: Record<string, string>) => server.query('partitioned', {}, headers),
  changes: (headers: Record<string, string>) =>
    server.ask(`${tablePath('changing')}/changes?startingVersion=0&endingVersion=3`, { headers }),
} as const
const END = { 'delta-sharing-capabilities': 'responseformat=parquet;includeendstreamaction=true' }

describe.each(['query', 'changes'] as const)('a %s whose storage is cut off', name => {
  const ask = requests[name]

  it('before its first file is a status with Retry-After', async () => {
    cut.after = 0
    for (const headers of [{}, END]) {
      const response = await ask(headers)
      expect(response.headers.get('retry-after')).toBe('1')
      const answer = await failure(response)
      expect(answer).toMatchObject({ status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE' })
      expect(answer.message).not.toContain('SlowDown')
    }
  })

  it.each(boundaries)('after %i files breaks its body, in whatever encoding', async after => {
    cut.after = after
    for (const encoding of ['identity', 'gzip']) {
      const response = await ask({ 'accept-encoding': encoding })
      expect(response.status).toBe(200)
      await expect(response.text()).rejects.toThrow()
    }
    await expect
      .poll(() => server.log.at(-1), { timeout: 10_000 })
      .toMatchObject({ outcome: 'failed', error: FAULT })
  })

  it.each(boundaries)(
    'after %i files ends with the fault for who asked for an end',
    async after => {
      cut.after = after
      for (const encoding of ['identity', 'gzip']) {
        const text = await (await ask({ ...END, 'accept-encoding': encoding })).text()
        const lines: Line[] = text
          .trimEnd()
          .split('\n')
          .map(line => JSON.parse(line))
        expect(lines).toHaveLength(2 + after + 1)
        expect(lines.at(-1)?.endStreamAction).toEqual({
          errorMessage: expect.stringMatching(
            /^internal error; the provider finds it under request id/,
          ),
          httpStatusErrorCode: 503,
        })
      }
    },
  )
})

it('whole answers are whole', async () => {
  cut.after = Number.POSITIVE_INFINITY
  const text = await (await server.query('partitioned')).text()
  expect(text.trimEnd().split('\n')).toHaveLength(2 + FILES)
})
