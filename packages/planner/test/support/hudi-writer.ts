import {
  compareValues,
  type DataType,
  type Field,
  type FieldPath,
  isPrimitive,
  leafOf,
  physicalKind,
  type Value,
} from '@spillway/core'
import { hudiReader } from '@spillway/hudi'
import { memoryStore } from '@spillway/storage'
import {
  filePath,
  type HudiBound,
  type HudiColumnStats,
  type HudiCommit,
  type HudiFile,
  hudiTableObjects,
  keepingCache,
  type LogicalRow,
  type LogicalTable,
  onlyFenced,
  type Random,
  type TableWriter,
} from '@spillway/testkit'

const LOCATION = 'memory:///hudi-table'

/**
 * Writes Hudi tables of slices with and without logs: logs move values out of the base file's bounds and into them,
 * delete rows, or are all there is of a slice. What is proved is the reader's union of statistics as well.
 */
export const hudiWriter: TableWriter = {
  name: 'hudi timeline',
  types: [
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'date',
    'timestamp',
    'timestamptz',
    'string',
    'string',
    'binary',
    { kind: 'decimal', precision: 5, scale: 2 },
    { kind: 'decimal', precision: 18, scale: 0 },
    { kind: 'decimal', precision: 38, scale: 10 },
  ],
  deletes: true,
  async write(table, random) {
    const partitioned = random.chance(0.6) ? pathColumns(table) : []
    const store = memoryStore({
      objects: hudiTableObjects({
        root: LOCATION,
        tableType: 'MERGE_ON_READ',
        schema: JSON.stringify(avroRecord('table', table.schema.fields, { count: 0 })),
        properties: partitionProperties(partitioned),
        commits: commitsOf(table, partitioned, random),
        partitionStats: partitioned.length > 0 && random.chance(0.8),
      }),
    })
    return hudiReader({ store: onlyFenced(store), cache: keepingCache() }).snapshot({
      location: LOCATION,
    })
  },
}

const PATH_TYPES = new Set<DataType>(['string', 'int', 'long', 'boolean', 'date'])

