import {
  decodeShare,
  type Profile,
  SCHEMA,
  SHARE,
  type WireSchema,
  type WireShare,
  type WireTable,
} from '@spillway/protocol/wire'
import type { AssetClient } from './assets/asset-client.js'
import { assetClient } from './assets/create-asset-client.js'
import { type HttpOptions, httpSender } from './http/http.js'
import { listAll, readObject } from './http/list.js'
import { sharePath } from './http/paths.js'
import type { TableName } from './http/table-name.js'
import { authorizationOf } from './profile/profile-authorization.js'
import { type ClientCapabilities, DEFAULT_CAPABILITIES } from './query/check-answer.js'
import { type Connection, untilDone, untilRead } from './query/connection.js'
import type { PollOptions } from './query/poll.js'
import type { QueryOptions, TableAnswer } from './query/query.js'
import { listTables } from './tables/list-tables.js'
import { queryTable } from './tables/query-table.js'
import { type ChangesOptions, tableChanges } from './tables/table-changes.js'
import {
  type MetadataOptions,
  type TableMetadataAnswer,
  tableMetadata,
} from './tables/table-metadata.js'
import { tableVersion, type VersionOptions } from './tables/table-version.js'

export interface ClientOptions extends HttpOptions {
  /** What whoever reads the files understands; `DEFAULT_CAPABILITIES` unless given. */
  readonly capabilities?: ClientCapabilities
  readonly poll?: PollOptions
}

export interface ListingOptions {
  /** Size of the server's pages; its own choice unless given. */
  readonly maxResults?: number
  readonly signal?: AbortSignal | undefined
}

/** One provider's shares, as its profile opens them. Every failure is a TableError with the server's words. */
export interface SharingClient extends AssetClient {
  shares(options?: ListingOptions): AsyncIterable<WireShare>
  share(name: string, signal?: AbortSignal): Promise<WireShare>
  schemas(share: string, options?: ListingOptions): AsyncIterable<WireSchema>
  /** Of one schema, or of every schema of the share. */
  tables(
    share: string,
    options?: ListingOptions & { readonly schema?: string | undefined },
  ): AsyncIterable<WireTable>
  /** The latest version, or the first committed at or after `startingTimestamp`. */
  version(table: TableName, options?: VersionOptions): Promise<bigint>
  metadata(table: TableName, options?: MetadataOptions): Promise<TableMetadataAnswer>
  /** Files of a snapshot; with `startingVersion` what commits added and removed since. */
  query(table: TableName, options?: QueryOptions): Promise<TableAnswer>
  /** Rows that commits inserted, updated and deleted, as files: the change data feed. */
  changes(table: TableName, options: ChangesOptions): Promise<TableAnswer>
}

/**
 * A recipient's client of the server that `profile` names; nothing is sent before the first call. Calls may overlap; each throws a
 * `TableError` with the server's words, once its retries are used up.
 */
export function createSharingClient(profile: Profile, options: ClientOptions = {}): SharingClient {
  const connection: Connection = {
    send: httpSender(profile.endpoint, authorizationOf(profile, options), options),
    capabilities: options.capabilities ?? DEFAULT_CAPABILITIES,
    poll: options.poll ?? {},
    totalMs: options.timeouts?.totalMs,
  }
  const { send } = connection
  return {
    ...assetClient(connection, options),
    shares: ({ signal: outer, ...listing } = {}) =>
      untilRead(connection, outer, signal =>
        listAll(send, { path: '/shares', item: SHARE }, { ...listing, signal }),
      ),
    share: (name, signal) => readShare(connection, name, signal),
    schemas: (share, { signal: outer, ...listing } = {}) =>
      untilRead(connection, outer, signal => {
        const asked = { ...listing, signal, common: { share } }
        return listAll(send, { path: sharePath(share, '/schemas'), item: SCHEMA }, asked)
      }),
    tables: (share, { signal: outer, ...listing } = {}) =>
      untilRead(connection, outer, signal => listTables(send, share, { ...listing, signal })),
    version: (table, asked = {}) => tableVersion(connection, table, asked),
    metadata: (table, asked = {}) => tableMetadata(connection, table, asked),
    query: (table, asked = {}) => queryTable(connection, table, asked),
    changes: (table, asked) => tableChanges(connection, table, asked),
  }
}

function readShare(
  connection: Connection,
  name: string,
  outer: AbortSignal | undefined,
): Promise<WireShare> {
  return untilDone(connection, outer, signal => {
    const request = { method: 'GET', path: sharePath(name), signal } as const
    return connection.send(request, async answer => decodeShare(await readObject(answer)))
  })
}
