import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  atOnce,
  BytesBuilder,
  createSchema,
  type DataFile,
  type Field,
  isTableError,
  type PartitionSpec,
  type Snapshot,
  selectAll,
  unknownStats,
} from '@spillway/core'
import { fileShapes, readRoaring64, VECTOR_MAGIC_BYTES, vectorBytes } from '@spillway/encoding'
import { createEngine, type SignedFile } from '@spillway/engine'
import { duckDb, rowResolver } from '@spillway/rows'
import { localStore } from '@spillway/storage'
import { formatFacts, quickOr, Random } from '@spillway/testkit'
import { afterAll, describe, expect, it } from 'vitest'
import { withPhysicalNames } from '../../packages/iceberg/src/schema/physical-names.js'
import { parseCapabilities } from '../../packages/protocol/src/capabilities/capabilities.js'
import { type Negotiated, negotiate } from '../../packages/protocol/src/capabilities/negotiate.js'
import { deltaMetaData } from '../../packages/protocol/src/lines/delta-documents.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-columns-'))
const duckdb = duckDb({ threads: 2 })
const store = localStore()
afterAll(async () => {
  await duckdb.close()
  rmSync(folder, { recursive: true, force: true })
})

// ---- a table with a history: columns are renamed, dropped and added; files remember what they were called

interface Column {
  readonly id: number
  readonly name: string
  /** Of a struct of integers. */
  readonly fields?: readonly Column[]
}

type Cell = number | string | null | { readonly [name: string]: Cell }

interface Written {
  readonly columns: readonly Column[]
  readonly hasIds: boolean
  readonly specId: number
  readonly partition: string | null
  /** By the id that a column had when it was written. */
  readonly rows: readonly ReadonlyMap<number, number | string | null>[]
  readonly nullStructs: ReadonlySet<number>
  readonly deleted: readonly number[]
}

const NAMES = ['a', 'b', 'A', 'x y', 'x_x20y', 'c']
const PARTITION: Column = { id: 1, name: 'p' }

function freeName(columns: readonly Column[], random: Random): string | undefined {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()))
  const free = NAMES.filter(name => !taken.has(name.toLowerCase()))
  return free.length === 0 ? undefined : random.pick(free)
}

/** One change of a schema, at the top or in a struct. */
function evolve(
  columns: readonly Column[],
  random: Random,
  nextId: () => number,
): readonly Column[] {
  const struct = columns.findIndex(({ fields }) => fields !== undefined)
  if (struct >= 0 && random.chance(0.4)) {
    const fields = evolve(columns[struct]!.fields!, random, nextId)
    return columns.map((each, i) => (i === struct ? { ...each, fields } : each))
  }
  const name = freeName(columns, random)
  const at = random.integer(0, columns.length - 1)
  // What may stand in the path alone, and one that no file lacks: a file without columns is none.
  const isFixed = columns[at]!.id <= 2
  switch (random.integer(0, 2)) {
    case 0:
      return isFixed || columns.length < 2 ? columns : columns.filter((_, i) => i !== at)
    case 1:
      if (name === undefined) return columns
      return columns.map((each, i) => (i === at ? { ...each, name } : each))
    default:
      return name === undefined ? columns : [...columns, { id: nextId(), name }]
  }
}

/** What Java's mapping updates leave: each name is the newest column's that had it, the oldest name first. */
function mappingOf(history: readonly (readonly Column[])[]): readonly object[] {
  const known = new Map<number, { names: string[]; below: (readonly Column[])[] }>()
  for (const columns of history) {
    for (const { id, name, fields } of columns) {
      const entry = known.get(id) ?? { names: [], below: [] }
      known.set(id, entry)
      if (!entry.names.includes(name)) {
        for (const other of known.values()) other.names = other.names.filter(each => each !== name)
        entry.names.push(name)
      }
      if (fields !== undefined) entry.below.push(fields)
    }
  }
  return [...known].map(([id, { names, below }]) => ({
    'field-id': id,
    names,
    ...(below.length > 0 && { fields: mappingOf(below) }),
  }))
}

interface RandomTable {
  readonly history: readonly (readonly Column[])[]
  readonly files: readonly Written[]
  readonly isMapped: boolean
}

