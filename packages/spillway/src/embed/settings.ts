import { type ShareCatalog, TableError } from '@spillway/core'
import { type Authenticate, type SharesConfig, tokenHash } from '@spillway/server'
import { locationFromInput } from '@spillway/storage'
import type { z } from 'zod'
import { configOf, type ServeConfig } from '../configuration/config.js'
import type { configSchema } from '../configuration/config-schema.js'
import { CONNECTION_LIMITS } from '../serve/connection-limits.js'
import type { AskCatalog, Given, SharesOf } from './asked-catalog.js'

type Document = z.input<typeof configSchema>
type RecipientConfig = Given<NonNullable<SharesConfig['recipients']>[number]>
type TokenConfig = NonNullable<RecipientConfig['tokens']>[number]

/** As in a configuration file, but for tokens: only their hash is kept. */
export interface RecipientSettings extends Omit<RecipientConfig, 'tokens'> {
  readonly tokens?:
    | readonly (TokenConfig | (Omit<TokenConfig, 'sha256'> & { readonly token: string }))[]
    | undefined
}

/** Keys of `server` that are for whoever listens, or reads files. */
const LISTENERS_KEYS = [
  'host',
  'port',
  'publicUrl',
  'admin',
  'graceSeconds',
  'trustedProxies',
  'secretFile',
  'tls',
] as const

type Server = NonNullable<Document['server']>

/** What a server that listens nowhere is told. */
interface CodedServerSettings
  extends Omit<Server, (typeof LISTENERS_KEYS)[number] | 'limits' | 'secrets'> {
  readonly limits?:
    | Omit<NonNullable<Server['limits']>, (typeof CONNECTION_LIMITS)[number]>
    | undefined
  /** In place of one: the first signs and seals, what any of them did is honoured. */
  readonly secrets?: string[] | undefined
}

/** What is shared, with whom, and from where: the keys of a configuration file, and code in their place. */
export interface SharingSettings {
  /** Shares with their schemas and tables. */
  readonly shares?: SharesOf | undefined
  readonly recipients?: readonly RecipientSettings[] | undefined
  /** Who asks, in place of tokens: `recipients` then have none. */
  readonly authenticate?: Authenticate | undefined
  /**
   * What is shared with a recipient, in place of `shares` and `recipients`. Asked at most once a second for each, also for
   * what is under way: undefined ends it. Needs `authenticate`; a `ShareCatalog` may find recipients by tokens itself.
   */
  readonly catalog?: AskCatalog | ShareCatalog | undefined
  /** Folders outside which no local file is read or served; those of `shares` and `staging` are there without it. */
  readonly roots?: readonly string[] | undefined
  /** What relative locations are relative to; the current folder by default. */
  readonly folder?: string | undefined
  readonly storage?: Document['storage']
  readonly staging?: Document['staging']
  readonly duckdb?: Document['duckdb']
  /** What reading a table may cost. */
  readonly limits?: Document['limits']
  /** Model registries, by names that models have them by. */
  readonly registries?: Document['registries']
  /** Where what outlives the process is kept: digests of the files of assets. */
  readonly state?: Document['state']
  readonly hashing?: Document['hashing']
  /** What is decoded of tables: how much is held, and where it outlives the process. */
  readonly cache?: Document['cache']
  /** Without `secret` or `secrets`, signed URLs of local files and page tokens end with this process. */
  readonly server?: CodedServerSettings | undefined
}

/** Every key of the settings. */
export const SETTINGS_KEYS = Object.keys({
  shares: true,
  recipients: true,
  authenticate: true,
  catalog: true,
  roots: true,
  folder: true,
  storage: true,
  staging: true,
  duckdb: true,
  limits: true,
  registries: true,
  state: true,
  hashing: true,
  cache: true,
  server: true,
} satisfies Record<keyof SharingSettings, true>) as readonly (keyof SharingSettings)[]

/** The settings as a configuration that was read, with the same checks. */
export function configOfSettings(settings: SharingSettings): ServeConfig {
  const { shares = [], storage, staging, duckdb, limits, server = {} } = settings
  const { registries, state, hashing, cache } = settings
  checkTogether(settings)
  const folder = settings.folder ?? process.cwd()
  const recipients = (settings.recipients ?? []).map(withoutTokens)
  const kept = { storage, staging, duckdb, limits, registries, state, hashing, cache }
  const document = { ...kept, server, shares, recipients }
  const config = configOf(given(document), { folder, path: 'createSharingServer' })
  const roots = (settings.roots ?? []).map(each => locationFromInput(each, folder))
  return { ...config, localRoots: [...new Set([...config.localRoots, ...roots])] }
}

/** Keys without a value are as good as absent. */
function given(document: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(document).filter(([, value]) => value !== undefined))
}

function withoutTokens({ tokens = [], ...recipient }: RecipientSettings): RecipientConfig {
  return {
    ...recipient,
    tokens: tokens.map(each => {
      if (!('token' in each)) return each
      const { token, ...rest } = each
      return { ...rest, sha256: hashOf(token, recipient.name) }
    }),
  }
}

/** RFC 6750, 2.1: what a client can send. Shorter ones can be guessed. */
const TOKEN = /^[A-Za-z0-9\-._~+/]{16,}=*$/

function hashOf(token: unknown, recipient: string): string {
  if (typeof token === 'string' && TOKEN.test(token)) return tokenHash(token).toString('hex')
  if (token === undefined || token === null) {
    throw refused(
      `a token of recipient ${recipient} is ${token}: is the environment variable set that it is read from?`,
    )
  }
  throw refused(
    `a token of recipient ${recipient} is ${typeof token === 'string' ? 'too short, or has characters that no client can send' : `a ${typeof token}`}: expected 16 characters or more of A-Z a-z 0-9 - . _ ~ + /`,
  )
}

/** What would be silently without effect, or leave nobody who could ask. */
function checkTogether(settings: SharingSettings): void {
  const { shares, recipients, catalog, authenticate, server } = settings
  if (catalog !== undefined && (shares !== undefined || recipients !== undefined)) {
    throw refused('catalog stands in place of shares and recipients: expected one of both')
  }
  if (catalog === undefined && shares === undefined) {
    throw refused('expected shares, or a catalog that says what is shared')
  }
  if (typeof catalog === 'function' && authenticate === undefined) {
    throw refused('a catalog that is a function finds nobody by a token: expected authenticate too')
  }
  const tokened = recipients?.find(({ tokens = [] }) => tokens.length > 0)
  if (authenticate !== undefined && tokened !== undefined) {
    throw refused(`authenticate stands in place of tokens, and recipient ${tokened.name} has some`)
  }
  refuseListeners(server ?? {})
}

/** What has no effect where nothing listens and no file is read. */
function refuseListeners(server: object): void {
  const { limits, secrets } = server as Server
  const unused = [
    ...LISTENERS_KEYS.filter(key => Object.hasOwn(server, key)),
    ...CONNECTION_LIMITS.filter(key => Object.hasOwn(limits ?? {}, key)).map(
      key => `limits.${key}`,
    ),
  ]
  if (unused.length > 0) {
    throw refused(`server.${unused[0]} is for \`spillway serve\`: nothing listens here`)
  }
  if (Array.isArray(secrets) && secrets.some(each => typeof each === 'object')) {
    throw refused('server.secrets holds a file, which is for `spillway serve`: expected its text')
  }
}

function refused(reason: string): TableError {
  return new TableError('INVALID_REQUEST', `createSharingServer: ${reason}`)
}
