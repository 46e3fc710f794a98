import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cut, cutting, FAULT } from './support/cutting.js'
import {
  failure,
  type Line,
  linesOf,
  type Running,
  startServer,
  tablePath,
} from './support/serve.js'

let server: Running
beforeAll(async () => {
  server = await startServer({ wrapEngine: cutting })
})
afterAll(() => server.close())

const DELTA = 'responseformat=delta;readerfeatures=deletionvectors,columnmapping'
const CUT = ['parquet', 'delta'] as const

interface Asked {
  readonly name: string
  /** Lines about files. */
  readonly lines: number
  readonly ask: (headers: Record<string, string>) => Promise<Response>
}

const feed = `${tablePath('changing')}/changes?startingVersion=0&endingVersion=3`
const requests: readonly Asked[] = [
  { name: 'query', lines: 5, ask: headers => server.query('partitioned', {}, headers) },
  { name: 'page', lines: 3, ask: headers => server.query('partitioned', { maxFiles: 3 }, headers) },
  {
    name: 'read of versions',
    lines: 6,
    ask: headers => server.query('optimized', { startingVersion: 0, endingVersion: 3 }, headers),
  },
  { name: 'change feed', lines: 5, ask: headers => server.ask(feed, { headers }) },
]

const capabilities = (format: 'parquet' | 'delta', end: boolean) => ({
  'delta-sharing-capabilities': `${format === 'delta' ? DELTA : 'responseformat=parquet'}${end ? ';includeendstreamaction=true' : ''}`,
})

/** What a recipient who reads line by line has of an answer, and whether it may take it for whole. */
async function read(response: Response): Promise<{ lines: Line[]; looksWhole: boolean }> {
  let text = ''
  let broken = false
  try {
    for await (const chunk of response.body!) text += Buffer.from(chunk).toString()
  } catch {
    broken = true
  }
  const complete = text.slice(0, text.lastIndexOf('\n') + 1)
  const lines: Line[] =
    complete === ''
      ? []
      : complete
          .trimEnd()
          .split('\n')
          .map(line => JSON.parse(line))
  const failed = lines.at(-1)?.endStreamAction?.errorMessage !== undefined
  return { lines, looksWhole: !broken && !failed }
}

describe.each(requests)('a $name whose storage is cut off', ({ name, lines, ask }) => {
  const boundaries = Array.from({ length: lines }, (_, index) => index + 1)
  // A page is always asked with an end: its next page is told there.
  const paged = name === 'page'

  it.each(CUT)('before its first file is a status with Retry-After, in %s format', async format => {
    cut.after = 0
    for (const end of [false, true]) {
      const response = await ask(capabilities(format, end))
      expect(response.headers.get('retry-after')).toBe('1')
      const answer = await failure(response)
      expect(answer).toMatchObject({ status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE' })
      expect(answer.message).not.toContain('SlowDown')
    }
  })

  it.each(paged ? [] : boundaries)(
    'after %i lines breaks its body, in whatever encoding',
    async after => {
      cut.after = after
      for (const format of CUT) {
        for (const encoding of ['identity', 'gzip']) {
          const headers = { ...capabilities(format, false), 'accept-encoding': encoding }
          const response = await ask(headers)
          expect(response.status).toBe(200)
          const got = await read(response)
          expect([format, encoding, got.looksWhole]).toEqual([format, encoding, false])
          expect(got.lines.length).toBeLessThanOrEqual(2 + after)
        }
      }
      await expect
        .poll(() => server.log.at(-1), { timeout: 10_000 })
        .toMatchObject({ outcome: 'failed', error: FAULT })
    },
  )

  it.each(boundaries)(
    'after %i lines ends with the fault for who asked for an end',
    async after => {
      cut.after = after
      for (const format of CUT) {
        for (const encoding of ['identity', 'gzip']) {
          const headers = { ...capabilities(format, true), 'accept-encoding': encoding }
          const { lines: all, looksWhole } = await read(await ask(headers))
          expect([all.length, looksWhole]).toEqual([2 + after + 1, false])
          expect(all.at(-1)?.endStreamAction).toEqual({
            errorMessage: expect.stringMatching(
              /^the provider's storage is not reached now; the provider finds it under request id/,
            ),
            httpStatusErrorCode: 503,
          })
        }
      }
    },
  )

  it('is whole when nothing is cut off', async () => {
    cut.after = Number.POSITIVE_INFINITY
    for (const format of CUT) {
      const all = await linesOf(await ask(capabilities(format, true)))
      expect(all).toHaveLength(2 + lines + 1)
      expect(all.at(-1)?.endStreamAction).not.toHaveProperty('errorMessage')
    }
  })
})
