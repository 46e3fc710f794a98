import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readTarGz } from '@spillway/testkit'

/** Rows as Spark read them; `error` where it refused. */
export interface Rows {
  readonly columns: readonly { readonly name: string; readonly type: string }[]
  readonly rows: readonly (readonly unknown[])[]
  readonly error?: string
}

export interface Golden {
  readonly name: string
  readonly archive: string
  readonly tableVersion: number
  readonly instants: readonly { readonly begin: string; readonly completion: string }[]
  readonly snapshot: Rows
  readonly readOptimized?: Rows
  readonly versions: Readonly<Record<string, Rows>>
  /** Words of the error with which every reader but its writer must refuse the table. */
  readonly refused?: string
}

const fixtures = fileURLToPath(new URL('../fixtures/hudi/', import.meta.url))

export const { tables } = JSON.parse(readFileSync(`${fixtures}catalogue.json`, 'utf8')) as {
  tables: readonly Golden[]
}

/** Spark answers these otherwise than with the table's rows; see test/fixtures/README.md. */
export const PATH_AS_VALUE = new Set(['v6/cow_timestamp_keygen.tar.gz'])
export const PARTIAL = tables.filter(({ name }) => name === 'mor_partial_update')
/** Tables whose rows are what Spark's snapshot query answers. */
export const exact = tables.filter(
  table =>
    table.snapshot.error === undefined &&
    table.refused === undefined &&
    !PARTIAL.includes(table) &&
    !PATH_AS_VALUE.has(table.archive),
)

export const titled = (list: readonly Golden[]) =>
  list.map(table => [table.archive, table] as const)

/** Unpacks archives into a temporary folder, each once. */
export function unpackedTables() {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-hudi-'))
  const unpacked = new Map<string, Promise<string>>()
  const unpack = async (archive: string): Promise<string> => {
    const root = join(folder, archive.replace('.tar.gz', ''))
    for (const [path, bytes] of readTarGz(readFileSync(fixtures + archive))) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), bytes)
    }
    return `file://${root}`
  }
  return {
    folder,
    locationOf({ archive }: Golden): Promise<string> {
      const known = unpacked.get(archive) ?? unpack(archive)
      unpacked.set(archive, known)
      return known
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** A row as text. Maps have no order: their entries are compared sorted. */
export function cells(row: unknown): string {
  return JSON.stringify(row, (_, value) =>
    Array.isArray(value) && value.length > 0 && value.every(item => isEntry(item))
      ? [...value].sort((a, b) => (a.key < b.key ? -1 : 1))
      : value,
  )
}

function isEntry(item: unknown): item is { key: string; value: unknown } {
  return typeof item === 'object' && item !== null && 'key' in item && 'value' in item
}

export const expected = ({ rows }: Rows) => rows.map(cells).sort()
