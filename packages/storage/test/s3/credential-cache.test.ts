import { afterEach, expect, it, vi } from 'vitest'
import { credentialCache, type S3Credentials } from '../../src/s3/options.js'

afterEach(() => void vi.useRealTimers())

it('a provider of credentials that never answers is given up, and asked again', async () => {
  vi.useFakeTimers()
  const keys: S3Credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const answers = [new Promise<S3Credentials>(() => undefined), Promise.resolve(keys)]
  let asked = 0
  const { current } = credentialCache(() => answers[asked++]!)
  const refused = Promise.allSettled([current(0, 60), current(0, 60)])
  await vi.advanceTimersByTimeAsync(31_000)
  const error = { code: 'STORAGE_UNAVAILABLE', retryable: true }
  expect(await refused).toMatchObject([{ reason: error }, { reason: error }])
  expect(await current(0, 60)).toBe(keys)
  expect(asked).toBe(2)
  expect(vi.getTimerCount()).toBe(0)
})
