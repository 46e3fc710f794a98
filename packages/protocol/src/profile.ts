import { type JsonValue, parsedUrl, TableError } from '@spillway/core'
import { isObject } from './actions/lenient-body.js'
import { type Kind, optional, STRING, shape } from './actions/shape.js'

interface CommonProfile {
  endpoint: string
  icebergEndpoint?: string | undefined
}

interface BearerProfile extends CommonProfile {
  shareCredentialsVersion: 1 | 2
  type?: 'bearer_token' | undefined
  bearerToken: string
  expirationTime?: string | undefined
}

interface ClientCredentialsProfile extends CommonProfile {
  shareCredentialsVersion: 2
  type: 'oauth_client_credentials'
  tokenEndpoint: string
  clientId: string
  clientSecret: string
  scope?: string | undefined
  /** For whom the token is meant, where the token endpoint serves several; `resource` is what RFC 8707 calls it. */
  audience?: string | undefined
  resource?: string | undefined
}

/** What a provider gives a recipient: where the shares are and how to prove who asks. */
export type Profile = ClientCredentialsProfile | BearerProfile

const SOME_TEXT: Kind<string> = {
  expected: 'a string that is not empty',
  accepts: (value): value is string => typeof value === 'string' && value !== '',
}

/** What fits into a header, and no line break that an editor left behind. */
const HEADER_TEXT: Kind<string> = {
  expected: 'a string of printable ASCII',
  accepts: (value): value is string => typeof value === 'string' && /^[\x21-\x7e]+$/.test(value),
}

const HTTP_URL: Kind<string> = {
  expected: 'an http or https URL',
  accepts: (value): value is string => typeof value === 'string' && isHttpUrl(value.trim()),
}

const ENDPOINT: Kind<string> = {
  expected: 'an http or https URL without a user, a query or a fragment',
  accepts: (value): value is string => HTTP_URL.accepts(value) && isBare(new URL(value.trim())),
}

/** Kinds that are URLs. */
const URLS: ReadonlySet<unknown> = new Set([HTTP_URL, ENDPOINT])

const common = { endpoint: ENDPOINT, icebergEndpoint: optional(ENDPOINT) }

const BEARER = shape<BearerProfile>({
  ...common,
  shareCredentialsVersion: oneOf(1, 2),
  type: optional(oneOf('bearer_token')),
  bearerToken: HEADER_TEXT,
  expirationTime: optional(STRING),
})

const CLIENT_CREDENTIALS = shape<ClientCredentialsProfile>({
  ...common,
  shareCredentialsVersion: oneOf(2),
  type: oneOf('oauth_client_credentials'),
  tokenEndpoint: HTTP_URL,
  clientId: SOME_TEXT,
  clientSecret: SOME_TEXT,
  scope: optional(STRING),
  audience: optional(SOME_TEXT),
  resource: optional(SOME_TEXT),
})

function oneOf<const Value extends string | number>(...values: readonly Value[]): Kind<Value> {
  return {
    expected: values.join(' or '),
    accepts: (value): value is JsonValue & Value => values.some(each => each === value),
  }
}

/**
 * A profile from the text of its file, or from an object. Unknown members are ignored: clients of other versions put
 * them there.
 */
export function parseProfile(given: string | object): Profile {
  const document = typeof given === 'string' ? parseDocument(given) : (given as JsonValue)
  const found = read(document, CLIENT_CREDENTIALS) ?? read(document, BEARER)
  if (found !== undefined) return found
  throw new TableError('INVALID_REQUEST', `the profile cannot be used: ${explain(document)}`)
}

/** The members that are known, where all of them are right. */
function read<T>(document: JsonValue, { accepts, members = [] }: Kind<T>): T | undefined {
  if (!isObject(document) || !accepts(document)) return undefined
  const known = members.flatMap(({ name, kind }) => {
    const value = document[name]
    if (value === undefined) return []
    return [[name, URLS.has(kind) ? urlText(String(value)) : value]]
  })
  return Object.fromEntries(known) as T
}

/** A URL as `fetch` reads it: spaces around it and breaks in it are none of it. */
function urlText(text: string): string {
  return text.trim().replace(/[\t\n\r]/g, '')
}

function isHttpUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && parsedUrl(text) !== undefined
}

/** Nothing that a path could not be added to; and no user, which no request may have, and errors would say. */
function isBare(url: URL): boolean {
  const { username, password, search, hash } = url
  return username + password + search + hash === ''
}

function parseDocument(text: string): JsonValue {
  try {
    // Editors of one system begin files with a mark that JSON does not know.
    return JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    throw new TableError('INVALID_REQUEST', 'the profile is not JSON')
  }
}

/** Never repeats what the file holds: it is a credential. */
function explain(given: JsonValue): string {
  const document = isObject(given) ? given : {}
  const version = document.shareCredentialsVersion
  if (version !== 1 && version !== 2) return 'shareCredentialsVersion must be 1 or 2'
  const kind = document.type ?? 'bearer_token'
  if (kind !== 'bearer_token' && kind !== 'oauth_client_credentials')
    return 'type must be bearer_token or oauth_client_credentials'
  const { members = [] } = kind === 'oauth_client_credentials' ? CLIENT_CREDENTIALS : BEARER
  return members
    .filter(({ name, kind, optional }) => {
      const value = document[name]
      return value === undefined ? !optional : !kind.accepts(value)
    })
    .map(({ name }) => `${name} is missing or invalid`)
    .join('; ')
}

/** A version 1 bearer profile: the only kind that every client reads. */
export function profileText(options: {
  readonly endpoint: string
  readonly bearerToken: string
  /** Epoch milliseconds. */
  readonly expiresAt?: number
  readonly icebergEndpoint?: string
}): string {
  const document = {
    shareCredentialsVersion: 1,
    endpoint: options.endpoint,
    bearerToken: options.bearerToken,
    ...(options.expiresAt !== undefined && {
      expirationTime: new Date(options.expiresAt).toISOString(),
    }),
    ...(options.icebergEndpoint !== undefined && { icebergEndpoint: options.icebergEndpoint }),
  }
  return `${JSON.stringify(document, null, 2)}\n`
}
