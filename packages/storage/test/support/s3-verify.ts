import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { TestS3Options } from './s3-server.js'

/** An answer other than what was asked for. */
export class S3Refusal extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

/** Keys that live for a while and open a part. */
export interface TestSession {
  readonly secret: string
  readonly token: string
  allows(call: Call): boolean
}

export interface Call {
  readonly method: string
  /** Decoded: bucket, then key. */
  readonly bucket: string
  readonly key: string
  readonly query: ReadonlyMap<string, string>
  readonly headers: IncomingMessage['headers']
  readonly body: Buffer
}

/** Signature Version 4 by header or by query, over the path as it was sent. */
export function verify(options: TestS3Options, call: Call, rawPath: string): void {
  const signed = call.query.has('X-Amz-Signature') ? byQuery(options, call) : byHeader(call)
  const session = options.sessions?.get(signed.accessKeyId)
  const secret = session?.secret ?? options.secrets[signed.accessKeyId]
  if (secret === undefined) throw new S3Refusal(403, 'InvalidAccessKeyId')
  const token = call.query.get('X-Amz-Security-Token') ?? call.headers['x-amz-security-token']
  if (token !== (session?.token ?? options.sessionToken)) throw new S3Refusal(403, 'InvalidToken')
  const [day = '', region = '', service = '', end = ''] = signed.scope.split('/')
  if (region !== (options.region ?? 'us-east-1')) {
    throw new S3Refusal(400, 'AuthorizationHeaderMalformed')
  }
  const canonicalRequest = [
    call.method,
    // Services decode the path and encode it again in their own way.
    decodeURIComponent(rawPath).split('/').map(encode).join('/'),
    [...call.query]
      .filter(([name]) => name !== 'X-Amz-Signature')
      .map(([name, value]) => `${encode(name)}=${encode(value)}`)
      .sort()
      .join('&'),
    ...signed.headers.map(name => `${name}:${String(call.headers[name] ?? '').trim()}`),
    '',
    signed.headers.join(';'),
    signed.payload,
  ].join('\n')
  const hashed = createHash('sha256').update(canonicalRequest).digest('hex')
  let key: Buffer | string = `AWS4${secret}`
  for (const part of [day, region, service, end]) key = hmac(key, part)
  const expected = hmac(key, `AWS4-HMAC-SHA256\n${signed.date}\n${signed.scope}\n${hashed}`)
  const given = Buffer.from(signed.signature, 'hex')
  if (given.length !== 32 || signed.signature.length !== 64 || !timingSafeEqual(given, expected)) {
    throw new S3Refusal(403, 'SignatureDoesNotMatch')
  }
  if (session !== undefined && !session.allows(call)) throw new S3Refusal(403, 'AccessDenied')
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function encode(text: string): string {
  return [...Buffer.from(text)]
    .map(byte => {
      const char = String.fromCharCode(byte)
      if (/[A-Za-z0-9\-._~]/.test(char)) return char
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

function byQuery(options: TestS3Options, { query }: Call) {
  const get = (name: string) => query.get(`X-Amz-${name}`) ?? ''
  const date = get('Date')
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  const start = Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s))
  const now = (options.now ?? Date.now)()
  if (!(now <= start + Number(get('Expires')) * 1000)) throw new S3Refusal(403, 'AccessDenied')
  const [accessKeyId = '', ...scope] = get('Credential').split('/')
  return {
    accessKeyId,
    scope: scope.join('/'),
    date,
    headers: get('SignedHeaders').split(';'),
    signature: get('Signature'),
    payload: 'UNSIGNED-PAYLOAD',
  }
}

function byHeader({ headers, body }: Call) {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=(\S+)$/.exec(
      headers.authorization ?? '',
    )
  if (match === null) throw new S3Refusal(403, 'AccessDenied')
  const [, accessKeyId = '', scope = '', signedHeaders = '', signature = ''] = match
  const actual = createHash('sha256').update(body).digest('hex')
  const payload = String(headers['x-amz-content-sha256'] ?? actual)
  if (payload !== 'UNSIGNED-PAYLOAD' && payload !== actual) {
    throw new S3Refusal(400, 'XAmzContentSHA256Mismatch')
  }
  const date = String(headers['x-amz-date'])
  return { accessKeyId, scope, date, headers: signedHeaders.split(';'), signature, payload }
}
