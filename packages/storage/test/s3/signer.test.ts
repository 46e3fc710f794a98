import type { UrlSigner } from '@spillway/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { S3Credentials } from '../../src/s3/options.js'
import { s3Signer } from '../../src/s3/signer.js'

const KEYS = { accessKeyId: 'key', secretAccessKey: 'secret' }
const NOW = Date.UTC(2026, 0, 1, 12, 0, 0, 250)

describe('the lifetime of a URL', () => {
  it.each([
    ['is what was asked for', undefined, 3600, 3600],
    ['is at most a week', undefined, 30 * 86400, 7 * 86400],
    ['ends with the credentials', new Date(NOW + 600_000), 3600, 600],
    ['is not changed by credentials that live longer', new Date(NOW + 7200_000), 3600, 3600],
  ])('%s', async (_, expiration, asked, seconds) => {
    const credentials = { ...KEYS, ...(expiration === undefined ? {} : { expiration }) }
    const signer = s3Signer({ region: 'eu-west-1', credentials })
    const signed = await signer.sign(['s3://b/k'], { expiresInSeconds: asked, now: NOW })
    expect(new URL(signed.urls[0]!).searchParams.get('X-Amz-Expires')).toBe(String(seconds))
    expect(signed.expiresAt).toBe(Date.UTC(2026, 0, 1, 12) + seconds * 1000)
  })

  it('is refused when the credentials have expired', async () => {
    const credentials = { ...KEYS, expiration: new Date(NOW) }
    const signer = s3Signer({ region: 'eu-west-1', credentials })
    await expect(
      signer.sign(['s3://b/k'], { expiresInSeconds: 60, now: NOW }),
    ).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', message: /have expired/ })
  })
})

it.each([0, -60, Number.NaN])('refuses a lifetime of %d seconds', async expiresInSeconds => {
  const signer = s3Signer({ region: 'eu-west-1', credentials: KEYS })
  const signing = signer.sign(['s3://b/k'], { expiresInSeconds, now: NOW })
  await expect(signing).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
})

describe('credentials that a function gives', () => {
  function source(lifetimeMs: number) {
    const asked: number[] = []
    const clock = { now: NOW }
    const give = async (): Promise<S3Credentials> => {
      asked.push(clock.now)
      return {
        ...KEYS,
        accessKeyId: `key${asked.length}`,
        expiration: new Date(clock.now + lifetimeMs),
      }
    }
    const signer = s3Signer({ region: 'eu-west-1', credentials: give })
    const sign = async (now: number, expiresInSeconds = 600) => {
      clock.now = now
      const { urls } = await signer.sign(['s3://b/k'], { expiresInSeconds, now })
      return new URL(urls[0]!).searchParams.get('X-Amz-Credential')?.split('/')[0]
    }
    return { sign, asked }
  }

  it('are asked for once by callers at the same time, and kept while they last', async () => {
    const { sign, asked } = source(3600_000)
    await Promise.all([sign(NOW), sign(NOW), sign(NOW)])
    await sign(NOW + 40 * 60_000)
    expect(asked).toHaveLength(1)
  })

  it('are asked for again, once, before they expire', async () => {
    const { sign, asked } = source(3600_000)
    await sign(NOW)
    const later = NOW + 56 * 60_000
    expect(await Promise.all([sign(later), sign(later)])).toEqual(['key2', 'key2'])
    expect(asked).toHaveLength(2)
  })

  it('are not asked for with every batch when they live shorter than URLs should', async () => {
    const { sign, asked } = source(900_000)
    for (let second = 0; second < 30; second++) await sign(NOW + second * 1000, 3600)
    expect(asked).toHaveLength(1)
  })

  it('are asked for again after a failure', async () => {
    let calls = 0
    const signer = s3Signer({
      region: 'eu-west-1',
      credentials: async () => {
        calls++
        if (calls === 1) throw new Error('the token file is gone')
        return KEYS
      },
    })
    const sign = () => signer.sign(['s3://b/k'], { expiresInSeconds: 60, now: NOW })
    await expect(sign()).rejects.toThrowError('no S3 credentials: the token file is gone')
    expect((await sign()).urls).toHaveLength(1)
  })
})

describe('addresses', () => {
  const sign = async (options: object, path: string) => {
    const signer = s3Signer({ region: 'us-east-1', credentials: KEYS, ...options })
    const { urls } = await signer.sign([path], { expiresInSeconds: 60, now: NOW })
    return urls[0]?.split('?')[0]
  }
  it.each([
    [{}, 'https://bkt.s3.us-east-1.amazonaws.com/k'],
    [{ pathStyle: true }, 'https://s3.us-east-1.amazonaws.com/bkt/k'],
    [{ endpoint: 'http://internal:9000', pathStyle: true }, 'http://internal:9000/bkt/k'],
    [
      {
        endpoint: 'http://internal:9000',
        publicEndpoint: 'https://s3.public.example',
        pathStyle: true,
      },
      'https://s3.public.example/bkt/k',
    ],
    [{ publicEndpoint: 'https://cdn.example/x/' }, 'https://bkt.cdn.example/x/k'],
  ])('with %o are %s', async (options, expected) => {
    expect(await sign(options, 's3a://bkt/k')).toBe(expected)
  })

  it.each(['ftp://x', 'x', ''])('refuses the endpoint %j', endpoint => {
    expect(() => s3Signer({ endpoint, credentials: KEYS })).toThrowError('an S3 endpoint is')
  })

  it.each([
    ['s3://bkt/a/../k', 'UNSUPPORTED_FEATURE'],
    ['s3://bkt/./k', 'UNSUPPORTED_FEATURE'],
    ['s3://bkt/..', 'UNSUPPORTED_FEATURE'],
    ['s3://bkt/\ud800', 'INVALID_REQUEST'],
    ['s3://other/k', 'STORAGE_UNAVAILABLE'],
    ['s3://bkt/', 'STORAGE_UNAVAILABLE'],
    ['file:///b/k', 'STORAGE_UNAVAILABLE'],
  ])('refuses to sign %j', async (path, code) => {
    await expect(sign({ buckets: ['bkt'] }, path)).rejects.toMatchObject({ code })
  })
})

