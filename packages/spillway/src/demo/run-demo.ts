import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSharingClient, parseTableName, type SharingClient } from '@spillway/client'
import type { SqlAnswer } from '@spillway/duckdb'
import { parseProfile, parseSqlPredicate, profileText } from '@spillway/protocol'
import { tokenHash } from '@spillway/server'
import { compose } from '../compose.js'
import { parseConfig } from '../serve/config.js'
import { type RunningServer, startServer } from '../serve/start-server.js'
import { sharedTable } from '../shared-table.js'
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
  readonly listed: readonly string[]
  readonly filesTotal: number
  readonly filesKept: number
  readonly rows: bigint
  readonly answer: SqlAnswer
  /** The same count, read by the provider without going through the share. */
  readonly rowsAtProvider: bigint
  readonly milliseconds: number
}

export interface Demo {
  readonly facts: DemoFacts
  readonly server: RunningServer
  close(): Promise<void>
}

/** Sample tables, a server on a free loopback port, and a recipient that has nothing but a profile file. */
export async function startDemo(options: {
  readonly say: (step: string) => void
  readonly port?: number
  readonly signal?: AbortSignal
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
    options.say('writing sample tables')
    const samples = await writeSampleTables(provider.duckdb, folder)
    options.say('starting the server')
    const token = randomBytes(32).toString('base64url')
    server = await startServer(configOf(samples, { folder, token, port: options.port ?? 0 }))
    const profilePath = join(folder, 'demo.share')
    const profile = profileText({ endpoint: server.endpoint, bearerToken: token })
    await writeFile(profilePath, profile, { mode: 0o600 })
    options.say('asking as a recipient')
    const client = createSharingClient(parseProfile(profile))
    const asked = await askAsRecipient(client)
    const rowsAtProvider = await countAtProvider(provider, samples)
    const facts = { samples, endpoint: server.endpoint, profilePath, ...asked, rowsAtProvider }
    return { facts, server, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The configuration a provider would write, made from the samples. */
function configOf(
  samples: readonly SampleTable[],
  {
    folder,
    token,
    port,
  }: { readonly folder: string; readonly token: string; readonly port: number },
) {
  const tables = samples.map(({ name, location }) => ({ name, location, history: true }))
  const document = {
    server: { port },
    staging: { location: join(folder, 'staging') },
    shares: [{ name: 'city', schemas: [{ name: 'public', tables }] }],
    recipients: [
      { name: 'demo', shares: ['city'], tokens: [{ sha256: tokenHash(token).toString('hex') }] },
    ],
  }
  return parseConfig(JSON.stringify(document), { folder, path: 'demo' })
}

async function askAsRecipient(client: SharingClient) {
  const listed: string[] = []
  for await (const table of client.tables('city')) {
    listed.push(`${table.share}.${table.schema}.${table.name}`)
  }
  const table = parseTableName(QUESTION.table)
  const whole = await sharedTable(await client.query(table))
  const start = performance.now()
  const kept = await sharedTable(await client.query(table, { predicateHints: [QUESTION.where] }))
  const recipient = compose({ stores: [{ scheme: 'shared', store: kept.store }] })
  try {
    const source = { location: kept.location, format: 'delta' as const }
    const snapshot = await recipient.engine().snapshot(source)
    const { predicate } = parseSqlPredicate(QUESTION.where)
    const answer = await recipient.rows.sql(snapshot, QUESTION.sql, { where: predicate })
    const milliseconds = performance.now() - start
    const rows = await recipient.rows.count(snapshot, predicate)
    return { listed, filesTotal: whole.files, filesKept: kept.files, rows, answer, milliseconds }
  } finally {
    await recipient.close()
  }
}

async function countAtProvider(
  provider: ReturnType<typeof compose>,
  samples: readonly SampleTable[],
): Promise<bigint> {
  const location = samples.find(({ name }) => QUESTION.table.endsWith(`.${name}`))!.location
  const snapshot = await provider.engine().snapshot({ location })
  return provider.rows.count(snapshot, parseSqlPredicate(QUESTION.where).predicate)
}
