import {
  type Column,
  type Field,
  leafKey,
  type ObjectMeta,
  type ObjectStore,
  type ParquetReader,
  physicalKind,
  readValue,
  TableError,
  type Value,
} from '@spillway/core'
import {
  AvroCursor,
  type AvroObject,
  compileAvroReader,
  HFile,
  readParquetFooter,
  widenValue,
} from '@spillway/encoding'
import { blockSchema, readAvroBlock } from './avro-block.js'
import type { LogBlock } from './log-file.js'
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
  readonly parquet: ParquetReader
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
    records.push(read(new AvroCursor(value)) as AvroObject)
  }
  return records
}

async function* parquetRecords(
  block: LogBlock,
  options: DataBlockOptions,
): AsyncGenerator<BlockRecord> {
  const { fields, keys, ordering, parquet, signal } = options
  const file: ObjectMeta = { path: block.path, size: block.content.size, lastModified: 0 }
  const store = contentStore(block)
  const footer = await readParquetFooter(store, file, signal)
  const columns = fields.map(field => flatColumn(field, footer.root.children, options))
  const extra = [DELETED_FIELD, OPERATION_FIELD]
  const names = [...keys.columns, ...columns.flatMap(name => name ?? []), ...extra]
  const leaves = [...new Set(names)].map(name => [name])
  const typeOf = new Map(footer.leaves.map(leaf => [leaf.path[0]!, leaf.type]))
  for await (const batch of parquet.read(store, file, { leaves, ...(signal && { signal }) })) {
    const columnOf = (name: string): Column | undefined => batch.leaves.get(leafKey([name]))?.column
    const keyOf = keys.ofColumns(columnOf, block.path)
    const valueOf = (field: Field, name: string | undefined, row: number): Value | null => {
      const column = name === undefined ? undefined : columnOf(name)
      const value = column === undefined ? null : readValue(column, row, typeOf.get(name!)!)
      return value === null ? null : widened(value, field, typeOf.get(name!)!, block)
    }
    for (let row = 0; row < batch.length; row++) {
      const values = fields.map((field, i) => valueOf(field, columns[i], row))
      yield {
        recordKey: keyOf(row),
        row: values,
        isDelete: isRemoved(columnOf, row),
        orderingValues: ordering.map(field => values[fields.indexOf(field)] ?? null),
      }
    }
  }
}

function isRemoved(columnOf: (name: string) => Column | undefined, row: number): boolean {
  const deleted = columnOf(DELETED_FIELD)
  if (deleted !== undefined && readValue(deleted, row, 'boolean') === true) return true
  const operation = columnOf(OPERATION_FIELD)
  return operation !== undefined && REMOVALS.has(readValue(operation, row, 'string'))
}

function flatColumn(
  field: Field,
  nodes: readonly { readonly name: string; readonly leaf?: number }[],
  { nameOf }: DataBlockOptions,
): string | undefined {
  const name = nameOf(field)
  const node = name === undefined ? undefined : nodes.find(n => sameName(n.name, name))
  if (node === undefined) return undefined
  if (node.leaf === undefined || physicalKind(field.type) === undefined) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `column ${field.name} is nested, which Parquet log blocks are not read with`,
      { context: { column: field.name } },
    )
  }
  return node.name
}

function widened(value: Value, field: Field, from: Field['type'], block: LogBlock): Value {
  const wide = widenValue(value, from, field.type)
  if (wide !== undefined) return wide
  throw new TableError('UNSUPPORTED_FEATURE', `column ${field.name} has another type in ${block.path}`, {
    context: { column: field.name, path: block.path },
  })
}

/** The block's content as if it were an object of its own. */
function contentStore(block: LogBlock): ObjectStore {
  const meta = { path: block.path, size: block.content.size, lastModified: 0 }
  return {
    async get(_, { range, signal } = {}) {
      const start = range === undefined ? 0 : 'suffix' in range ? meta.size - range.suffix : range.start
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
