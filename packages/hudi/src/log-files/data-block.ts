import {
  type Field,
  type ObjectMeta,
  type ObjectStore,
  Slices,
  TableError,
  type Value,
} from '@spillway/core'
import {
  AvroCursor,
  type AvroObject,
  type AvroType,
  compileAvroReader,
  HFile,
  parquetFields,
  readParquetRows,
} from '@spillway/encoding'
import { sameName } from '../schema/schema.js'
import { blockSchema, RECORDS_AT_ONCE, readAvroBlock, requireEnd } from './avro-block.js'
import type { LogBlock } from './log-file.js'
import { parquetRowReader } from './parquet-values.js'
import type { KeyRule } from './record-key.js'
import { rowReader } from './row-values.js'

export interface BlockRecord {
  readonly recordKey: string
  readonly row: readonly unknown[]
  readonly isDelete: boolean
  readonly orderingValues: readonly (Value | null)[]
}

export interface DataBlockOptions {
  readonly fields: readonly Field[]
  readonly nameOf: (field: Field) => string | undefined
  readonly keys: KeyRule
  readonly ordering: readonly Field[]
  readonly signal?: AbortSignal | undefined
}

/** Most tables have none, and logs millions of records. */
const NO_ORDERING: readonly (Value | null)[] = []
const DELETED_FIELD = '_hoodie_is_deleted'
const OPERATION_FIELD = '_hoodie_operation'
/** Change-log operations that take a row away: delete, and the old half of an update. */
const REMOVALS = new Set<unknown>(['D', '-U'])

/** The records of an Avro, HFile or Parquet data block, in order, some at a time and in slices. */
export async function* readDataBlock(
  block: LogBlock,
  options: DataBlockOptions,
): AsyncGenerator<readonly BlockRecord[]> {
  const { signal } = options
  switch (block.type) {
    case 'avro': {
      const given = await blockSchema(block)
      const records = readAvroBlock(block, { given, signal })
      yield* avroRecords(records, given, options)
      return
    }
    case 'hfile': {
      const given = await blockSchema(block)
      yield* avroRecords(hfileRecords(block, given, signal), given, options)
      return
    }
    case 'parquet':
      yield* parquetRecords(block, options)
      return
    default:
      throw new TableError('UNSUPPORTED_FEATURE', `${block.type} log blocks (${block.path})`, {
        context: { path: block.path },
      })
  }
}

async function* avroRecords(
  read: AsyncIterable<readonly AvroObject[]>,
  writer: AvroType,
  { fields, nameOf, keys, ordering }: DataBlockOptions,
): AsyncGenerator<readonly BlockRecord[]> {
  const reader = rowReader(writer, fields, nameOf)
  const slices = new Slices()
  for await (const records of read) {
    const found: BlockRecord[] = []
    for (const record of records) {
      found.push({
        recordKey: keys.ofRecord(record),
        row: reader.row(record),
        isDelete: record[DELETED_FIELD] === true || REMOVALS.has(record[OPERATION_FIELD]),
        orderingValues:
          ordering.length === 0 ? NO_ORDERING : ordering.map(field => reader.value(record, field)),
      })
      if (slices.isOverNow) await slices.pause()
    }
    yield found
  }
}

async function* hfileRecords(
  block: LogBlock,
  writer: AvroType,
  signal?: AbortSignal,
): AsyncGenerator<readonly AvroObject[]> {
  const hfile = await HFile.open(block.content, signal)
  const read = compileAvroReader(writer)
  const slices = new Slices()
  let records: AvroObject[] = []
  for await (const { value } of hfile.scan(signal)) {
    const cursor = new AvroCursor(value, block.content.budgets)
    records.push(read(cursor) as AvroObject)
    requireEnd(cursor, block, 'a record')
    if (slices.isOverNow) await slices.pause()
    if (records.length < RECORDS_AT_ONCE) continue
    yield records
    records = []
  }
  yield records
}

async function* parquetRecords(
  block: LogBlock,
  { fields, nameOf, keys, ordering, signal }: DataBlockOptions,
): AsyncGenerator<readonly BlockRecord[]> {
  const file: ObjectMeta = { path: block.path, size: block.content.size, lastModified: 0 }
  const { footer, rows } = await readParquetRows(contentStore(block), file, signal)
  const columns = parquetFields(footer)
  const at = (name: string) => columns.findIndex(column => sameName(column.name, name))
  const [deleted, operation] = [at(DELETED_FIELD), at(OPERATION_FIELD)]
  const keyAt = keys.columns.map(at)
  const reader = parquetRowReader(columns, fields, nameOf)
  const orderingAt = ordering.map(field => fields.indexOf(field))
  const slices = new Slices()
  for (let start = 0; start < rows.length; start += RECORDS_AT_ONCE) {
    const found: BlockRecord[] = []
    for (const values of rows.slice(start, start + RECORDS_AT_ONCE)) {
      const row = reader(values)
      found.push({
        recordKey: keys.ofValues(keyAt.map(i => values[i])),
        row,
        isDelete: values[deleted] === true || REMOVALS.has(values[operation]),
        orderingValues:
          ordering.length === 0
            ? NO_ORDERING
            : orderingAt.map(i => (row[i] ?? null) as Value | null),
      })
      if (slices.isOverNow) await slices.pause()
    }
    yield found
  }
}

/** The block's content as if it were an object of its own. */
function contentStore(block: LogBlock): ObjectStore {
  const meta = { path: block.path, size: block.content.size, lastModified: 0 }
  const { budgets } = block.content
  return {
    budgets,
    async get(_, { range, signal } = {}) {
      const start =
        range === undefined ? 0 : 'suffix' in range ? meta.size - range.suffix : range.start
      const end = range === undefined || 'suffix' in range ? meta.size : range.end
      const bytes = await block.content.read(Math.max(0, start), Math.min(end, meta.size), signal)
      return { bytes, meta }
    },
    head: async () => meta,
    async *list() {
      yield meta
    },
    async *listPrefixes() {},
  }
}
