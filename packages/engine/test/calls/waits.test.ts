import { getEventListeners } from 'node:events'
import { type SigningOptions, TableError, tableRoots, type UrlSigner } from '@spillway/core'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMetrics } from '../../src/calls/metrics.js'
import { Waits } from '../../src/calls/waits.js'
import { createEngine, OutsideFinder } from '../../src/index.js'
import { signExact, signingWaits } from '../../src/signing/sign-exact.js'
import { dataFile, LOCATION, scriptedReader, snapshotOf } from '../support/table.js'

afterEach(() => void vi.useRealTimers())

const late = () => new TableError('STORAGE_UNAVAILABLE', 'nobody answered')
const never = () => new Promise<never>(() => undefined)
const after = (ms: number) => () => new Promise(resolve => setTimeout(() => resolve(ms), ms))

describe('waits', () => {
  beforeEach(() => void vi.useFakeTimers())

  it('end with the first answer that is late, and so does every later one', async () => {
    const heard: AbortSignal[] = []
    const waits = new Waits({ seconds: 60, late })
    const hung = Promise.allSettled([
      waits.for(signal => {
        heard.push(signal)
        return never()
      }),
    ])
    await vi.advanceTimersByTimeAsync(59_000)
    expect(heard[0]!.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(await hung).toMatchObject([{ reason: { code: 'STORAGE_UNAVAILABLE', retryable: true } }])
    expect(heard[0]!.aborted).toBe(true)
    await expect(waits.for(async () => 1)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it('give every answer the whole time, and count none between two', async () => {
    const waits = new Waits({ seconds: 60, late })
    for (let i = 0; i < 3; i++) {
      const slow = waits.for(after(50_000))
      await vi.advanceTimersByTimeAsync(50_000)
      expect(await slow).toBe(50_000)
      await vi.advanceTimersByTimeAsync(500_000)
    }
    const hung = Promise.allSettled([waits.for(never)])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(await hung).toMatchObject([{ reason: { code: 'STORAGE_UNAVAILABLE' } }])
  })

  it('end when whoever waits leaves, and leave nothing behind', async () => {
    const gone = new AbortController()
    const waits = new Waits({ seconds: 60, late, signal: gone.signal })
    const hung = waits.for(never)
    gone.abort()
    await expect(hung).rejects.toMatchObject({ code: 'CANCELLED' })
    await expect(waits.for(never)).rejects.toMatchObject({ code: 'CANCELLED' })
    waits.end()
    const later = new AbortController()
    const prompt = new Waits({ seconds: 60, late, signal: later.signal })
    expect(await prompt.for(async () => 'answer')).toBe('answer')
    await expect(prompt.for(() => Promise.reject(late()))).rejects.toMatchObject({
      message: 'nobody answered',
    })
    prompt.end()
    expect([getEventListeners(later.signal, 'abort'), vi.getTimerCount()]).toEqual([[], 0])
  })

  it('take an answer that is no promise for what it is', async () => {
    const waits = new Waits({ seconds: 60, late })
    const plain = (() => 'plain') as unknown as () => Promise<string>
    expect(await waits.for(plain)).toBe('plain')
    const thrower = () => {
      throw late()
    }
    await expect(waits.for(thrower)).rejects.toMatchObject({ message: 'nobody answered' })
    waits.end()
  })

  it('of whoever left before they began ask nobody', async () => {
    const ask = vi.fn(never)
    const waits = new Waits({ seconds: 60, late, signal: AbortSignal.abort() })
    await expect(waits.for(ask)).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(ask).not.toHaveBeenCalled()
    waits.end()
  })
})

/** A signer that never answers one of its questions, and what it was told. */
function hanging(call: 'sign' | 'signViews') {
  const heard: (AbortSignal | undefined)[] = []
  const hang = (_: unknown, { signal }: SigningOptions) => {
    heard.push(signal)
    return never()
  }
  const prompt = async (paths: readonly unknown[]) => ({ urls: paths.map(String), expiresAt: 1 })
  const signer: UrlSigner = { covers: () => true, sign: prompt, signViews: prompt, [call]: hang }
  return { heard, signer }
}

it('an engine waits for no signer without end', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { heard, signer } = hanging('sign')
  const table = { files: [dataFile('a')] }
  const engine = createEngine({ readers: [scriptedReader(table)], signers: [signer] })
  const snapshot = snapshotOf({ location: LOCATION }, table)
  const accepts = { features: new Set<string>(), inlineVectorBytes: 0 }
  const files = engine.signedFiles(snapshot, { accepts })[Symbol.asyncIterator]()
  const first = Promise.allSettled([files.next()])
  await vi.waitUntil(() => heard.length > 0)
  await vi.advanceTimersByTimeAsync(61_000)
  expect(await first).toMatchObject([{ reason: { code: 'STORAGE_UNAVAILABLE' } }])
  expect(heard[0]!.aborted).toBe(true)
})

it('nor for one that serves a file under another footer', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  const { heard, signer } = hanging('signViews')
  const file = dataFile('a')
  const signed = signExact([{ file, view: [] }], {
    signerFor: () => signer,
    roots: tableRoots({ location: LOCATION }),
    staging: [],
    outside: new OutsideFinder(),
    metrics: createMetrics(undefined),
    clock: () => 0,
    expiresInSeconds: 60,
    waits: signingWaits(undefined),
  })
  const negotiated = Promise.allSettled([signed])
  await vi.advanceTimersByTimeAsync(61_000)
  expect(await negotiated).toMatchObject([{ reason: { code: 'STORAGE_UNAVAILABLE' } }])
  expect(heard[0]!.aborted).toBe(true)
})
