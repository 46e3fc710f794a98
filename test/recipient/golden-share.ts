import { randomBytes } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isTableError, type Snapshot } from '@spillway/core'
import { type Profile, parseProfile, profileText } from '@spillway/protocol'
import { duckDb, type TableRows } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import { readTarGz } from '@spillway/testkit'
import { compose, parseConfig, sourceOf, startServer } from 'spillway'

const fixtures = fileURLToPath(new URL('../fixtures', import.meta.url))

interface CatalogueEntry {
  readonly name: string
  readonly folder: string
  readonly metadataFile?: string
  readonly rebase?: readonly {
    readonly from: string
    readonly to?: string
    readonly folder?: string
  }[]
}

export interface GoldenTable {
  readonly name: string
  readonly format: 'delta' | 'iceberg' | 'hudi' | 'parquet'
  readonly location: string
  readonly archive?: string
}

function catalogue(format: 'delta' | 'iceberg'): readonly GoldenTable[] {
  const root = `${fixtures}/${format}`
  const { tables } = JSON.parse(readFileSync(`${root}/catalogue.json`, 'utf8')) as {
    readonly tables: readonly CatalogueEntry[]
  }
  return tables.map(({ name, folder, metadataFile, rebase }) => ({
    name,
    format,
    location: `${root}/${folder}`,
    // Cloned tables have files in the folder of the one they were cloned from.
    auxiliaryLocations: [root],
    ...(metadataFile && { metadataFile }),
    ...(rebase && {
      rebase: rebase.map(each => ({
        from: each.from,
        to: each.folder === undefined ? (each.to ?? '') : `${root}/${each.folder}`,
      })),
    }),
  }))
}

/** Archives of the newest table version: older ones differ in how they are read, not in how they are shared. */
function hudiTables(folder: string): readonly GoldenTable[] {
  const archives = readdirSync(`${fixtures}/hudi/v9`).filter(name => name.endsWith('.tar.gz'))
  return archives.map(archive => {
    const name = archive.replace('.tar.gz', '')
    return { name: `hudi_${name}`, archive, format: 'hudi', location: join(folder, name) }
  })
}

const folder = mkdtempSync(join(tmpdir(), 'spillway-recipient-'))

export const goldenTables: readonly GoldenTable[] = [
  ...catalogue('delta'),
  ...catalogue('iceberg'),
  ...hudiTables(folder),
]

export interface GoldenShare {
  readonly profile: Profile
  readonly folder: string
  readonly rows: TableRows
  snapshot(table: GoldenTable, version?: bigint): Promise<Snapshot>
  /** Writes the live rows of a table to a Parquet file; false where they cannot be read at all. */
  writeRows(table: GoldenTable, path: string, version?: bigint): Promise<boolean>
  close(): Promise<void>
}

/** Every golden table, or those that are given, behind one server of ours, as `golden.all.<name>`, with its history. */
export async function goldenShare(
  shared: readonly GoldenTable[] = goldenTables,
): Promise<GoldenShare> {
  for (const { archive, location } of shared) {
    if (archive !== undefined) await unpack(archive, location)
  }
  const duckdb = duckDb()
  const provider = compose({ duckdb })
  const token = randomBytes(16).toString('hex')
  const tables = shared.map(({ archive: _, ...table }) => ({ ...table, history: true }))
  const config = parseConfig(
    JSON.stringify({
      server: { port: 0 },
      staging: { location: 'staging' },
      shares: [{ name: 'golden', schemas: [{ name: 'all', tables }] }],
      recipients: [
        {
          name: 'test',
          shares: ['golden'],
          tokens: [{ sha256: tokenHash(token).toString('hex') }],
        },
      ],
    }),
    { folder, path: 'test' },
  )
  const server = await startServer(config)
  const snapshot = ({ archive: _, ...table }: GoldenTable, version?: bigint) =>
    provider
      .engine()
      .snapshot(
        sourceOf(table, folder),
        version === undefined ? undefined : { kind: 'version', version },
      )
  return {
    profile: parseProfile(profileText({ endpoint: server.endpoint, bearerToken: token })),
    folder,
    rows: provider.rows,
    snapshot,
    async writeRows(table, path, version) {
      try {
        const copy = `COPY t TO '${path}' (FORMAT parquet)`
        await provider.rows.sql(await snapshot(table, version), copy)
        return true
      } catch (error) {
        if (isTableError(error)) return false
        throw error
      }
    },
    async close() {
      await server.close(1000)
      await provider.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function unpack(archive: string, location: string): Promise<void> {
  for (const [path, bytes] of readTarGz(readFileSync(`${fixtures}/hudi/v9/${archive}`))) {
    await mkdir(dirname(join(location, path)), { recursive: true })
    await writeFile(join(location, path), bytes)
  }
}
