import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addressOf } from '../../src/s3/options.js'
import { type PresignInput, presigner, signingKeyOf } from '../../src/s3/sigv4.js'

// The example credentials of AWS's documentation.
const DOCUMENTED = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

describe('published vectors', () => {
  // Amazon S3 API reference, "Authenticating Requests: Using Query Parameters", the example.
  it('signs the example of the S3 documentation', () => {
    const sign = presigner({
      ...DOCUMENTED,
      region: 'us-east-1',
      origin: 'https://examplebucket.s3.amazonaws.com',
      basePath: '',
      now: Date.UTC(2013, 4, 24),
      expiresInSeconds: 86400,
    })
    expect(sign('test.txt')).toBe(
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
        '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host' +
        '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404',
    )
  })

  // AWS General Reference, "Examples of how to derive a signing key", and "Create a signed AWS API request".
  it.each([
    ['20120215', 'f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d'],
    ['20150830', 'c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9'],
  ])('derives the signing key of %s', (day, expected) => {
    const secret = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY'
    expect(signingKeyOf(secret, day, 'us-east-1', 'iam').toString('hex')).toBe(expected)
  })
})

interface Target {
  readonly bucket: string
  readonly region: string
  readonly endpoint?: string
  readonly pathStyle?: boolean
  readonly sessionToken?: string
}

/** Parameters that the SDK adds unasked, and that a service does not need. */
const EXTRA = ['X-Amz-Content-Sha256', 'x-id']

async function sdkUrl(target: Target, key: string, now: number, expiresIn: number): Promise<URL> {
  const client = new S3Client({
    region: target.region,
    ...(target.endpoint === undefined ? {} : { endpoint: target.endpoint }),
    forcePathStyle: target.pathStyle ?? false,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    credentials: {
      ...DOCUMENTED,
      ...(target.sessionToken === undefined ? {} : { sessionToken: target.sessionToken }),
    },
  })
  const command = new GetObjectCommand({ Bucket: target.bucket, Key: key })
  return new URL(await getSignedUrl(client, command, { expiresIn, signingDate: new Date(now) }))
}

function inputOf(target: Target, now: number, expiresInSeconds: number): PresignInput {
  const { bucket, sessionToken, ...address } = target
  return {
    ...DOCUMENTED,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region: target.region,
    ...addressOf(bucket, address),
    now,
    expiresInSeconds,
  }
}

/** What the SDK's URL is made of, in an order that does not matter. */
function partsOf(url: URL): readonly unknown[] {
  return [url.origin, url.pathname, [...url.searchParams].sort()]
}

async function expectEqual(target: Target, key: string, now = AT, expires = 3600): Promise<void> {
  const expected = await sdkUrl(target, key, now, expires)
  const extra = [...expected.searchParams].filter(([name]) => EXTRA.includes(name))
  const query = Object.fromEntries(extra)
  const ours = presigner({ ...inputOf(target, now, expires), query })(key)
  expect(partsOf(new URL(ours))).toEqual(partsOf(expected))
}

const AT = Date.UTC(2026, 10, 22, 12, 34, 56, 789)
const AWS: Target = { bucket: 'bucket', region: 'eu-central-1' }

describe('equality with the SDK', () => {
  it.each([
    'plain.parquet',
    'x=1/y=2/part-0.parquet',
    'a b.parquet',
    'a+b.parquet',
    '100%.parquet',
    'x=a%20b/c.parquet',
    'é.parquet',
    '😀/日本.parquet',
    'a//b.parquet',
    '~tilde.parquet',
    `q'u"o*te(s)!.parquet`,
    'a?b#c&d;e:f@g,h$i[j]\\k^l`m{n}|o<p>',
  ])('signs %s alike', key => expectEqual(AWS, key))

  const hosts: readonly Target[] = [
    AWS,
    { ...AWS, region: 'us-east-1' },
    { ...AWS, region: 'cn-north-1' },
    { ...AWS, region: 'us-gov-west-1' },
    { ...AWS, pathStyle: true },
    { ...AWS, bucket: 'dotted.bucket.name' },
    { ...AWS, bucket: 'Upper_Case' },
    { ...AWS, sessionToken: 'FwoGZXIvYXdzEBYaD/+=session token' },
    { ...AWS, endpoint: 'https://minio.example.com', pathStyle: true },
    { ...AWS, endpoint: 'https://minio.example.com:9000' },
    { ...AWS, endpoint: 'http://minio.example.com:80/', pathStyle: true },
    { ...AWS, endpoint: 'http://127.0.0.1:9000' },
    { ...AWS, endpoint: 'https://gateway.example.com/s3', pathStyle: true },
    { ...AWS, endpoint: 'http://minio.local', bucket: 'dotted.name' },
  ]
  it.each(hosts)('addresses %o alike', target => expectEqual(target, 'x=1/a b.parquet'))

  it.each([
    ['the last second of a day', Date.UTC(2026, 11, 31, 23, 59, 59, 999)],
    ['midnight', Date.UTC(2027, 0, 1)],
    ['a leap day', Date.UTC(2028, 1, 29, 0, 0, 0, 1)],
  ])('dates %s alike', (_, now) => expectEqual(AWS, 'a', now, 604800))

  it('signs any key alike', async () => {
    const character = fc.oneof(
      fc.constantFrom(
        ...`=+%~'"!*()&?#;:@,$[]{}\\^|<> é/`,
        '//',
        '%20',
        '😀',
        '\u0301',
        '\t',
        '\n',
      ),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2 }),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
    )
    const keys = fc
      .array(character, { minLength: 1, maxLength: 12 })
      .map(parts => parts.join(''))
      // Keys with dots between slashes are refused before they are signed.
      .filter(key => !/(^|\/)\.{1,2}(\/|$)/.test(key) && Buffer.from(key).toString() === key)
    const targets = fc.constantFrom(...hosts)
    await fc.assert(
      fc.asyncProperty(targets, keys, (target, key) => expectEqual(target, key)),
      { numRuns: quickOr(80, 400), seed: 20261122 },
    )
  })

  it('encodes a folder once without mixing folders up', () => {
    const input = inputOf(AWS, AT, 60)
    const keys = ['a=1/x', 'a=1/y', 'a=12/x', 'a=1/b=2/x', 'x', '/x', 'a=1/x', 'b=1/x']
    const together = presigner(input)
    expect(keys.map(together)).toEqual(keys.map(key => presigner(input)(key)))
  })
})

describe('the cached signing key', () => {
  it('is not used on another day, in another region or for another secret', () => {
    const keys = new Map()
    const variants: readonly PresignInput[] = [
      inputOf(AWS, AT, 60),
      inputOf(AWS, AT + 86_400_000, 60),
      inputOf({ ...AWS, region: 'us-east-1' }, AT, 60),
      { ...inputOf(AWS, AT, 60), secretAccessKey: 'another' },
    ]
    for (const input of [...variants, ...variants]) {
      expect(presigner(input, keys)('a')).toBe(presigner(input)('a'))
    }
    expect(keys.size).toBe(4)
  })
})
