import {
  type ColumnStats,
  type DataType,
  type FieldPath,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  inSlices,
  leafOf,
  type Selection,
  Slices,
  type Steps,
} from '@spillway/core'
import {
  type AvroBlock,
  AvroCursor,
  type AvroField,
  type AvroFile,
  type AvroSink,
  compileAvroScan,
  located,
} from '@spillway/encoding'
import { type BoundWriter, boundWriter, dropContradictions } from '../bounds/bound-writer.js'
import { dataFileSink, type EntrySchema, intMapSink } from './entry-schema.js'
import type { ManifestColumns } from './manifest-scan.js'

/** Column metrics of one leaf for the rows of a manifest (spec, "Manifests", fields 109, 110, 137, 125 and 128). */
export interface MetricSource {
  readonly file: AvroFile
  readonly schema: EntrySchema
  readonly columns: ManifestColumns
  readonly inflate: (block: AvroBlock) => Uint8Array
  readonly inflateLater: (block: AvroBlock) => Promise<Uint8Array> | Uint8Array
}

/** Reads the metrics of `leaves` for `rows`, ascending, in slices; other rows stay unknown. */
export async function readMetrics(
  source: MetricSource,
  leaves: readonly FieldPath[],
  rows: Selection,
): Promise<readonly ColumnStats[]> {
  const { length } = source.columns
  const collectors = leaves.map(leaf => new MetricCollector(leaf, length))
  const byId = new Map(collectors.map(collector => [collector.id, collector]))
  const step = compileAvroScan(source.schema.root, {
    kind: 'record',
    partial: true,
    fields: new Map<AvroField, AvroSink>([
      [source.schema.dataFile, metricSinks(source.schema, byId)],
    ]),
  })
  await forEachInSlices(source, rows, (cursor, row) => {
    for (const collector of collectors) collector.reset()
    step(cursor)
    cursor.check()
    for (const collector of collectors) collector.commit(row, source.columns.recordCount[row]!)
  })
  const slices = new Slices()
  const found: ColumnStats[] = []
  for (const collector of collectors) {
    found.push(await inSlices(collector.finish(rows), slices, next => next()))
  }
  return found
}

function metricSinks(schema: EntrySchema, byId: ReadonlyMap<number, MetricCollector>): AvroSink {
  const counter = (name: 'valueCount' | 'nullCount' | 'nanCount') => (key: () => number) => {
    const value = (count: number) => {
      const collector = byId.get(key())
      if (collector !== undefined) collector[name] = count
    }
    return { kind: 'number', value } as const
  }
  const bound = (side: 'setLower' | 'setUpper') => (key: () => number) => {
    const value = (bytes: Uint8Array, start: number, end: number) =>
      byId.get(key())?.[side](bytes, start, end)
    return { kind: 'bytes', value } as const
  }
  return dataFileSink(
    schema,
    {
      ...intMapSink(schema, 'valueCounts', counter('valueCount')),
      ...intMapSink(schema, 'nullCounts', counter('nullCount')),
      ...intMapSink(schema, 'nanCounts', counter('nanCount')),
      ...intMapSink(schema, 'lower', bound('setLower')),
      ...intMapSink(schema, 'upper', bound('setUpper')),
    },
    true,
  )
}

/** Visits the entries of a few `rows`, ascending, with a cursor at the start of each. */
export function forEachEntry(
  source: Pick<MetricSource, 'file' | 'columns' | 'inflate'>,
  rows: Selection,
  visit: (cursor: AvroCursor, row: number, index: number) => void,
): void {
  const { blockStart, offset } = source.columns
  let block = -1
  let cursor = new AvroCursor(EMPTY)
  located(source.file.path, () => {
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i]!
      if (block < 0 || row >= blockStart[block + 1]!) {
        block = blockOf(blockStart, row)
        cursor = new AvroCursor(source.inflate(source.file.blocks[block]!), source.file.budgets)
      }
      cursor.pos = offset[row]!
      visit(cursor, row, i)
    }
  })
}

/** The block that holds `row`: the last of those that begin at it or before, since blocks may be without entries. */
function blockOf(blockStart: Uint32Array, row: number): number {
  let [low, high] = [0, blockStart.length - 1]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (blockStart[middle]! <= row) low = middle
    else high = middle
  }
  return low
}

/**
 * Long blocks of `rows`, ascending, uncompressed while others go on, for whoever looks into entries later and at once. For as
 * long as they are held `inflate` finds them.
 */
export async function longBlocks(
  { file, columns, inflateLater }: Pick<MetricSource, 'file' | 'columns' | 'inflateLater'>,
  rows: Selection,
): Promise<readonly Uint8Array[]> {
  const { blockStart } = columns
  const found: Uint8Array[] = []
  // Of these the entries are the file's own bytes.
  if (file.codec === 'null') return found
  for (let i = 0; i < rows.length; ) {
    const at = blockOf(blockStart, rows[i]!)
    const block = file.blocks[at]!
    if (block.end - block.start >= LONG_BLOCK) found.push(await inflateLater(block))
    while (i < rows.length && rows[i]! < blockStart[at + 1]!) i++
  }
  return found
}