function randomTable(random: Random): RandomTable {
  let id = 10
  const nextId = () => ++id
  const struct = {
    id: 3,
    name: 's',
    fields: [
      { id: 4, name: 'x' },
      { id: 5, name: 'b' },
    ],
  }
  const history: (readonly Column[])[] = [[PARTITION, { id: 2, name: 'a' }, struct]]
  const isMapped = random.chance(0.7)
  const files: Written[] = []
  for (let step = 0; step < random.integer(1, 5); step++) {
    const columns = history.at(-1)!
    if (random.chance(0.7)) files.push(randomFile(columns, isMapped, random))
    history.push(evolve(columns, random, nextId))
  }
  files.push(randomFile(history.at(-1)!, isMapped, random))
  return { history, files, isMapped }
}

function randomFile(schema: readonly Column[], isMapped: boolean, random: Random): Written {
  const hasIds = !random.chance(isMapped ? 0.5 : 0.1)
  const specId = random.chance(0.5) ? 1 : 0
  const partition = random.pick(['a', 'b', null])
  const lacksPartition = !hasIds && isMapped && specId === 1
  const renamed = (column: Column): Column => ({
    ...column,
    // Writers of their own spell names as they like: only ids count.
    name: hasIds && random.chance(0.2) ? `w_${column.id}` : column.name,
    ...(column.fields && { fields: column.fields.map(renamed) }),
  })
  const columns = schema.filter(({ id }) => !(lacksPartition && id === PARTITION.id)).map(renamed)
  const count = random.integer(1, 4)
  const rows = Array.from({ length: count }, () => {
    const row = new Map<number, number | string | null>()
    for (const column of columns) {
      for (const each of [column, ...(column.fields ?? [])]) {
        row.set(each.id, random.chance(0.2) ? null : random.integer(1, 1_000_000))
      }
    }
    row.set(PARTITION.id, specId === 1 ? partition : random.pick(['a', 'b', null]))
    return row
  })
  const nullStructs = new Set(rows.flatMap((_, i) => (random.chance(0.2) ? [i] : [])))
  const deleted = rows.flatMap((_, i) => (random.chance(0.2) ? [i] : []))
  return { columns, hasIds, specId, partition, rows, nullStructs, deleted }
}

// ---- what the table holds, by Iceberg's rules

function expectedRows({ history, files, isMapped }: RandomTable): readonly string[] {
  const now = history.at(-1)!
  return files
    .flatMap(file =>
      file.rows.flatMap((row, at) =>
        file.deleted.includes(at) ? [] : [tableRow(now, { file, row, at, history, isMapped })],
      ),
    )
    .sort()
}

function byKey([a]: readonly [string, Cell], [b]: readonly [string, Cell]): number {
  return a < b ? -1 : 1
}

interface RowOf {
  readonly file: Written
  readonly row: ReadonlyMap<number, number | string | null>
  readonly at: number
  readonly history: readonly (readonly Column[])[]
  readonly isMapped: boolean
}

function tableRow(now: readonly Column[], of: RowOf): string {
  const { file, row, at } = of
  const how = howOf(of)
  const cells = now.map((column): Cell => {
    const found = holder(column, file.columns, how)
    if (found === undefined) {
      return column.id === PARTITION.id && file.specId === 1 ? file.partition : null
    }
    if (column.fields === undefined) return row.get(found.id) ?? null
    if (file.nullStructs.has(at)) return null
    const entries = column.fields.map((field): [string, Cell] => {
      const inner = holder(field, found.fields ?? [], howBelow(how, column))
      return [field.name, inner === undefined ? null : (row.get(inner.id) ?? null)]
    })
    return Object.fromEntries(entries.sort(byKey))
  })
  return JSON.stringify(cells)
}

interface Mapped {
  readonly 'field-id': number
  readonly names: readonly string[]
  readonly fields?: readonly Mapped[]
}

/** The column of a file that holds one of the table: by id, by the mapping's names, or by position as Java has it. */
function holder({ id, name }: Column, columns: readonly Column[], how: How): Column | undefined {
  switch (how.kind) {
    case 'id':
      return columns.find(each => each.id === id)
    case 'position':
      return how.isTop ? columns[id - 1] : columns.find(each => each.name === name)
    case 'mapping': {
      const names = how.mapping.find(each => each['field-id'] === id)?.names ?? []
      return columns.find(each => names.includes(each.name))
    }
  }
}

type How =
  | { readonly kind: 'id' }
  | { readonly kind: 'position'; readonly isTop: boolean }
  | { readonly kind: 'mapping'; readonly mapping: readonly Mapped[] }

