import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createSchema,
  type DataFile,
  type DataType,
  type Field,
  type PartitionSpec,
  type Snapshot,
  unknownStats,
} from '@spillway/core'
import { localStore } from '@spillway/storage'
import { formatFacts, onlyFenced } from '@spillway/testkit'
import { afterAll } from 'vitest'
import { duckDb, type RowQuery, rowJson, type TableRows, tableRows } from '../../src/index.js'

const FIXTURES = fileURLToPath(new URL('../../../../test/fixtures', import.meta.url))

/** A folder of real Parquet files, written by DuckDB and read back through `tableRows`. */
export function rowFixture() {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-rows-'))
  const duckdb = duckDb({ threads: 2 })
  const store = localStore()
  let count = 0
  afterAll(async () => {
    await duckdb.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function write(select: string, options = ''): Promise<DataFile> {
    const path = join(folder, `${count++} [a]*?.parquet`)
    const connection = await duckdb.connect()
    await connection.run(`COPY (${select}) TO '${path}' (FORMAT parquet${options})`)
    connection.close()
    return dataFile(path)
  }

  function read(
    files: readonly DataFile[],
    options: { readonly maxCopiedBytes?: number } = {},
  ): TableRows {
    return tableRows({
      store: onlyFenced(store),
      duckdb,
      ...options,
      async *files() {
        yield files
      },
    })
  }

  async function rows(snapshot: Snapshot, files: readonly DataFile[], query?: RowQuery) {
    const answer = read(files).rows(snapshot, query)
    const found: unknown[] = []
    for await (const block of answer.rows) {
      for (const row of block) found.push(rowJson(row, answer.fields))
    }
    return found
  }

  return { folder, duckdb, store, write, read, rows }
}

export function dataFile(path: string, more: Partial<DataFile> = {}): DataFile {
  return {
    path,
    recordedPath: path,
    fileFormat: 'parquet',
    size: statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    modificationTime: 0,
    specId: 0,
    partition: [],
    deletes: [],
    logFiles: [],
    bounds: new Map(),
    ...more,
  }
}

let nextId = 1

export function field(name: string, type: DataType, more: Partial<Field> = {}): Field {
  return { id: nextId++, name, physicalName: name, type, nullable: true, ...more }
}

export function snapshotOf(fields: readonly Field[], more: Partial<Snapshot> = {}): Snapshot {
  return {
    format: 'delta',
    ...formatFacts(more.format ?? 'delta', more.properties),
    tableId: 'a-table',
    version: 1n,
    timestamp: 0,
    schema: createSchema(fields),
    partitionSpecs: new Map(),
    properties: new Map(),
    features: new Set(),
    native: { format: 'parquet' },
    // What a test writes lies in the one, what all tests share in the other.
    source: { location: tmpdir(), auxiliaryLocations: [FIXTURES] },
    files: { handles: [], summaries: unknownStats(0) },
    ...more,
  }
}

export function identitySpec(...fields: readonly Field[]): ReadonlyMap<number, PartitionSpec> {
  const parts = fields.map((each, i) => ({
    id: 1000 + i,
    sourceIds: [each.id],
    name: each.name,
    transform: { kind: 'identity' as const },
  }))
  return new Map([[0, { id: 0, fields: parts }]])
}
