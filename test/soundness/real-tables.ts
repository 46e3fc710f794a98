import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { TableSource } from '@spillway/core'
import { tables as hudiTables, unpackedTables } from '../golden/hudi-tables.js'
import { type ReportedTable, reportedTables } from '../golden/reported-tables.js'

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))

/** A table that a writer other than Spillway wrote. */
export interface RealTable {
  readonly name: string
  readonly format: 'delta' | 'iceberg' | 'hudi' | 'parquet'
  /** Its writer told all it knows of its files, so that what is allowed can be held against what is pruned. */
  readonly tells: boolean
  source(): Promise<TableSource>
}

/**
 * Tables with files from before a column was added: nothing is said of the column in them, and that nothing is not the same as
 * saying that it is null.
 */
const OLDER_FILES = new Set(['java-v3-defaults', 'pyiceberg-evolved', 'spark-v2-schema-evolution'])

interface Rebase {
  readonly from: string
  readonly to?: string
  readonly folder?: string
}

interface CatalogueEntry {
  readonly name: string
  readonly folder: string
  readonly metadataFile?: string
  readonly rebase?: readonly Rebase[]
}

/**
 * All of `test/fixtures` that is a table, and what unpacks those that are archives; with `SPILLWAY_TABLES` the folders
 * `delta/*`, `iceberg/*`, `hudi/*` and `parquet/*` in it instead, or `table` in these.
 */
export function realTables(): { readonly tables: readonly RealTable[]; remove(): void } {
  const unpacked = unpackedTables()
  const archives = hudiTables.map(golden => ({
    name: golden.archive.replace('.tar.gz', ''),
    format: 'hudi' as const,
    tells: true,
    source: async () => ({
      location: await unpacked.locationOf(golden),
      format: 'hudi' as const,
    }),
  }))
  const parquet = readdirSync(`${fixtures}parquet-tables`, { withFileTypes: true })
    .filter(entry => entry.isDirectory())
    .map(({ name }) =>
      plain({ name, format: 'parquet', tells: true }, `${fixtures}parquet-tables/${name}`),
    )
  const further = process.env.SPILLWAY_TABLES
  if (further !== undefined) return { tables: foundIn(further), remove: unpacked.remove }
  const tables = [
    ...catalogue('delta'),
    ...catalogue('iceberg'),
    ...archives,
    ...parquet,
    ...reportedTables.map(reported),
  ]
  return { tables, remove: unpacked.remove }
}

function foundIn(folder: string): readonly RealTable[] {
  return (['delta', 'iceberg', 'hudi', 'parquet'] as const).flatMap(format => {
    const root = `${folder}/${format}`
    const names = existsSync(root) ? readdirSync(root) : []
    return names.map(name => {
      const inside = `${root}/${name}/table`
      return plain({ name, format, tells: false }, existsSync(inside) ? inside : `${root}/${name}`)
    })
  })
}

function plain(
  { name, format, tells }: Omit<RealTable, 'source'>,
  folder: string,
  more: Partial<TableSource> = {},
): RealTable {
  const source = { location: `file://${folder}`, format, ...more }
  return { name, format, tells, source: async () => source }
}

function catalogue(format: 'delta' | 'iceberg'): readonly RealTable[] {
  const root = `${fixtures}${format}`
  const { tables } = JSON.parse(readFileSync(`${root}/catalogue.json`, 'utf8')) as {
    readonly tables: readonly CatalogueEntry[]
  }
  return tables.map(({ name, folder, metadataFile, rebase }) =>
    plain({ name, format, tells: !OLDER_FILES.has(name) }, `${root}/${folder}`, {
      // Cloned tables have files in the folder of the one they were cloned from.
      auxiliaryLocations: [`file://${root}`],
      ...(metadataFile && { metadataFile }),
      ...(rebase && {
        rebase: rebase.map(({ from, to, folder }) => ({
          from,
          to: folder === undefined ? (to ?? '') : `file://${root}/${folder}`,
        })),
      }),
    }),
  )
}

/** Their metadata is wrong, torn or cut. */
function reported({ name, format, location, ...places }: ReportedTable): RealTable {
  const url = (path: string) => (path.startsWith('/') ? `file://${path}` : path)
  const { auxiliaryLocations, metadataFile, rebase } = places
  const source: TableSource = {
    location: url(location),
    format,
    auxiliaryLocations: auxiliaryLocations.map(url),
    ...(metadataFile && { metadataFile: url(metadataFile) }),
    ...(rebase && { rebase: rebase.map(({ from, to }) => ({ from, to: url(to) })) }),
  }
  return { name, format, tells: false, source: async () => source }
}
