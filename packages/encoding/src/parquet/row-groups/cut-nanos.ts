import {
  budgetsOf,
  type Column,
  inSlices,
  type ObjectMeta,
  type ObjectStore,
  Slices,
  type Steps,
} from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import { Inflation } from '../../compression/inflation.js'
import { readRange } from '../footer/footer-bytes.js'
import { reportingPath } from '../footer/parquet-error.js'
import { readParquetMetadata } from '../footer/parquet-footer.js'
import { pageCodecs } from '../pages/parquet-codec.js'
import type { ParquetNode } from '../schema/parquet-types.js'
import { decodeChunkLevels } from './parquet-chunk.js'

export interface CutNanosOptions {
  /** Places of leaves in the footer's list of schema elements; the default is all that hold moments in nanoseconds. */
  readonly elements?: readonly number[]
  readonly signal?: AbortSignal | undefined
}

const NONE: ReadonlyMap<number, bigint> = new Map()

/**
 * By element, the first moment of a column that is no whole number of microseconds; columns of whole microseconds alone are not
 * there. Reads the columns of moments in nanoseconds and no other, a column chunk at a time.
 */
export async function cutNanos(
  store: ObjectStore,
  file: Pick<ObjectMeta, 'path' | 'size'>,
  { elements, signal }: CutNanosOptions = {},
): Promise<ReadonlyMap<number, bigint>> {
  const metadata = await readParquetMetadata(store, file, signal)
  const { footer } = metadata
  const asked = new Map(
    [...nanoLeaves(footer.root)].filter(([, element]) => elements?.includes(element) ?? true),
  )
  if (asked.size === 0) return NONE
  const found = new Map<number, bigint>()
  const codecs = pageCodecs()
  const budgets = budgetsOf(store)
  const slices = new Slices()
  for (const index of footer.rowGroups.keys()) {
    for (const chunk of metadata.chunks(index)) {
      const element = asked.get(chunk.leaf)
      if (element === undefined || found.has(element)) continue
      await codecs.prepare(chunk.codec)
      const bytes = await readRange(store, file, chunk, signal)
      const what = `row group ${index}`
      const room = new Inflation(budgets, { what, storedBytes: file.size, path: file.path })
      const leaf = footer.leaves[chunk.leaf]!
      const pages = decodeChunkLevels(bytes, chunk, leaf, { codecs, room, budgets })
      const { values } = await inSlices(pages, slices, next => reportingPath(file.path, next))
      const cut = await inSlices(firstCut(values), slices, next => reportingPath(file.path, next))
      if (cut !== undefined) found.set(element, cut)
    }
  }
  return found
}

/** Leaves of moments in nanoseconds, each with its element. */
function* nanoLeaves(node: ParquetNode): Generator<readonly [leaf: number, element: number]> {
  const { leaf, element, logicalType, children } = node
  const isNanos = logicalType?.kind === 'timestamp' && logicalType.unit === 'nanos'
  if (leaf !== undefined && isNanos) yield [leaf, element]
  for (const child of children) yield* nanoLeaves(child)
}

/** About a millisecond. */
const VALUES_IN_A_STEP = 1 << 17
/** What is left of 2^32 by 1000. */
const HIGH = 296

/** By halves of 32 bits, whose sum stays a small integer: a remainder of bigints takes many times as long. */
function* firstCut(column: Column): Steps<bigint | undefined> {
  if (column.kind !== 'int64')
    throw new FormatError('moments in nanoseconds that are no 64-bit integers')
  const { values } = column
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  for (let start = 0; start < values.length; start += VALUES_IN_A_STEP) {
    if (start > 0) yield
    const end = Math.min(values.length, start + VALUES_IN_A_STEP)
    for (let i = start; i < end; i++) {
      const low = halves[2 * i]! >>> 0
      if (((halves[2 * i + 1]! % 1000) * HIGH + low) % 1000 !== 0) return values[i]!
    }
  }
  return undefined
}
