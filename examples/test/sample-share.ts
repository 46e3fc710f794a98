import { randomBytes } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { profileText } from '@spillway/protocol'
import { type DuckDb, duckDb } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import { parseConfig, startServer } from 'spillway'
import { writeSampleTables } from '../../packages/spillway/src/demo/sample-tables.js'

/** The demo's tables, shared by a server of this process; pages of any origin may read them. */
export interface SampleShare {
  readonly folder: string
  readonly endpoint: string
  /** The profile as text, and the file that holds it. */
  readonly profile: string
  readonly profilePath: string
  close(): Promise<void>
}

export async function startSampleShare(): Promise<SampleShare> {
  const folder = await mkdtemp(join(tmpdir(), 'spillway-examples-'))
  const duckdb = duckDb()
  const samples = await writeSampleTables(duckdb, folder)
  await writeReadings(duckdb, join(folder, 'readings'))
  await duckdb.close()
  const token = randomBytes(32).toString('base64url')
  const tables = [
    ...samples.map(({ note: _, ...table }) => ({ ...table, history: true })),
    { name: 'readings', location: join(folder, 'readings'), format: 'parquet' },
  ]
  const document = {
    server: { port: 0, cors: { origins: ['*'] } },
    staging: { location: join(folder, 'staging') },
    shares: [{ name: 'city', schemas: [{ name: 'public', tables }] }],
    recipients: [
      { name: 'me', shares: ['city'], tokens: [{ sha256: tokenHash(token).toString('hex') }] },
    ],
  }
  const server = await startServer(parseConfig(JSON.stringify(document), { folder, path: 'test' }))
  const profile = profileText({ endpoint: server.endpoint, bearerToken: token })
  const profilePath = join(folder, 'me.share')
  await writeFile(profilePath, profile)
  return {
    folder,
    endpoint: server.endpoint,
    profile,
    profilePath,
    async close() {
      await server.close(0)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** One file of several megabytes in twenty row groups: enough that ranges are worth it. */
async function writeReadings(duckdb: DuckDb, folder: string): Promise<void> {
  await mkdir(folder)
  const connection = await duckdb.connect()
  const rows =
    'SELECT i AS id, hash(i) AS a, hash(i + 1) AS b, hash(i + 2) AS c FROM range(200000) t(i)'
  const options = 'FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 10000'
  await connection.run(`COPY (${rows}) TO '${join(folder, 'part-0.parquet')}' (${options})`)
  connection.close()
}
