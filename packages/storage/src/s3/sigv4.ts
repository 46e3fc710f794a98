import crypto from 'node:crypto'
import { encodePath } from '../signing/encode-path.js'
import { requestSignatures } from './request-signature.js'

/** What a signature is made of, besides the path. */
export interface PresignInput {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly region: string
  /** https://host or https://host:port, with the host as the client will send it. */
  readonly origin: string
  /** Before every key: '' or '/bucket'; already encoded. */
  readonly basePath: string
  /** Epoch milliseconds. */
  readonly now: number
  readonly expiresInSeconds: number
  /** Further query parameters to sign, decoded. */
  readonly query?: Readonly<Record<string, string>>
}

export type SigningKeys = Map<string, Buffer>

/**
 * A function from raw keys to pre-signed GET URLs (AWS Signature Version 4, query parameters, unsigned payload). All
 * that keys have in common is done here once; a key then costs three hashes, two of them the HMAC.
 */
export function presigner(
  input: PresignInput,
  keys: SigningKeys = new Map(),
): (key: string) => string {
  const date = amzDate(input.now)
  const scope = `${date.slice(0, 8)}/${input.region}/s3/aws4_request`
  const signingKey = cachedSigningKey(keys, input, date.slice(0, 8))
  const query = canonicalQuery({
    ...input.query,
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': `${input.accessKeyId}/${scope}`,
    'X-Amz-Date': date,
    'X-Amz-Expires': String(input.expiresInSeconds),
    ...(input.sessionToken === undefined ? {} : { 'X-Amz-Security-Token': input.sessionToken }),
    'X-Amz-SignedHeaders': 'host',
  })
  const requestEnd = `\n${query}\nhost:${hostOf(input.origin)}\n\nhost\nUNSIGNED-PAYLOAD`
  const signatureOf = requestSignatures(signingKey, `AWS4-HMAC-SHA256\n${date}\n${scope}\n`)
  const urlStart = input.origin
  const urlEnd = `?${query}&X-Amz-Signature=`
  const encode = folderMemo(encodePath)
  return key => {
    const path = `${input.basePath}/${encode(key)}`
    return urlStart + path + urlEnd + signatureOf(`GET\n${path}${requestEnd}`)
  }
}

/** ISO 8601 basic format, whole seconds: 20130524T000000Z. */
function amzDate(epochMilliseconds: number): string {
  return `${new Date(epochMilliseconds).toISOString().slice(0, 19).replace(/[-:]/g, '')}Z`
}

/** Sorted by encoded name, as the canonical request wants it; the same text serves as the URL's query. */
function canonicalQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${encodeQuery(name)}=${encodeQuery(value)}`)
    .sort()
    .join('&')
}

function encodeQuery(text: string): string {
  return encodePath(text).replaceAll('/', '%2F')
}

/** The day's key for one region, which is HMACs of the secret. */
export function signingKeyOf(secret: string, day: string, region: string, service: string): Buffer {
  const hmac = (key: string | Buffer, text: string) =>
    crypto.createHmac('sha256', key).update(text).digest()
  return hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request')
}

/** Keys by day, region and secret: a day has one, so yesterday's leave when a new one comes. */
function cachedSigningKey(keys: SigningKeys, input: PresignInput, day: string): Buffer {
  const id = `${day}\n${input.region}\n${input.accessKeyId}\n${input.secretAccessKey}`
  const cached = keys.get(id)
  if (cached !== undefined) return cached
  if (keys.size >= 16) keys.clear()
  const key = signingKeyOf(input.secretAccessKey, day, input.region, 's3')
  keys.set(id, key)
  return key
}

/** The Host header a client sends for this origin: without the scheme's own port. */
function hostOf(origin: string): string {
  return new URL(origin).host
}

/** Survivors of one partition come one after another: their folder is encoded once. */
function folderMemo(encode: (text: string) => string): (key: string) => string {
  let folder = ''
  let encoded = ''
  return key => {
    const end = key.lastIndexOf('/') + 1
    if (end !== folder.length || !key.startsWith(folder)) {
      folder = key.slice(0, end)
      encoded = encode(folder)
    }
    return encoded + encode(key.slice(end))
  }
}