interface Outcome {
  readonly urls: readonly string[]
  readonly expiresAt?: number
  readonly error?: unknown
}

async function outcome(
  signer: UrlSigner,
  paths: readonly string[],
  how: { readonly now: number; readonly expiresInSeconds: number },
): Promise<Outcome> {
  try {
    return await signer.sign(paths, how)
  } catch (error) {
    return { urls: [], error }
  }
}

/** What one call for all gives: the first of what each was refused for. */
function merged(outcomes: readonly Outcome[]): Outcome {
  const refused = outcomes.find(({ error }) => error !== undefined)
  return refused ?? { ...outcomes[0], urls: outcomes.flatMap(({ urls }) => urls) }
}

function coversOf(signer: UrlSigner, path: string): unknown {
  try {
    return signer.covers(path)
  } catch (error) {
    return error
  }
}

describe('what a signer keeps', () => {
  const folder = fc.constantFrom(
    '',
    'a/',
    'a/b/',
    'a//b/',
    'x=1/y=a%20b/',
    'é 😀+/',
    '/',
    '.a/',
    'a/./',
    '../',
  )
  const name = fc.constantFrom(
    'f',
    'g.parquet',
    '',
    '.',
    '..',
    '.f',
    '...',
    'a\0',
    '\ud800',
    'long'.repeat(80),
  )
  const start = fc.constantFrom(
    's3://bkt/',
    's3://bkt/',
    's3a://bkt/',
    'S3://bkt/',
    's3://dotted.bkt/',
    's3://other/',
    's3://bkt',
    'file:///',
  )
  const path = fc.tuple(start, folder, name).map(parts => parts.join(''))
  /** Of one folder, that what was kept of it is used. */
  const together = fc
    .tuple(start, folder, fc.array(name, { minLength: 1, maxLength: 4 }))
    .map(([begin, middle, names]) => names.map(each => begin + middle + each))
  /** All of which have URLs. */
  const sound: fc.Arbitrary<string[]> = fc.array(
    fc.constantFrom(
      's3://bkt/a/f',
      's3://bkt/c/f',
      's3://bk2/a/f',
      's3a://bkt/c/g',
      's3://dotted.bkt/f',
      's3://bkt/c/',
    ),
    { maxLength: 6 },
  )
  const batch = fc.record({
    paths: fc.oneof(sound, sound, together, fc.array(path, { maxLength: 5 })),
    now: fc.constantFrom(NOW, NOW, NOW + 749, NOW + 750, NOW + 86_400_000),
    expiresInSeconds: fc.constantFrom(60, 60, 3600),
    credentials: fc.constantFrom(
      KEYS,
      KEYS,
      { ...KEYS, sessionToken: 'FwoGZXIvYXdzEBYaD/+=session token' },
      { ...KEYS, accessKeyId: 'another' },
      { ...KEYS, secretAccessKey: 'a secret of more bytes than HMAC has in a block: '.repeat(3) },
    ),
  })

  it.each([
    [{}],
    [{ pathStyle: true }],
    [{ endpoint: 'http://127.0.0.1:9000/s3' }],
    [{ buckets: ['bkt', 'bk2', 'dotted.bkt'] }],
  ])('gives the URLs, and refuses the paths, that a new one does: %o', async options => {
    await fc.assert(
      fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 10 }), async batches => {
        let current: S3Credentials = KEYS
        const credentials = {
          get accessKeyId() {
            return current.accessKeyId
          },
          get secretAccessKey() {
            return current.secretAccessKey
          },
          get sessionToken() {
            return current.sessionToken!
          },
        }
        const where = { region: 'eu-west-1', ...options }
        const kept = s3Signer({ ...where, credentials })
        for (const { paths, credentials: next, ...how } of batches) {
          current = next
          const fresh = paths.map(each =>
            outcome(s3Signer({ ...where, credentials: next }), [each], how),
          )
          const wanted = merged(await Promise.all(fresh))
          if (paths.length > 0) expect(await outcome(kept, paths, how)).toEqual(wanted)
          const alone = () => s3Signer({ ...where, credentials })
          const theirs = paths.map(each => coversOf(alone(), each))
          expect(paths.map(each => coversOf(kept, each))).toEqual(theirs)
        }
      }),
      { numRuns: 40, seed: 20261201 },
    )
  })
})
