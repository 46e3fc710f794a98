import { createHmac, timingSafeEqual } from 'node:crypto'
import { TableError } from '@spillway/core'
import { type JsonValue, parseJson, type WireValue, writeJson } from './json-text.js'

/** Seals what the server wants back into opaque text, and refuses whatever it did not seal for this very use. */
export interface TokenCodec {
  /** `binding` is everything the token must be presented with again: recipient, table, parameters. */
  seal(use: TokenUse, payload: WireValue): string
  open(use: Omit<TokenUse, 'expiresInSeconds'>, token: string): JsonValue
}

export interface TokenUse {
  readonly kind: 'list' | 'query' | 'changes' | 'refresh' | 'async'
  readonly binding: readonly string[]
  readonly expiresInSeconds: number
}

const MAC_BYTES = 16
const MAX_TOKEN_CHARACTERS = 8192

/**
 * Tokens are unpadded base64url (a client appends them to a URL as they are) of a truncated HMAC-SHA256 and the text
 * it covers. Every replica with the same secret opens them.
 */
export function createTokenCodec(options: {
  readonly secret: Uint8Array | string
  readonly clock?: () => number
}): TokenCodec {
  const clock = options.clock ?? Date.now

  function mac(kind: string, binding: readonly string[], text: string): Buffer {
    return createHmac('sha256', options.secret)
      .update(JSON.stringify([kind, ...binding]))
      .update('\n')
      .update(text)
      .digest()
      .subarray(0, MAC_BYTES)
  }

  return {
    seal({ kind, binding, expiresInSeconds }, payload) {
      const expiresAt = Math.floor(clock() / 1000) + expiresInSeconds
      const text = writeJson([expiresAt, payload])
      return Buffer.concat([mac(kind, binding, text), Buffer.from(text)]).toString('base64url')
    },
    open({ kind, binding }, token) {
      if (token.length > MAX_TOKEN_CHARACTERS || !/^[A-Za-z0-9_-]+$/.test(token))
        throw foreign(kind)
      const bytes = Buffer.from(token, 'base64url')
      // One token has one spelling: the spare bits of its last character are not free.
      if (bytes.toString('base64url') !== token) throw foreign(kind)
      const text = bytes.subarray(MAC_BYTES).toString()
      const expected = mac(kind, binding, text)
      const given = bytes.subarray(0, MAC_BYTES)
      if (given.length !== MAC_BYTES || !timingSafeEqual(given, expected)) throw foreign(kind)
      const [expiresAt, payload] = parseJson(text) as readonly [number, JsonValue]
      if (clock() / 1000 >= expiresAt) throw expired(kind)
      return payload
    },
  }
}

function nameOf(kind: TokenUse['kind']): string {
  return kind === 'refresh' ? 'refreshToken' : 'pageToken'
}

function foreign(kind: TokenUse['kind']): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `invalid ${nameOf(kind)}: it was not issued to this recipient for this request with these parameters`,
  )
}

function expired(kind: TokenUse['kind']): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `the ${nameOf(kind)} has expired; please restart the request without it`,
  )
}