function howOf({ file, history, isMapped }: RowOf): How {
  if (file.hasIds) return { kind: 'id' }
  if (!isMapped) return { kind: 'position', isTop: true }
  return { kind: 'mapping', mapping: mappingOf(history) as readonly Mapped[] }
}

function howBelow(how: How, { id }: Column): How {
  if (how.kind === 'position') return { kind: 'position', isTop: false }
  if (how.kind === 'id') return how
  const mapping = how.mapping.find(each => each['field-id'] === id)?.fields ?? []
  return { kind: 'mapping', mapping }
}

// ---- real files

async function writeFile(file: Written, path: string): Promise<DataFile> {
  const quoted = (name: string) => `"${name}"`
  const value = (cell: number | string | null | undefined, type: string) =>
    cell == null ? `CAST(NULL AS ${type})` : typeof cell === 'string' ? `'${cell}'` : `${cell}::INT`
  const select = file.rows.map((row, at) => {
    const cells = file.columns.map(({ id, name, fields }) => {
      if (fields === undefined) {
        return `${value(row.get(id), id === PARTITION.id ? 'VARCHAR' : 'INT')} AS ${quoted(name)}`
      }
      const type = `STRUCT(${fields.map(each => `${quoted(each.name)} INT`).join(', ')})`
      const parts = fields.map(each => `${quoted(each.name)} := ${value(row.get(each.id), 'INT')}`)
      const packed = file.nullStructs.has(at) ? 'NULL' : `struct_pack(${parts.join(', ')})`
      return `CAST(${packed} AS ${type}) AS ${quoted(name)}`
    })
    return `SELECT ${cells.join(', ')}`
  })
  const ids = file.columns.map(({ id, name, fields }) => {
    const below = (fields ?? []).map(each => `${quoted(each.name)}: ${each.id}`)
    return `${quoted(name)}: ${fields === undefined ? id : `{${[`__duckdb_field_id: ${id}`, ...below].join(', ')}}`}`
  })
  const options = file.hasIds ? `, FIELD_IDS {${ids.join(', ')}}` : ''
  await withConnection(connection =>
    connection.run(`COPY (${select.join(' UNION ALL ')}) TO '${path}' (FORMAT parquet${options})`),
  )
  return {
    path: `file://${path}`,
    recordedPath: path,
    fileFormat: 'parquet',
    size: statSync(path).size,
    modificationTime: 0,
    recordCount: file.rows.length,
    specId: file.specId,
    partition: file.specId === 1 ? [file.partition] : [],
    deletes:
      file.deleted.length === 0
        ? []
        : [
            {
              kind: 'deletion-vector',
              id: `v${file.deleted}`,
              bitmap: vectorBytes(file.deleted),
              cardinality: file.deleted.length,
            },
          ],
    logFiles: [],
    bounds: new Map(),
  }
}

type Connection = Awaited<ReturnType<typeof duckdb.connect>>

async function withConnection<Result>(work: (connection: Connection) => Promise<Result>) {
  const connection = await duckdb.connect()
  try {
    return await work(connection)
  } finally {
    connection.close()
  }
}

function snapshotOf(table: RandomTable, files: readonly DataFile[], random: Random): Snapshot {
  const fieldOf = ({ id, name, fields }: Column): Field => ({
    id,
    name,
    physicalName: name,
    nullable: true,
    type: fields
      ? { kind: 'struct', fields: fields.map(fieldOf) }
      : id === PARTITION.id
        ? 'string'
        : 'int',
  })
  const history = table.history.map(columns => columns.map(fieldOf))
  const mapping = JSON.stringify(mappingOf(table.history))
  const properties = new Map(table.isMapped ? [['schema.name-mapping.default', mapping]] : [])
  // Schemas expire; what is then declared must be as right.
  const kept = random.chance(0.5) ? history : history.slice(-1)
  const physical = withPhysicalNames(history.at(-1)!, {
    schemas: new Map(kept.entries()),
    properties,
    isHistoryWhole: kept.length === history.length || random.chance(0.3),
  })
  const identity: PartitionSpec['fields'] = [
    { id: 1000, sourceIds: [PARTITION.id], name: 'p', transform: { kind: 'identity' } },
  ]
  const path = new BytesBuilder()
  for (const file of files) path.append(file.path)
  const deletes = Float64Array.from(files, ({ deletes: [vector] }) =>
    vector?.kind === 'deletion-vector' ? vector.cardinality : 0,
  )
  const batch = {
    length: files.length,
    byteLength: 1,
    path: path.finish(),
    size: Float64Array.from(files, ({ size }) => size),
    key: BigUint64Array.from(files, (_, i) => BigInt(i + 1)),
    stats: unknownStats(files.length),
    readStats: async () => unknownStats(files.length),
  }
  const live = {
    batch,
    live: selectAll(files.length),
    files: async (rows: Iterable<number>) => [...rows].map(row => files[row]!),
    deletedCounts: async (rows: Iterable<number>) =>
      Float64Array.from([...rows], row => deletes[row]!),
  }
  return {
    format: 'iceberg',
    ...formatFacts('iceberg', properties),
    tableId: 't',
    version: 1n,
    timestamp: 0,
    schema: createSchema(physical),
    shapesFrom: 'footers',
    partitionSpecs: new Map([
      [0, { id: 0, fields: [] }],
      [1, { id: 1, fields: identity }],
    ]),
    properties,
    features: new Set(['deletionVectors', ...(random.chance(0.5) ? ['columnMapping'] : [])]),
    native: {
      format: 'iceberg',
      metadataFile: 'm',
      metadata: new TextEncoder().encode('{}'),
      snapshotId: 1n,
      sequenceNumber: 1n,
    },
    source: { location: `file://${folder}` },
    files: {
      handles: [{ fileCount: files.length, load: async () => live }],
      summaries: unknownStats(1),
    },
  }
}