/** Constant columns whose values a path spells. */
function pathColumns({ schema, partitionedBy }: LogicalTable): readonly Field[] {
  const fields = schema.fields.filter(({ id }) => partitionedBy.includes(id))
  const named = fields.every(({ name, type }) => PATH_TYPES.has(type) && !/[.,:`]/.test(name))
  return named ? fields : []
}

function partitionProperties(fields: readonly Field[]): Record<string, string> {
  if (fields.length === 0) return { 'hoodie.table.keygenerator.type': 'NON_PARTITION' }
  return {
    'hoodie.table.keygenerator.type': 'COMPLEX',
    'hoodie.table.partition.fields': fields.map(({ name }) => name).join(','),
    'hoodie.datasource.write.hive_style_partitioning': 'true',
    'hoodie.datasource.write.partitionpath.urlencode': 'true',
  }
}

function partitionPath(
  row: LogicalRow | undefined,
  fields: readonly Field[],
  bytewise: boolean,
): string {
  return fields
    .map(({ id, name, type }) => `${name}=${pathText(row?.get(id) ?? null, type, bytewise)}`)
    .join('/')
}

/** `bytewise`: text beyond ASCII by its bytes in UTF-8, as bootstrapped folders of other writers have it. */
function pathText(value: Value | null, type: DataType, bytewise: boolean): string {
  if (value === null || value === '') return '__HIVE_DEFAULT_PARTITION__'
  const text =
    type === 'date'
      ? new Date(Number(value) * 86_400_000).toISOString().slice(0, 10)
      : String(value)
  // Hive escapes control characters and these; all else is itself.
  return [...text]
    .map(each => {
      const code = each.codePointAt(0)!
      const isPlain = code > 0x1f && code !== 0x7f && !'"#%\'*/:=?\\{[]^'.includes(each)
      if (isPlain && !(bytewise && code > 0x7f)) return each
      const bytes = Array.from(new TextEncoder().encode(each))
      return bytes.map(byte => `%${byte.toString(16).padStart(2, '0').toUpperCase()}`).join('')
    })
    .join('')
}

const FIRST = '20260101000000000'
const SECOND = '20260102000000000'

/** What a slice is made of: rows of its base file, and of its log in the order they were written. */
interface SliceParts {
  readonly base: readonly LogicalRow[] | undefined
  readonly log: readonly LogicalRow[] | undefined
  readonly hasDeletes: boolean
}

function commitsOf(
  table: LogicalTable,
  partitioned: readonly Field[],
  random: Random,
): readonly HudiCommit[] {
  const stale = table.files.flatMap(file => file.rows)
  const first: HudiFile[] = []
  const second: HudiFile[] = []
  // One writer's habit: two spellings of one value would be two partitions.
  const bytewise = random.chance(0.3)
  for (const [index, file] of table.files.entries()) {
    const fileId = filePath(index)
    const partition = partitionPath(file.rows[0], partitioned, bytewise)
    const parts = sliceParts(file, { stale, partitioned, random })
    const name = `${fileId}_0-1-1_${FIRST}.parquet`
    if (parts.base !== undefined) {
      const stats = columnStatsOf(parts.base, table, { random, isLog: false })
      first.push({ partition, fileId, name, size: 1, stats })
    }
    if (parts.log === undefined) continue
    const log = `.${fileId}_${SECOND}.log.1_0-1-1`
    const stats = columnStatsOf(parts.log, table, { random, isLog: true })
    second.push({ partition, fileId, name: log, size: 1, stats })
  }
  return [
    { begin: FIRST, completion: '20260101000001000', action: 'deltacommit', files: first },
    { begin: SECOND, completion: '20260102000001000', action: 'deltacommit', files: second },
  ]
}

function sliceParts(
  file: LogicalTable['files'][number],
  context: {
    readonly stale: readonly LogicalRow[]
    readonly partitioned: readonly Field[]
    readonly random: Random
  },
): SliceParts {
  const { stale, partitioned, random } = context
  const live = file.rows.filter((_, position) => !file.deleted.has(position))
  const hasDeletes = file.deleted.size > 0
  if (!hasDeletes && random.chance(0.4)) return { base: file.rows, log: undefined, hasDeletes }
  if (!hasDeletes && live.length > 0 && random.chance(0.2)) {
    return { base: undefined, log: live, hasDeletes }
  }
  // Updated rows: the base holds what they were, somebody else's values within the same partition.
  const updated = live.filter(() => random.chance(0.5))
  const base = file.rows.map(row => {
    if (!updated.includes(row) || stale.length === 0) return row
    const old = new Map(random.pick(stale))
    for (const { id } of partitioned) old.set(id, row.get(id) ?? null)
    return old
  })
  return { base, log: updated, hasDeletes }
}

/** Statistics of every column; now and then a file has none, as if it were not indexed. */
function columnStatsOf(
  rows: readonly LogicalRow[],
  { columns }: LogicalTable,
  { random, isLog }: { readonly random: Random; readonly isLog: boolean },
): readonly HudiColumnStats[] {
  // Footers of base files would be read instead: they are not there.
  if (isLog && random.chance(0.1)) return []
  return columns.map(path => statsOf(rows, path, isLog))
}

function statsOf(rows: readonly LogicalRow[], path: FieldPath, isLog: boolean): HudiColumnStats {
  const { id, type } = leafOf(path)
  const present = rows.map(row => row.get(id) ?? null).filter(value => value !== null)
  const counted = { valueCount: rows.length, nullCount: rows.length - present.length }
  const column = path.map(field => field.name).join('.')
  // Logs are bounded by Java's order: NaN greatest, -0 below 0, text by UTF-16 unit. Parquet leaves NaN out.
  const bounded = isLog ? present : present.filter(value => !Number.isNaN(value))
  const sorted = [...bounded].sort(isLog ? javaOrder : compareValues)
  if (sorted.length === 0) return { column, ...counted }
  const [min, max] = [sorted[0]!, sorted[sorted.length - 1]!]
  return {
    column,
    ...counted,
    min: wrap(min, type),
    max: wrap(max, type),
    valueType: valueType(type),
  }
}

function javaOrder(a: Value, b: Value): number {
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  if (typeof a === 'number' && typeof b === 'number' && a === 0 && b === 0) {
    return Object.is(a, b) ? 0 : Object.is(a, -0) ? -1 : 1
  }
  return compareValues(a, b)
}

function wrap(value: Value, type: DataType): HudiBound {
  if (typeof type === 'object')
    return { wrapper: 'BytesWrapper', value: twosComplement(value as bigint) }
  if (type === 'boolean') return { wrapper: 'BooleanWrapper', value: value as boolean }
  if (type === 'float') return { wrapper: 'FloatWrapper', value: value as number }
  if (type === 'double') return { wrapper: 'DoubleWrapper', value: value as number }
  if (type === 'string') return { wrapper: 'StringWrapper', value: value as string }
  if (type === 'binary') return { wrapper: 'BytesWrapper', value: value as Uint8Array }
  return physicalKind(type) === 'int32'
    ? { wrapper: 'IntWrapper', value: value as number }
    : { wrapper: 'LongWrapper', value: value as bigint }
}

const ORDINALS = new Map<DataType, number>([
  ['boolean', 2],
  ['int', 3],
  ['long', 4],
  ['float', 5],
  ['double', 6],
  ['string', 7],
  ['binary', 8],
  ['date', 12],
  ['timestamptz', 16],
  ['timestamp', 19],
])

function valueType(type: DataType): readonly [number, string | null] {
  if (typeof type === 'object' && type.kind === 'decimal')
    return [10, `${type.precision},${type.scale}`]
  return [ORDINALS.get(type)!, null]
}

function twosComplement(value: bigint): Uint8Array {
  const bytes = new Uint8Array(16)
  let rest = BigInt.asUintN(128, value)
  for (let i = 15; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn)
    rest >>= 8n
  }
  return bytes
}

/** Avro of the table's schema; records get names of their own. */
function avroRecord(name: string, fields: readonly Field[], names: { count: number }): object {
  return {
    type: 'record',
    name: `${name}${names.count++}`,
    fields: fields.map(field => ({
      name: field.name,
      type: ['null', avroType(field.type, names)],
    })),
  }
}

function avroType(type: DataType, names: { count: number }): unknown {
  if (!isPrimitive(type)) {
    if (type.kind === 'struct') return avroRecord('record', type.fields, names)
    return { type: 'array', items: 'int' }
  }
  if (typeof type === 'object' && type.kind === 'decimal') {
    const { precision, scale } = type
    return { type: 'bytes', logicalType: 'decimal', precision, scale }
  }
  switch (type) {
    case 'date':
      return { type: 'int', logicalType: 'date' }
    case 'timestamptz':
      return { type: 'long', logicalType: 'timestamp-micros' }
    case 'timestamp':
      return { type: 'long', logicalType: 'local-timestamp-micros' }
    default:
      return type === 'binary' ? 'bytes' : type
  }
}
