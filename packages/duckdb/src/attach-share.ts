import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { createSharingClient, type SharingClient } from '@spillway/client'
import { loadProfile } from '@spillway/client/node'
import { adaptiveLimit } from '@spillway/core'
import { parseProfile } from '@spillway/protocol/wire'
import { type Connection, duckDb, heldFolder } from '@spillway/rows'
import { ShareCatalog } from './attach/catalog.js'
import { type ConnectionShares, sharesOf } from './attach/connection-shares.js'
import type { Provider } from './attach/provider.js'
import { closeAll } from './connection/close-all.js'
import { laneSession } from './connection/lane-session.js'
import { lane } from './connection/turns.js'
import { CONCURRENCY, createAccess } from './fetch/create-access.js'
import { KnownFooters } from './fetch/known-footers.js'
import { rangeCache } from './fetch/range-cache.js'
import type { AttachedShare, AttachOptions, ShareProfile } from './share/attached-share.js'
import { ShareQueries } from './share-queries.js'
import { STUB_TEXT } from './sql/stub.js'

/**
 * Makes every table that a profile opens a relation `share.schema.table` of one DuckDB connection. SQL goes through
 * `query`: DuckDB's own plan says what each table is filtered by, the provider is told, and only what may match and is
 * read is fetched; then DuckDB runs the SQL as it was given. Only the shares are listed: a table is asked about when a
 * statement names it.
 *
 * A connection may have several attachments, and a statement the tables of all of them: any of their `query`s runs it.
 */
export async function attachShare(
  connection: DuckDBConnection,
  profile: ShareProfile,
  options: AttachOptions = {},
): Promise<AttachedShare> {
  const client = await clientOf(profile, options)
  const shares = sharesOf(connection)
  const closing = new AbortController()
  const closers: (() => unknown)[] = []
  let closed: Promise<void> | undefined
  const close = () => {
    closing.abort(new Error('the share was closed'))
    // What failed is tried again by the next call.
    closed ??= closeAll(closers).finally(() => {
      closed = undefined
    })
    return closed
  }
  try {
    const folder = await heldFolder(options.folder)
    closers.push(() => folder.remove())
    const duckdb = duckDb({ threads: 2 })
    closers.push(() => duckdb.close())
    const parser = laneSession(await duckdb.connect(), lane())
    closers.push(() => parser.close())
    const preparing = { shares, parser, client, folder: folder.path, options, closers }
    const provider = await providerOf({ ...preparing, closing: closing.signal })
    await provider.catalog.attachShares(options.signal)
    await shares.add(provider)
    closers.push(() => shares.remove(provider))
    const queries = new ShareQueries({ shares, parser, provider })
    closers.push(() => queries.close())
    return {
      catalogs: provider.catalog.catalogs,
      tables: ({ signal } = {}) => provider.catalog.list(signal),
      query: (sql, own) => queries.query(sql, own),
      explain: (sql, own) => queries.explain(sql, own),
      refresh: () => queries.refresh(),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close().catch(() => undefined)
    throw error
  }
}

interface Preparing {
  readonly shares: ConnectionShares
  readonly parser: Connection
  readonly client: SharingClient
  readonly folder: string
  readonly options: AttachOptions
  readonly closing: AbortSignal
  /** Where what must be undone is put. */
  readonly closers: (() => unknown)[]
}

async function providerOf(preparing: Preparing): Promise<Provider> {
  const { shares, parser, client, folder, options, closing, closers } = preparing
  const { lane, session, leftovers, owners } = shares
  const shut = <Result>(work: () => Promise<Result>) => owners.shut(work)
  const stubFile = join(folder, 'shared-table.csv')
  await writeFile(stubFile, STUB_TEXT)
  // Two attachments of one connection must not show each other's tables.
  const prefix = `share_${randomBytes(4).toString('hex')}_`
  let names = 0
  const nextName = () => `${prefix}${names++}`
  const { catalogOf } = options
  const made = { session, lane, leftovers, shut, client, nextName, stubFile, catalogOf, closing }
  const catalog = new ShareCatalog(made)
  // Closed after a listing that breaks off as well: the connection stays its owner's, without half of the shares.
  closers.push(() => catalog.close())
  const own = laneSession(session, lane)
  const access = await createAccess({ session: parser, own, folder, options })
  closers.push(() => access.close())
  const cache = options.cache && (await rangeCache(options.cache))
  const limit = adaptiveLimit(options.concurrency ?? CONCURRENCY)
  const footers = new KnownFooters()
  const reading = { access, cache, footers, limit }
  return { client, catalog, ...reading, options, nextName, stubFile, closing }
}

/** A text is a profile where it begins like one, else the path of one. */
async function clientOf(profile: ShareProfile, { fetch }: AttachOptions): Promise<SharingClient> {
  if (typeof profile === 'object' && 'query' in profile) return profile
  // Servers answer it by how it finds columns in files.
  const own = { userAgent: 'spillway-duckdb', fetch }
  if (typeof profile === 'object') return createSharingClient(profile, own)
  const isText = profile.trimStart().startsWith('{')
  return createSharingClient(isText ? parseProfile(profile) : await loadProfile(profile), own)
}
