import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import {
  BytesBuilder,
  type ChangeSet,
  type DataFile,
  type Snapshot,
  selectAll,
  type TableMetadata,
  type TableSource,
  unknownStats,
} from '@spillway/core'
import { type Json, rowJson } from '@spillway/rows'
import { compose } from 'spillway'
import { afterAll, describe, expect, it } from 'vitest'

const folder = fileURLToPath(new URL('../fixtures/iceberg/', import.meta.url))
const readJson = (name: string) => JSON.parse(readFileSync(folder + name, 'utf8'))

type Rows = readonly (readonly Json[])[]
interface Golden {
  readonly name: string
  readonly folder: string
  readonly features: readonly string[]
  readonly rebase: TableSource['rebase'] & object
  readonly metadataFile?: string
}
interface Change {
  readonly snapshotId: string
  readonly inserted: Rows
  readonly deleted: Rows
}

const catalogue = readJson('catalogue.json') as { readonly tables: readonly Golden[] }
const changes = readJson('changes.json') as Readonly<Record<string, readonly Change[]>>
const tables = catalogue.tables.filter(
  ({ name, features }) => changes[name] && !features.includes('orc') && !features.includes('avro'),
)

const spillway = compose()
afterAll(() => spillway.close())
const reader = spillway.readers.find(({ format }) => format === 'iceberg')!

function sourceOf({ folder: name, rebase, metadataFile }: Golden): TableSource {
  const location = `file://${folder}${name}`
  return { location, rebase, ...(metadataFile && { metadataFile: `${location}/${metadataFile}` }) }
}

/** A table of exactly these files, each with its own deletes. */
function tableOf(
  files: readonly DataFile[],
  metadata: TableMetadata,
  source: TableSource,
): Snapshot {
  const path = new BytesBuilder()
  for (const file of files) path.append(file.path)
  const batch = {
    length: files.length,
    byteLength: 0,
    path: path.finish(),
    size: Float64Array.from(files, ({ size }) => size),
    key: BigUint64Array.from(files.keys(), BigInt),
    stats: unknownStats(files.length),
    readStats: async () => unknownStats(files.length),
  }
  const live = {
    batch,
    live: selectAll(files.length),
    files: async (rows: Uint32Array) => Array.from(rows, row => files[row]!),
    deletedCounts: async (rows: Uint32Array) => new Float64Array(rows.length).fill(Number.NaN),
  }
  return {
    ...metadata,
    source,
    files: { handles: [{ load: async () => live }], summaries: unknownStats(1) },
  }
}

async function textsOf(
  action: 'add' | 'remove',
  set: ChangeSet,
  table: { readonly metadata: TableMetadata; readonly source: TableSource },
): Promise<readonly string[]> {
  const files = set.changes.filter(change => change.action === action).map(({ file }) => file)
  const found: string[] = []
  for (const file of files) {
    const { fields, rows } = spillway.rows.rows(tableOf([file], table.metadata, table.source))
    for await (const block of rows) {
      for (const row of block) found.push(textOf(rowJson(row, fields)))
    }
  }
  return found
}

/** Python and JavaScript spell zero, and the order of members, in their own ways. */
function textOf(value: Json): string {
  return JSON.stringify(value, (_, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort())
      : Object.is(each, -0)
        ? 0
        : each,
  )
}

/** `from` less `without`, counting equal rows. */
function less(from: readonly string[], without: readonly string[]): readonly string[] {
  const left = new Map<string, number>()
  for (const text of without) left.set(text, (left.get(text) ?? 0) + 1)
  return from
    .filter(text => {
      const count = left.get(text) ?? 0
      left.set(text, count - 1)
      return count <= 0
    })
    .sort()
}

describe('changes of golden Iceberg tables', () => {
  it.each(tables.map(table => [table.name, table] as const))(
    '%s inserted and deleted in each snapshot what Spark says',
    async (name, table) => {
      const source = sourceOf(table)
      const { version } = await reader.resolve(source, { kind: 'latest' })
      const range = { startVersion: 1n, endVersion: version, kind: 'feed' } as const
      const found: { inserted: readonly string[]; deleted: readonly string[] }[] = []
      let metadata: TableMetadata | undefined
      for await (const set of reader.changes!(source, range)) {
        metadata = set.metadata ?? metadata
        const added = await textsOf('add', set, { metadata: metadata!, source })
        const removed = await textsOf('remove', set, { metadata: metadata!, source })
        found.push({ inserted: less(added, removed), deleted: less(removed, added) })
      }
      const expected = changes[name]!.map(({ inserted, deleted }) => ({
        inserted: inserted.map(textOf).sort(),
        deleted: deleted.map(textOf).sort(),
      }))
      expect(found).toEqual(expected)
    },
  )
})
