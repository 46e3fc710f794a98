import { randomBytes } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { DuckDBConnection } from '@duckdb/node-api'
import { createSharingClient, type SharingClient } from '@spillway/client'
import { loadProfile } from '@spillway/client/node'
import { parseProfile } from '@spillway/protocol'
import { type Connection, duckDb, scratchFolder, sessionOn } from '@spillway/rows'
import { ShareCatalog } from './attach/catalog.js'
import { ShareTargets } from './attach/targets.js'
import { createAccess } from './fetch/create-access.js'
import { rangeCache } from './fetch/range-cache.js'
import type { AttachedShare, AttachOptions, ShareProfile } from './share/attached-share.js'
import { ShareQueries } from './share-queries.js'
import { STUB_TEXT } from './sql/stub.js'

/**
 * Makes every table that a profile opens a relation `share.schema.table` of one DuckDB connection. SQL goes through
 * `query`: DuckDB's own plan says what each table is filtered by, the provider is told, and only what may match and is
 * read is fetched; then DuckDB runs the SQL as it was given.
 */
export async function attachShare(
  connection: DuckDBConnection,
  profile: ShareProfile,
  options: AttachOptions = {},
): Promise<AttachedShare> {
  const client = await clientOf(profile, options)
  const folder = await scratchFolder(options.folder)
  const duckdb = duckDb({ threads: 2 })
  const parser = await duckdb.connect()
  const session = sessionOn(connection)
  const closers: (() => Promise<unknown>)[] = [
    () => duckdb.close(),
    () => rm(folder, { recursive: true, force: true }),
  ]
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    closers.push(async () => parser.close())
    const parts = await prepared({ client, session, folder, options })
    // Closed after a listing that breaks off as well: the connection stays its owner's, without half of the shares.
    closers.push(() => parts.catalog.close())
    await parts.catalog.load()
    closers.push(() => parts.targets.dropMacros())
    await parts.targets.createMacros()
    const access = await createAccess({ session: parser, own: session, folder, options })
    closers.push(() => access.close())
    const cache = options.cache && (await rangeCache(options.cache))
    const queries = new ShareQueries({
      cache,
      connection,
      session,
      parser,
      client,
      access,
      ...parts,
      options,
    })
    closers.push(() => queries.close())
    return {
      get tables() {
        return parts.catalog.tables.map(({ table }) => table)
      },
      query: (sql, own) => queries.query(sql, own),
      explain: (sql, own) => queries.explain(sql, own),
      refresh: () => queries.refresh(),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

interface Preparing {
  readonly client: SharingClient
  readonly session: Connection
  readonly folder: string
  readonly options: AttachOptions
}

async function prepared({ client, session, folder, options }: Preparing) {
  const stubFile = join(folder, 'shared-table.csv')
  await writeFile(stubFile, STUB_TEXT)
  // Two attachments of one connection must not show each other's tables.
  const prefix = `share_${randomBytes(4).toString('hex')}_`
  let names = 0
  const nextName = () => `${prefix}${names++}`
  const targets = new ShareTargets({
    session,
    client,
    nextName,
    stubFile,
    prefix: `${prefix}call/`,
  })
  const { catalogOf, signal } = options
  const catalog = new ShareCatalog({ session, client, nextName, stubFile, catalogOf, signal })
  return { catalog, targets, nextName }
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