// ---- recipients, each by its own rules

interface Recipient {
  readonly agent: string
  readonly capabilities: string
  readonly fallback: 'each' | 'file' | 'never'
}

const DELTA = 'responseformat=delta;readerfeatures=deletionvectors,columnmapping'
const RECIPIENTS: Readonly<Record<string, Recipient>> = {
  kernel: { agent: 'Delta-Sharing-Python/1.4', capabilities: DELTA, fallback: 'each' },
  pandas: {
    agent: 'Delta-Sharing-Python/1.4',
    capabilities: 'responseformat=parquet',
    fallback: 'never',
  },
  spark: { agent: 'Delta-Sharing-Spark/3.3', capabilities: DELTA, fallback: 'never' },
  'spark without mapping': {
    agent: 'Delta-Sharing-Spark/3.3',
    capabilities: 'responseformat=delta;readerfeatures=deletionvectors',
    fallback: 'never',
  },
  adapter: {
    agent: 'spillway/1',
    capabilities: DELTA.replace('=delta', '=parquet,delta'),
    fallback: 'file',
  },
}

interface Node {
  readonly name: string
  readonly fieldId: number | null
  readonly children: readonly Node[]
}

/** The file's columns as DuckDB's own footer reader lists them. */
async function nodesOf(path: string, connection: Connection): Promise<readonly Node[]> {
  const rows = await connection.all(
    `SELECT name, field_id, coalesce(num_children, 0) FROM parquet_schema('${path}')`,
  )
  let next = 0
  const take = (): Node => {
    const [name, fieldId, count] = rows[next++]!
    const children = Array.from({ length: Number(count) }, take)
    return { name: String(name), fieldId: fieldId === null ? null : Number(fieldId), children }
  }
  return take().children
}

async function readBy(
  recipient: Recipient,
  { file, vector }: SignedFile,
  { snapshot, negotiated }: { readonly snapshot: Snapshot; readonly negotiated: Negotiated },
): Promise<readonly string[]> {
  const document = atOnce(deltaMetaData(snapshot, negotiated)) as {
    configuration: Record<string, string>
  }
  const isMapped =
    negotiated.format === 'delta' && document.configuration['delta.columnMapping.mode'] === 'id'
  const path = file.path.replace('file://', '')
  const [nodes, rows] = await withConnection(async connection => [
    await nodesOf(path, connection),
    await connection.all(
      `SELECT to_json(t)::VARCHAR FROM read_parquet('${path}', file_row_number = true) t`,
    ),
  ])
  const hasIds = (all: readonly Node[]): boolean =>
    all.some(({ fieldId, children }) => fieldId !== null || hasIds(children))
  const fallsBack =
    recipient.fallback === 'each' || (recipient.fallback === 'file' && !hasIds(nodes))
  const find = ({ id, name, physicalName }: Field, among: readonly Node[]): Node | undefined => {
    if (!isMapped) return among.find(each => each.name === name)
    const found = among.find(({ fieldId }) => fieldId === id)
    return found ?? (fallsBack ? among.find(each => each.name === physicalName) : undefined)
  }
  const declared = new Set(negotiated.partitionFields(snapshot).map(({ id }) => id))
  const showsExtras = recipient === RECIPIENTS.pandas
  const cellOf = (
    field: Field,
    among: readonly Node[],
    value: Readonly<Record<string, Cell>>,
  ): Cell => {
    const node = find(field, among)
    if (node === undefined) return null
    const found = value[node.name] ?? null
    const { type } = field
    if (found === null || typeof type === 'string' || type.kind !== 'struct') return found
    const inner = found as Readonly<Record<string, Cell>>
    if (!type.fields.some(each => find(each, node.children) !== undefined)) return null
    const entries = type.fields.map((each): [string, Cell] => [
      each.name,
      cellOf(each, node.children, inner),
    ])
    const extras = showsExtras ? Object.entries(inner) : []
    return Object.fromEntries([...extras, ...entries].sort(byKey))
  }
  const gone = vector === undefined ? new Set<bigint>() : positionsOf(vector.vector.bitmap)
  return rows.flatMap(([text]) => {
    const row = JSON.parse(String(text)) as Readonly<Record<string, Cell>>
    if (gone.has(BigInt(Number(row.file_row_number)))) return []
    const cells = snapshot.schema.fields.map(field =>
      declared.has(field.id) ? partitionValue(field, file, snapshot) : cellOf(field, nodes, row),
    )
    return [JSON.stringify(cells)]
  })
}

