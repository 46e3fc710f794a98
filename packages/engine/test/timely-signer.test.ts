import { getEventListeners } from 'node:events'
import type { SigningOptions, UrlSigner } from '@spillway/core'
import { afterEach, expect, it, vi } from 'vitest'
import { createEngine } from '../src/index.js'
import { timelySigner } from '../src/timely-signer.js'
import { dataFile, LOCATION, scriptedReader, snapshotOf } from './table.js'

afterEach(() => void vi.useRealTimers())

const options: SigningOptions = { expiresInSeconds: 60, now: 0 }

/** A signer that never answers, and what it was told. */
function silent() {
  const heard: (AbortSignal | undefined)[] = []
  const never = (_: unknown, { signal }: SigningOptions) => {
    heard.push(signal)
    return new Promise<never>(() => undefined)
  }
  const signer: UrlSigner = { covers: () => true, sign: never, signViews: never }
  return { heard, silent: signer, signer: timelySigner(signer) }
}

it.each(['sign', 'signViews'] as const)(
  'a signer that never answers %s is given up',
  async call => {
    vi.useFakeTimers()
    const { heard, signer } = silent()
    const signed = Promise.allSettled([signer[call]!([], options)])
    await vi.advanceTimersByTimeAsync(61_000)
    expect(await signed).toMatchObject([
      { reason: { code: 'STORAGE_UNAVAILABLE', retryable: true } },
    ])
    expect(heard[0]!.aborted).toBe(true)
  },
)

it('who leaves ends the wait, and nothing is left of it', async () => {
  vi.useFakeTimers()
  const { heard, signer } = silent()
  const gone = new AbortController()
  const signed = signer.sign([], { ...options, signal: gone.signal })
  gone.abort()
  await expect(signed).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(heard[0]!.aborted).toBe(true)
  const prompt = timelySigner({
    covers: () => true,
    sign: async () => ({ urls: [], expiresAt: 1 }),
  })
  const later = new AbortController()
  await prompt.sign([], { ...options, signal: later.signal })
  expect(prompt.signViews).toBeUndefined()
  expect([getEventListeners(later.signal, 'abort'), vi.getTimerCount()]).toEqual([[], 0])
})

it('an engine waits for no signer without end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { heard, silent: never } = silent()
  const table = { files: [dataFile('a')] }
  const engine = createEngine({ readers: [scriptedReader(table)], signers: [never] })
  const snapshot = snapshotOf({ location: LOCATION }, table)
  const accepts = { features: new Set<string>(), inlineVectorBytes: 0 }
  const files = engine.signedFiles(snapshot, { accepts })[Symbol.asyncIterator]()
  const first = Promise.allSettled([files.next()])
  await vi.waitUntil(() => heard.length > 0)
  await vi.advanceTimersByTimeAsync(61_000)
  expect(await first).toMatchObject([{ reason: { code: 'STORAGE_UNAVAILABLE' } }])
})
