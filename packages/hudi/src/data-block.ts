import {
  type Field,
  type ObjectMeta,
  type ObjectStore,
  TableError,
  type Value,
} from '@spillway/core'
import {
  AvroCursor,
  type AvroObject,
  compileAvroReader,
  HFile,
  parquetFields,
  readParquetRows,
} from '@spillway/encoding'
import { blockSchema, readAvroBlock, requireEnd } from './avro-block.js'
import type { LogBlock } from './log-file.js'
import { parquetRowReader } from './parquet-values.js'
import type { KeyRule } from './record-key.js'
import { rowReader } from './row-values.js'
import { sameName } from './schema.js'

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
  readonly signal?: AbortSignal
}

const DELETED_FIELD = '_hoodie_is_deleted'
const OPERATION_FIELD = '_hoodie_operation'
/** Change-log operations that take a row away: delete, and the old half of an update. */
const REMOVALS = new Set<unknown>(['D', '-U'])

/** The records of an Avro, HFile or Parquet data block, in order. */
export async function* readDataBlock(
  block: LogBlock,
  options: DataBlockOptions,
): AsyncGenerator<BlockRecord> {
  switch (block.type) {
    case 'avro':
      yield* avroRecords(block, await readAvroBlock(block, options.signal), options)
      return
    case 'hfile':
      yield* avroRecords(block, await hfileRecords(block, options.signal), options)
      return
    case 'parquet':
      yield* parquetRecords(block, options)
      return
    default:
      throw new TableError('UNSUPPORTED_FEATURE', `${block.type} log blocks (${block.path})`, {
        context: { path: block.path },
      })
  }
}

function* avroRecords(
  block: LogBlock,
  records: readonly AvroObject[],
  { fields, nameOf, keys, ordering }: DataBlockOptions,
): Generator<BlockRecord> {
  const reader = rowReader(blockSchema(block), fields, nameOf)
  for (const record of records) {
    yield {
      recordKey: keys.ofRecord(record),
      row: reader.row(record),
      isDelete: record[DELETED_FIELD] === true || REMOVALS.has(record[OPERATION_FIELD]),
      orderingValues: ordering.map(field => reader.value(record, field)),
    }
  }
}

async function hfileRecords(block: LogBlock, signal?: AbortSignal): Promise<readonly AvroObject[]> {
  const hfile = await HFile.open(block.content, signal)
  const read = compileAvroReader(blockSchema(block))
  const records: AvroObject[] = []
  for await (const { value } of hfile.scan(signal)) {
    const cursor = new AvroCursor(value, block.content.budgets)
    records.push(read(cursor) as AvroObject)
    requireEnd(cursor, block, 'a record')
  }
  return records
}

async function* parquetRecords(
  block: LogBlock,
  { fields, nameOf, keys, ordering, signal }: DataBlockOptions,
): AsyncGenerator<BlockRecord> {
  const file: ObjectMeta = { path: block.path, size: block.content.size, lastModified: 0 }
  const { footer, rows } = await readParquetRows(contentStore(block), file, signal)
  const columns = parquetFields(footer)
  const at = (name: string) => columns.findIndex(column => sameName(column.name, name))
  const [deleted, operation] = [at(DELETED_FIELD), at(OPERATION_FIELD)]
  const keyAt = keys.columns.map(at)
  const reader = parquetRowReader(columns, fields, nameOf)
  for (const values of rows) {
    const row = reader(values)
    yield {
      recordKey: keys.ofValues(keyAt.map(i => values[i])),
      row,
      isDelete: values[deleted] === true || REMOVALS.has(values[operation]),
      orderingValues: ordering.map(field => (row[fields.indexOf(field)] ?? null) as Value | null),
    }
  }
}

/** The block's content as if it were an object of its own. */
function contentStore(block: LogBlock): ObjectStore {
  const meta = { path: block.path, size: block.content.size, lastModified: 0 }
  const { budgets } = block.content
  return {
    ...(budgets && { budgets }),
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
