import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSharingClient, parseTableName, type SharingClient } from '@spillway/client'
import type { AssetKind } from '@spillway/core'
import { parseProfile, parseSqlPredicate, profileText } from '@spillway/protocol'
import type { DuckDb, SqlAnswer } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import { parseConfig } from '../configuration/config.js'
import { type RunningServer, startServer } from '../serve/start-server.js'
import { type Composition, compose } from '../tables/compose.js'
import { receivedTable } from '../tables/received-table.js'
import { sourceOf } from '../tables/table-source.js'
import { type FetchedAsset, fetchAssets } from './fetch-assets.js'
import { type SampleAsset, writeSampleAssets } from './sample-assets.js'
import { type SampleTable, writeSampleTables } from './sample-tables.js'

export const QUESTION = {
  table: 'city.public.trips',
  where:
    "day >= DATE '2026-03-07' AND day <= DATE '2026-03-08' AND started_at >= TIMESTAMP '2026-03-07T14:00:00Z' AND distance_km > 20",
  sql: `SELECT station, count(*) AS trips, round(avg(distance_km), 1) AS average_km, sum(fare) AS fares
FROM t GROUP BY station ORDER BY trips DESC`,
} as const

/** What the demo did, for whoever prints it. */
export interface DemoFacts {
  readonly samples: readonly SampleTable[]
  readonly endpoint: string
  readonly profilePath: string
  /** The profile file's text: what a provider hands over. Its token dies with the demo. */
  readonly profile: string
  readonly listed: readonly SharedFacts[]
  readonly assets: readonly SampleAsset[]
  readonly fetched: readonly FetchedAsset[]
  readonly filesTotal: number
  readonly filesKept: number
  readonly rows: bigint
  readonly answer: SqlAnswer
  /** The same count, read by the provider without going through the share. */
  readonly rowsAtProvider: bigint
  readonly milliseconds: number
}

/** A table as the recipient finds it, beside what the provider has. */
interface SharedFacts {
  readonly name: string
  readonly files: number
  readonly rows: bigint
  readonly rowsAtProvider: bigint
}

export interface Demo {
  readonly facts: DemoFacts
  readonly server: RunningServer
  close(): Promise<void>
}

/** Sample tables and files, a server on a free loopback port, and a recipient that has nothing but a profile file. */
export async function startDemo(options: {
  readonly say: (step: string) => void
  readonly port?: number
  readonly signal?: AbortSignal | undefined
}): Promise<Demo> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-demo-'))
  const provider = compose({ roots: [`file://${folder}`] })
  let server: RunningServer | undefined
  const close = async () => {
    await server?.close(1000)
    await provider.close()
    await rm(folder, { recursive: true, force: true })
  }
  try {
    options.say('writing samples')
    const samples = await writeSampleTables(provider.duckdb, folder)
    const assets = await writeSampleAssets(folder)
    options.say('starting the server')
    const token = randomBytes(32).toString('base64url')
    server = await startServer(
      configOf({ samples, assets, folder, token, port: options.port ?? 0 }),
    )
    const profilePath = join(folder, 'demo.share')
    const profile = profileText({ endpoint: server.endpoint, bearerToken: token })
    await writeFile(profilePath, profile, { mode: 0o600 })
    options.say('asking as a recipient')
    const client = createSharingClient(parseProfile(profile))
    const asked = await askAsRecipient(client, { spillway: provider, samples, folder })
    options.say('fetching files as a recipient')
    const received = { folder: join(folder, 'received'), signal: options.signal }
    const fetched = await fetchAssets(client, assets, received)
    const { endpoint } = server
    const facts = { samples, assets, fetched, endpoint, profilePath, profile, ...asked }
    return { facts, server, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The configuration a provider would write, made from the samples. */
function configOf({
  samples,
  assets,
  folder,
  token,
  port,
}: {
  readonly samples: readonly SampleTable[]
  readonly assets: readonly SampleAsset[]
  readonly folder: string
  readonly token: string
  readonly port: number
}) {
  const tables = samples.map(({ name, format, location, rebase }) => ({
    name,
    format,
    location,
    history: true,
    ...(rebase && { rebase }),
  }))
  const of = (kind: AssetKind) =>
    assets
      .filter(each => each.kind === kind)
      .map(({ name, location }) => ({ name, location, digests: true }))
  const models = of('model').map(({ location, ...model }) => ({
    ...model,
    versions: [{ version: 1, location, aliases: ['champion'] }],
  }))
  const beside = { volumes: of('volume'), models, skills: of('skill') }
  const document = {
    // Any page may ask: it still needs the token, and the example in examples/browser-page is one.
    server: { port, cors: { origins: ['*'] } },
    staging: { location: join(folder, 'staging') },
    state: { location: join(folder, 'state') },
    shares: [{ name: 'city', schemas: [{ name: 'public', tables, ...beside }] }],
    recipients: [
      { name: 'demo', shares: ['city'], tokens: [{ sha256: tokenHash(token).toString('hex') }] },
    ],
  }
  return parseConfig(JSON.stringify(document), { folder, path: 'demo' })
}

/** Every table counted through the share, then one question asked. */
async function askAsRecipient(client: SharingClient, provider: Provider) {
  const { duckdb } = provider.spillway
  const listed: SharedFacts[] = []
  for await (const { share, schema, name } of client.tables('city')) {
    const { files, rows } = await countThroughShare(client, {
      name: `${share}.${schema}.${name}`,
      duckdb,
    })
    const rowsAtProvider = await countAtProvider(provider, name)
    listed.push({ name: `${share}.${schema}.${name}`, files, rows, rowsAtProvider })
  }
  const start = performance.now()
  const { files, rows, answer } = await countThroughShare(
    client,
    { name: QUESTION.table, duckdb },
    QUESTION,
  )
  const milliseconds = performance.now() - start
  const name = parseTableName(QUESTION.table).table
  const rowsAtProvider = await countAtProvider(provider, name, QUESTION.where)
  const filesTotal = listed.find(each => each.name === QUESTION.table)?.files ?? 0
  return {
    listed,
    filesTotal,
    filesKept: files,
    rows,
    answer: answer!,
    rowsAtProvider,
    milliseconds,
  }
}

async function countThroughShare(
  client: SharingClient,
  { name, duckdb }: { readonly name: string; readonly duckdb: DuckDb },
  question?: { readonly where: string; readonly sql: string },
) {
  const hints = question && { predicateHints: [question.where] }
  const shared = await receivedTable(await client.query(parseTableName(name), hints))
  // The recipient's wiring is its own; only DuckDB is shared, which takes a while to start.
  const recipient = compose({ stores: [{ scheme: 'shared', store: shared.store }], duckdb })
  const snapshot = await recipient.engine().snapshot({ location: shared.location, format: 'delta' })
  const where = question && parseSqlPredicate(question.where).predicate
  const answer = question && (await recipient.rows.sql(snapshot, question.sql, { where }))
  return { files: shared.files, rows: await recipient.rows.count(snapshot, where), answer }
}

interface Provider {
  readonly spillway: Composition
  readonly samples: readonly SampleTable[]
  readonly folder: string
}

async function countAtProvider(
  { spillway, samples, folder }: Provider,
  name: string,
  where?: string,
): Promise<bigint> {
  const sample = samples.find(each => each.name === name)!
  const snapshot = await spillway.engine().snapshot(sourceOf(sample, folder))
  return spillway.rows.count(
    snapshot,
    where === undefined ? undefined : parseSqlPredicate(where).predicate,
  )
}