function partitionValue({ id }: Field, file: DataFile, { partitionSpecs }: Snapshot): Cell {
  const constant = file.constants?.get(id)
  if (constant !== undefined) return constant as Cell
  const at = partitionSpecs.get(file.specId)!.fields.findIndex(each => each.sourceIds[0] === id)
  if (at < 0) throw new Error(`nothing says the value of ${id} in ${file.path}`)
  return file.partition[at] as Cell
}

function positionsOf(bitmap: unknown): ReadonlySet<bigint> {
  const bytes = bitmap as Uint8Array
  return new Set([...readRoaring64(bytes.subarray(VECTOR_MAGIC_BYTES))].map(BigInt))
}

describe('what is sent of random tables, read as each recipient reads it', () => {
  // More seeds: SPILLWAY_COLUMN_SEEDS=500 vitest run test/golden/columns-in-files.test.ts
  const seeds = Number(process.env.SPILLWAY_COLUMN_SEEDS ?? quickOr(5, 20))
  it.each(Array.from({ length: seeds }, (_, seed) => seed + 1))(
    'is exactly the table (seed %i)',
    async seed => {
      const random = new Random(seed)
      const table = randomTable(random)
      const files: DataFile[] = []
      for (const [i, file] of table.files.entries()) {
        files.push(await writeFile(file, join(folder, `${seed}-${i}.parquet`)))
      }
      const snapshot = { ...snapshotOf(table, files, random), tableId: `t${seed}` }
      const expected = expectedRows(table)
      for (const [name, recipient] of Object.entries(RECIPIENTS)) {
        for (const staged of [false, true]) {
          const found = await sentTo(recipient, snapshot, staged)
          // Without staging, and for imported files of which nothing says how to read them, a refusal is an answer.
          if (found === undefined) {
            expect([staged && table.isMapped, name]).toEqual([false, name])
            continue
          }
          expect([...found].sort(), `${name}, ${staged ? 'staged' : 'plain'}`).toEqual(expected)
        }
      }
    },
  )
})

async function sentTo(
  recipient: Recipient,
  snapshot: Snapshot,
  staged: boolean,
): Promise<readonly string[] | undefined> {
  const staging = { store, location: `file://${folder}/staging` }
  const engine = createEngine({
    readers: [],
    signers: [
      {
        covers: () => true,
        sign: async paths => ({ urls: [...paths], expiresAt: 1 }),
      },
    ],
    store,
    fileShapes: fileShapes({ store }),
    rowResolver: staged ? rowResolver({ store, duckdb, staging }) : rowResolver({ store, duckdb }),
    ...(staged && { stagingLocations: [staging.location] }),
  })
  try {
    const capabilities = parseCapabilities(recipient.capabilities, recipient.agent)
    const negotiated = negotiate(capabilities, snapshot, { canRewrite: staged })
    const found: string[] = []
    for await (const batch of engine.signedFiles(snapshot, { accepts: negotiated.accepts })) {
      for (const signed of batch)
        found.push(...(await readBy(recipient, signed, { snapshot, negotiated })))
    }
    return found
  } catch (error) {
    if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') return undefined
    throw error
  }
}
