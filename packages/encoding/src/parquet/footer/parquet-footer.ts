import {
  atOnce,
  budgetsOf,
  DEFAULT_BUDGETS,
  inSlices,
  nextTurn,
  type ObjectMeta,
  type ObjectStore,
  type ReadBudgets,
  requireWithin,
  Slices,
  type Steps,
} from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import {
  natural,
  readThriftInSteps,
  readThriftStruct,
  structs,
  type ThriftStruct,
  type ThriftValue,
  text,
} from '../../thrift/thrift.js'
import { type ParquetSchema, schemaInSteps } from '../schema/parquet-schema.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'
import {
  chunkStart,
  chunksOf,
  codecName,
  columnsOf,
  isEncrypted,
  metadataOf,
  statisticsOf,
} from './column-chunks.js'
import { readParquetFooterBytes, requireFooter } from './footer-bytes.js'
import { bytesBehind, requireRows } from './footer-rows.js'
import { oldCalendarLeaves, withoutOldBounds } from './old-calendar.js'
import { reportingPath } from './parquet-error.js'
import type { ParquetFooter, ParquetMetadata, ParquetRowGroup } from './parquet-metadata.js'

const ELEMENTS_PER_COLUMN = 4
/** Reads the footer of a Parquet file: its schema, its row groups and their statistics. */
export async function readParquetFooter(
  store: ObjectStore,
  file: Pick<ObjectMeta, 'path' | 'size'>,
  signal?: AbortSignal,
): Promise<ParquetFooter> {
  return (await readParquetMetadata(store, file, signal)).footer
}

/** Reads the footer of a Parquet file, and where its column chunks lie. */
export async function readParquetMetadata(
  store: ObjectStore,
  file: Pick<ObjectMeta, 'path' | 'size'>,
  signal?: AbortSignal,
): Promise<ParquetMetadata> {
  const bytes = await readParquetFooterBytes(store, file, { signal })
  return parseLongMetadata(bytes, file.path, budgetsOf(store))
}

/** `bytes` are the Thrift FileMetaData alone. */
export function parseParquetMetadata(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): ParquetMetadata {
  return reportingPath(path, () => atOnce(metadataInSteps(bytes, path, budgets)))
}

/** `parseParquetMetadata`; where a footer has many columns, others go on in between. */
export async function parseLongMetadata(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets,
): Promise<ParquetMetadata> {
  if (bytes.length < LONG_FOOTER) return parseParquetMetadata(bytes, path, budgets)
  const steps = metadataInSteps(bytes, path, budgets)
  const metadata = await inSlices(steps, new Slices(), next => reportingPath(path, next))
  await nextTurn()
  return metadata
}

function* metadataInSteps(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets,
): Steps<ParquetMetadata> {
  requireFooter(bytes.length, path, budgets)
  const isLong = bytes.length >= LONG_FOOTER
  const thrift = isLong ? yield* readThriftInSteps(bytes) : readThriftStruct(bytes)
  yield
  const footer = footerOf(thrift, { bytes, path, budgets })
  const shaped: ShapedFooter = { ...footer, ...(yield* schemaInSteps(footer.elements)) }
  yield
  const orders = columnOrders(shaped.metadata.get(7))
  const stated: ParquetRowGroup[] = []
  for (const group of structs(shaped.metadata.get(4))) {
    stated.push(rowGroupOf(group, shaped.leaves, orders))
    yield
  }
  yield
  return understood(shaped, stated, path)
}

/** Bytes that take milliseconds to understand. */
const LONG_FOOTER = 256 * 1024

interface ThriftFooter {
  readonly metadata: ThriftStruct
  /** The elements of the schema, its root first. */
  readonly elements: readonly ThriftStruct[]
  /** Bytes behind it, which may be a signature. */
  readonly behind: number
}

function footerOf(
  { struct: metadata, end }: ReturnType<typeof readThriftStruct>,
  {
    bytes,
    path,
    budgets,
  }: { readonly bytes: Uint8Array; readonly path: string; readonly budgets: ReadBudgets },
): ThriftFooter {
  if (!metadata.has(4)) throw new FormatError('its metadata has no list of row groups')
  const elements = structs(metadata.get(2))
  // Checkpoints keep three statistics of each column, and a list or map has groups around its elements.
  const observed = Math.ceil(elements.length / ELEMENTS_PER_COLUMN)
  requireWithin(budgets, 'columns', {
    what: "a footer's schema",
    observed,
    unit: 'columns',
    path,
  })
  return { metadata, elements, behind: bytesBehind(bytes, end) }
}

type ShapedFooter = ThriftFooter & ParquetSchema

function understood(
  { metadata, behind, root, leaves }: ShapedFooter,
  stated: readonly ParquetRowGroup[],
  path: string,
): ParquetMetadata {
  const rawGroups = structs(metadata.get(4))
  const keyValue = new Map(
    structs(metadata.get(5)).map(pair => [text(pair.get(1)), text(pair.get(2))]),
  )
  const rowCount = natural(metadata.get(3), 'the row count')
  requireRows(path, {
    rows: rowCount,
    inGroups: stated.reduce((sum, group) => sum + group.rowCount, 0),
    hasColumns: leaves.length > 0,
    left: behind,
    isSigned: metadata.has(8),
  })
  const old = oldCalendarLeaves({ keyValue, leaves, rowGroups: stated })
  const createdBy = metadata.get(6)
  const footer: ParquetFooter = {
    path,
    rowCount,
    root,
    leaves,
    rowGroups: withoutOldBounds(stated, old),
    keyValue,
    ...(createdBy === undefined ? {} : { createdBy: text(createdBy) }),
    encrypted: columnsOf(rawGroups).some(isEncrypted),
    oldCalendar: old,
    codecs: [...new Set(columnsOf(rawGroups).map(codecName))],
  }
  return {
    footer,
    chunks: rowGroup => reportingPath(path, () => chunksOf(rawGroups[rowGroup], leaves)),
  }
}

/** Which leaves have an order that `min_value` and `max_value` follow; undefined when the file does not say. */
function columnOrders(value: ThriftValue | undefined): readonly boolean[] | undefined {
  if (!Array.isArray(value)) return undefined
  return structs(value).map(order => order.has(1) || order.has(2))
}

function rowGroupOf(
  group: ThriftStruct,
  leaves: readonly ParquetLeafInfo[],
  orders: readonly boolean[] | undefined,
): ParquetRowGroup {
  const columns = structs(group.get(1))
  if (columns.length !== leaves.length) {
    throw new FormatError(
      `a row group of ${columns.length} columns, the schema has ${leaves.length}`,
    )
  }
  let byteOffset = Number.POSITIVE_INFINITY
  let byteLength = 0
  const statistics = columns.map((column, leaf) => {
    const metadata = metadataOf(column)
    byteOffset = Math.min(byteOffset, chunkStart(metadata))
    byteLength += natural(metadata.get(7), 'a compressed size')
    return statisticsOf(metadata, leaf, leaves[leaf]!, orders?.[leaf])
  })
  return {
    rowCount: natural(group.get(3), "a row group's row count"),
    byteOffset: Number.isFinite(byteOffset) ? byteOffset : 0,
    byteLength,
    columns: statistics,
  }
}