/** Bytes, compressed, of a block that takes more than some milliseconds: writers end one at tens of kilobytes. */
const LONG_BLOCK = 256 * 1024

/** Visits the entries of many `rows`, ascending, in slices; long blocks are inflated while others go on. */
export async function forEachInSlices(
  source: Pick<MetricSource, 'file' | 'columns' | 'inflateLater'>,
  rows: Selection,
  visit: (cursor: AvroCursor, row: number, index: number) => void,
): Promise<void> {
  const { path, blocks, budgets } = source.file
  const { blockStart, offset } = source.columns
  const slices = new Slices()
  let block = -1
  let cursor = new AvroCursor(EMPTY)
  for (let next = 0; next < rows.length; ) {
    if (block < 0 || rows[next]! >= blockStart[block + 1]!) {
      do block++
      while (rows[next]! >= blockStart[block + 1]!)
      const inflated = source.inflateLater(blocks[block]!)
      cursor = new AvroCursor(inflated instanceof Uint8Array ? inflated : await inflated, budgets)
    }
    const end = blockStart[block + 1]!
    next = located(path, () => {
      let i = next
      do {
        cursor.pos = offset[rows[i]!]!
        visit(cursor, rows[i]!, i)
        i++
      } while (i < rows.length && rows[i]! < end && !slices.isOver)
      return i
    })
    if (slices.isOverNow) await slices.pause()
  }
}

const EMPTY = new Uint8Array()

class MetricCollector {
  readonly id: number
  readonly #type: DataType
  readonly #topLevel: boolean
  readonly #floating: boolean
  readonly #holds: Uint8Array
  readonly #nullCounts: Float64Array
  readonly #lower: BoundWriter | undefined
  readonly #upper: BoundWriter | undefined
  valueCount = Number.NaN
  nullCount = Number.NaN
  nanCount = Number.NaN
  #bytes: Uint8Array = EMPTY
  #lowerStart = -1
  #lowerEnd = 0
  #upperStart = -1
  #upperEnd = 0

  constructor(path: FieldPath, length: number) {
    const { id, type } = leafOf(path)
    this.id = id
    this.#type = type
    this.#topLevel = path.length === 1
    this.#floating = type === 'float' || type === 'double'
    const anything = HOLDS_VALUES | HOLDS_NULLS | (this.#floating ? HOLDS_NANS : 0)
    this.#holds = new Uint8Array(length).fill(anything)
    this.#nullCounts = new Float64Array(length).fill(Number.NaN)
    this.#lower = boundWriter(type, length, 'lower')
    this.#upper = boundWriter(type, length, 'upper')
  }

  reset(): void {
    this.valueCount = Number.NaN
    this.nullCount = Number.NaN
    this.nanCount = Number.NaN
    this.#lowerStart = -1
    this.#upperStart = -1
  }

  setLower(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes
    this.#lowerStart = start
    this.#lowerEnd = end
  }

  setUpper(bytes: Uint8Array, start: number, end: number): void {
    this.#bytes = bytes
    this.#upperStart = start
    this.#upperEnd = end
  }

  commit(row: number, recordCount: number): void {
    this.#holds[row] = this.#held(recordCount)
    this.#nullCounts[row] = this.nullCount
    if (this.#lowerStart >= 0) this.#lower?.set(row, this.#bytes, this.#lowerStart, this.#lowerEnd)
    if (this.#upperStart >= 0) this.#upper?.set(row, this.#bytes, this.#upperStart, this.#upperEnd)
  }

  /**
   * Counts prove absence only where they count every row: below a struct some writers leave out the rows whose struct
   * is null. A count that is not there is unknown, not zero.
   */
  #held(recordCount: number): number {
    const { valueCount, nullCount, nanCount } = this
    const complete = Number.isNaN(valueCount) ? this.#topLevel : valueCount === recordCount
    let held = HOLDS_VALUES | HOLDS_NULLS | (this.#floating ? HOLDS_NANS : 0)
    if (complete && nullCount === 0) held &= ~HOLDS_NULLS
    if (this.#floating && nanCount === 0) held &= ~HOLDS_NANS
    if (complete && nullCount === recordCount) return held & ~(HOLDS_VALUES | HOLDS_NANS)
    const others = nullCount + (this.#floating ? nanCount : 0)
    return complete && others === recordCount ? held & ~HOLDS_VALUES : held
  }

  *finish(rows: Selection): Steps<ColumnStats> {
    const statistics = { holds: this.#holds, nullCount: this.#nullCounts }
    if (this.#lower === undefined || this.#upper === undefined) return statistics
    const lower = this.#lower
    const upper = this.#upper
    const drop = (row: number) => {
      lower.unset(row)
      upper.unset(row)
    }
    const columns = { lower: lower.finish(), upper: upper.finish() }
    const uuid = this.#type === 'uuid'
    yield* dropContradictions(columns.lower, columns.upper, { rows, uuid, drop })
    return { ...statistics, ...columns }
  }
}
