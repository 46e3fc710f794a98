import { getEventListeners } from 'node:events'
import { type ShareCatalog, untilAborted } from '@spillway/core'
import { afterEach, describe, expect, it } from 'vitest'
import { createConfigShares } from '../src/index.js'
import { answered } from '../src/limits/answered.js'
import { failure, type Running, startServer, tablePath } from './support/serve.js'

let server: Running | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

/** A busy machine may need more than one try: a limit that is waited for is a short one. */
const PATIENT = { timeout: 30_000 }

const never = () => new Promise<never>(() => undefined)

/** A server whose catalog is asked through `over`, and may be given back what it was. */
async function waitingServer(
  over: Partial<ShareCatalog>,
  more: Parameters<typeof startServer>[0] = {},
): Promise<{ readonly running: Running; readonly mend: () => void }> {
  // Filled in once the configuration of the fresh lake is known.
  const catalog = { ...createConfigShares({ shares: [], recipients: [] }) } as ShareCatalog
  const running = await startServer({ limits: { planSeconds: 0.2 }, ...more, catalog })
  const mend = () => Object.assign(catalog, running.shares)
  mend()
  Object.assign(catalog, over)
  server = running
  return { running, mend }
}

const unavailable = { status: 503, errorCode: 'TEMPORARILY_UNAVAILABLE' }

describe('what is handed in and never answers ends as a 503 within planSeconds', () => {
  it.each<readonly [keyof ShareCatalog, string]>([
    ['authenticate', '/shares'],
    ['listShares', '/shares'],
    ['share', '/shares/Lake'],
    ['listSchemas', '/shares/Lake/schemas'],
    ['listTables', '/shares/Lake/all-tables'],
    ['table', `${tablePath('simple')}/version`],
  ])('%s of the catalog', async (name, path) => {
    const heard: (AbortSignal | undefined)[] = []
    const hang = (...given: readonly unknown[]) => {
      heard.push(given.at(-1) as AbortSignal)
      return never()
    }
    const limits = { planSeconds: 0.2, requestsPerRecipient: 2 }
    const { running, mend } = await waitingServer({ [name]: hang }, { limits })
    for (let i = 0; i < 3; i++) {
      const answer = await running.ask(path)
      expect(answer.headers.get('retry-after')).toBe('1')
      expect(await failure(answer)).toMatchObject(unavailable)
    }
    expect(heard.map(signal => signal?.aborted)).toEqual([true, true, true])
    expect(running.log).toMatchObject(Array(3).fill({ status: 503, outcome: 'failed' }))
    mend()
    // Not one of its places is kept.
    const status = async () => (await running.ask(path)).status
    await expect.poll(status, PATIENT).toBe(200)
  })
})

it('what was begun of an answer is let go with its refusal, and stands once in the log', async () => {
  let isSigned = false
  let letGo = 0
  const inner: { table?: ShareCatalog['table'] } = {}
  const { running, mend } = await waitingServer(
    {
      // Asked once more before the first byte, when its lines are known.
      table: (...given) => (isSigned ? never() : inner.table!(...given)),
    },
    {
      limits: { planSeconds: 1 },
      wrapEngine: engine => ({
        ...engine,
        signedFiles(...given) {
          const files = engine.signedFiles(...given)
          return {
            get plan() {
              return files.plan
            },
            get expiresAt() {
              return files.expiresAt
            },
            async *[Symbol.asyncIterator]() {
              try {
                for await (const batch of files) {
                  isSigned = true
                  yield batch
                }
              } finally {
                letGo++
              }
            },
          }
        },
      }),
    },
  )
  inner.table = running.shares.table
  const status = async () => (await running.query('simple')).status
  while (!isSigned) expect(await status()).toBe(503)
  await expect.poll(() => letGo, PATIENT).toBeGreaterThan(0)
  mend()
  await expect.poll(status, PATIENT).toBe(200)
  const ids = running.log.map(({ requestId }) => requestId)
  expect(new Set(ids).size).toBe(ids.length)
})

describe('a question', () => {
  const late = () => {
    throw new Error('not asked for')
  }

  it('ends with who asked, and leaves no listener', async () => {
    const gone = new AbortController()
    const asked = answered(never, { seconds: 60, late, signal: gone.signal })
    gone.abort()
    await expect(asked).rejects.toMatchObject({ code: 'CANCELLED' })
    await answered(async () => 1, { seconds: 60, late, signal: new AbortController().signal })
    expect(getEventListeners(gone.signal, 'abort')).toEqual([])
  })

  it('of who has gone before ends at once, whatever the answer', async () => {
    const failing = Promise.reject(new Error('too late'))
    await expect(untilAborted(failing, AbortSignal.abort())).rejects.toMatchObject({
      code: 'CANCELLED',
    })
  })
})
