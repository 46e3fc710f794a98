import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { type JsonValue, parseJson, TableError, type WritableJson, writeJson } from '@spillway/core'

/** Seals what the server wants back into opaque text, and refuses whatever it did not seal for this very use. */
export interface TokenCodec {
  /** `binding` is everything the token must be presented with again: recipient, table, parameters. */
  seal(use: TokenUse, payload: WritableJson): string
  open(use: Omit<TokenUse, 'expiresInSeconds'>, token: string): JsonValue
}

export interface TokenUse {
  readonly kind: 'list' | 'files' | 'query' | 'changes' | 'refresh' | 'async'
  readonly binding: readonly string[]
  readonly expiresInSeconds: number
}

const SALT_BYTES = 16
const TAG_BYTES = 16
/** Every token has a key of its own, so that none seals twice. */
const NONCE = Buffer.alloc(12)
/** How much text differs in length without showing: a token tells nothing of the path that it marks. */
const BUCKET_BYTES = 256
const MAX_TOKEN_CHARACTERS = 8192

export interface TokenCodecOptions {
  /** The first seals, all open: while a secret is replaced, what the one before sealed is still good. */
  readonly secrets: readonly (Uint8Array | string)[]
  readonly clock?: () => number
}

/**
 * Tokens are unpadded base64url (a client appends them to a URL as they are) of a salt, AES-256-GCM of the payload, and
 * its tag; what they must be presented with again is authenticated and not in them. Nobody else can read or make one;
 * every replica with the same secrets opens them.
 */
export function createTokenCodec({ secrets, clock = Date.now }: TokenCodecOptions): TokenCodec {
  const [sealing] = secrets
  if (sealing === undefined) {
    throw new TableError('INVALID_REQUEST', 'tokens need a secret to be sealed with')
  }
  return {
    seal({ kind, binding, expiresInSeconds }, payload) {
      const expiresAt = Math.floor(clock() / 1000) + expiresInSeconds
      const salt = randomBytes(SALT_BYTES)
      const cipher = createCipheriv('aes-256-gcm', keyOf(sealing, salt), NONCE)
      cipher.setAAD(boundTo(kind, binding))
      const text = cipher.update(padded(writeJson([expiresAt, payload])))
      return Buffer.concat([salt, text, cipher.final(), cipher.getAuthTag()]).toString('base64url')
    },
    open({ kind, binding }, token) {
      if (token.length > MAX_TOKEN_CHARACTERS || !/^[A-Za-z0-9_-]+$/.test(token))
        throw foreign(kind)
      const bytes = Buffer.from(token, 'base64url')
      // One token has one spelling: the spare bits of its last character are not free.
      if (bytes.toString('base64url') !== token) throw foreign(kind)
      if (bytes.length < SALT_BYTES + TAG_BYTES) throw foreign(kind)
      const bound = boundTo(kind, binding)
      const text = firstOpened(secrets, secret => unsealed(bytes, secret, bound))
      if (text === undefined) throw foreign(kind)
      const [expiresAt, payload] = parseJson(text) as readonly [number, JsonValue]
      if (clock() / 1000 >= expiresAt) throw expired(kind)
      return payload
    },
  }
}

function keyOf(secret: Uint8Array | string, salt: Uint8Array): Buffer {
  return createHmac('sha256', secret).update('token\n').update(salt).digest()
}

function boundTo(kind: string, binding: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify([kind, ...binding]))
}

/** JSON takes white space behind it. */
function padded(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Math.ceil(bytes.length / BUCKET_BYTES) * BUCKET_BYTES
  return Buffer.concat([bytes, Buffer.alloc(length - bytes.length, ' ')])
}

function firstOpened(
  secrets: TokenCodecOptions['secrets'],
  open: (secret: Uint8Array | string) => string | undefined,
): string | undefined {
  for (const secret of secrets) {
    const text = open(secret)
    if (text !== undefined) return text
  }
  return undefined
}

/** The text that `secret` sealed for `bound`; undefined for any other. */
function unsealed(
  bytes: Buffer,
  secret: Uint8Array | string,
  bound: Uint8Array,
): string | undefined {
  const salt = bytes.subarray(0, SALT_BYTES)
  const tag = bytes.subarray(bytes.length - TAG_BYTES)
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, salt), NONCE, {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(bound).setAuthTag(tag)
  try {
    const text = decipher.update(bytes.subarray(SALT_BYTES, bytes.length - TAG_BYTES))
    return Buffer.concat([text, decipher.final()]).toString()
  } catch {
    return undefined
  }
}

function nameOf(kind: TokenUse['kind']): string {
  return kind === 'refresh' ? 'refreshToken' : 'pageToken'
}

function foreign(kind: TokenUse['kind']): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `invalid ${nameOf(kind)}: it was not issued to this recipient for this request with these parameters, or the server has another secret since; please restart the request without it`,
  )
}

function expired(kind: TokenUse['kind']): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `the ${nameOf(kind)} has expired; please restart the request without it`,
  )
}
