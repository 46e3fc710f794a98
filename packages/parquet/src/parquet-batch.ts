import {
  BytesBuilder,
  type BytesColumn,
  type ColumnStats,
  columnByteLength,
  type FieldPath,
  type FileBatch,
  HOLDS_ANYTHING,
  HOLDS_NULLS,
  hash64,
  inSlices,
  leafOf,
  physicalKind,
  type Selection,
  Slices,
  type StatsTable,
  type Steps,
  selectAll,
  typeName,
  type Value,
} from '@spillway/core'
import {
  columnStatsInSteps,
  type FooterStats,
  footerStats,
  type ParquetFooter,
} from '@spillway/encoding'
import { type FileFacts, parseFooter } from './file-facts.js'
import { lacksColumn, leafFinder } from './footer-columns.js'
import type { FooterReader } from './footers.js'
import { eachInSteps } from './in-steps.js'
import type { ListedFile } from './table-location.js'

export interface BatchFiles {
  readonly files: readonly ListedFile[]
  readonly facts: readonly FileFacts[]
  /** By file, one value a partition column. */
  readonly values: readonly (readonly (Value | null)[])[]
  readonly partitionFields: readonly FieldPath[]
}

interface Decoded {
  readonly stats: ColumnStats
  /** The rows it was read for; undefined for all. */
  readonly rows: ReadonlySet<number> | undefined
}

const utf8 = new TextEncoder()
const UNKNOWN: FooterStats = { nullCount: Number.NaN, holds: HOLDS_ANYTHING }

/**
 * A run of files. Their footers are kept as bytes, and parsed when a column's bounds are asked for; those that were
 * never given are read then, for the files that partition values did not rule out.
 */
export class ParquetBatch implements FileBatch {
  readonly path: BytesColumn
  readonly size: Float64Array
  readonly key: BigUint64Array
  readonly stats: StatsTable
  readonly #files: readonly ListedFile[]
  readonly #reader: FooterReader
  readonly #footers: (Uint8Array | undefined)[]
  readonly #columns = new Map<string, Decoded>()
  #byteLength: number

  private constructor(
    columns: Pick<FileBatch, 'path' | 'size' | 'key' | 'stats'>,
    files: readonly ListedFile[],
    reader: FooterReader,
    footers: ReadonlyMap<string, Uint8Array>,
  ) {
    this.path = columns.path
    this.size = columns.size
    this.key = columns.key
    this.stats = columns.stats
    this.#files = files
    this.#reader = reader
    this.#footers = files.map(file => footers.get(file.path))
    const held = this.#footers.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0)
    this.#byteLength = columnByteLength(this.path) + files.length * 24 + held
  }

  static *inSteps(
    { files, facts, values, partitionFields }: BatchFiles,
    reader: FooterReader,
    footers: ReadonlyMap<string, Uint8Array>,
  ): Steps<ParquetBatch> {
    const path = new BytesBuilder(files.length)
    const key = new BigUint64Array(files.length)
    yield* eachInSteps(files, (file, row) => {
      path.append(file.path)
      key[row] = hash64(utf8.encode(file.path))
    })
    const stats = {
      length: files.length,
      recordCount: Float64Array.from(facts, ({ rowCount }) => rowCount),
      columns: yield* partitionColumns(values, partitionFields),
    }
    const size = Float64Array.from(files, file => file.size)
    return new ParquetBatch({ path: path.finish(), size, key, stats }, files, reader, footers)
  }

  get length(): number {
    return this.#files.length
  }

  get byteLength(): number {
    return this.#byteLength
  }

  async readStats(
    fields: readonly FieldPath[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<StatsTable> {
    // A folder's name wins over a column of the same name inside the file.
    const wanted = fields.filter(
      field =>
        physicalKind(leafOf(field).type) !== undefined && !this.stats.columns.has(leafOf(field).id),
    )
    await this.#decode(wanted, rows, signal)
    const columns = new Map(this.stats.columns)
    for (const field of wanted) {
      columns.set(leafOf(field).id, [this.#columns.get(columnKey(field))!.stats])
    }
    return { ...this.stats, columns }
  }

  /** A column is decoded at most twice: for some rows, then for all. */
  async #decode(fields: readonly FieldPath[], rows: Selection, signal?: AbortSignal) {
    const missing = fields.filter(field => !covers(this.#columns.get(columnKey(field)), rows))
    if (missing.length === 0) return
    const again = missing.some(field => this.#columns.has(columnKey(field)))
    const all = again || rows.length * 2 > this.length
    const asked = all ? selectAll(this.length) : rows
    await this.#readFooters(asked, signal)
    const found = missing.map(() => new Array<FooterStats>(this.length).fill(UNKNOWN))
    const slices = new Slices()
    for (const row of asked) {
      const { path } = this.#files[row]!
      const footer = await parseFooter(this.#footers[row]!, path, this.#reader.budgets)
      const find = leafFinder(footer, missing.length)
      missing.forEach((field, i) => {
        found[i]![row] = columnFacts(footer, field, find)
      })
      if (slices.isOverNow) await slices.pause()
    }
    for (const [i, field] of missing.entries()) {
      const stats = await inSlices(columnStatsInSteps(found[i]!, leafOf(field).type), slices)
      this.#byteLength += bytesOf(stats)
      this.#columns.set(columnKey(field), { stats, rows: all ? undefined : new Set(rows) })
    }
  }

  async #readFooters(rows: Selection, signal?: AbortSignal): Promise<void> {
    const unread = [...rows].filter(row => this.#footers[row] === undefined)
    const take = (bytes: Uint8Array, index: number) => {
      this.#byteLength += bytes.length
      this.#footers[unread[index]!] = bytes
    }
    await this.#reader.forEach(
      unread.map(row => this.#files[row]!),
      take,
      signal,
    )
  }
}

function* partitionColumns(
  values: BatchFiles['values'],
  fields: readonly FieldPath[],
): Steps<ReadonlyMap<number, readonly ColumnStats[]>> {
  const columns = new Map<number, readonly ColumnStats[]>()
  for (const [i, field] of fields.entries()) {
    const rows = values.map(row => exactly(row[i]!))
    yield
    columns.set(leafOf(field).id, [yield* columnStatsInSteps(rows, leafOf(field).type)])
  }
  return columns
}

/** Statistics of a column that holds one value, or nulls alone. */
function exactly(value: Value | null): FooterStats {
  if (value === null) return { nullCount: Number.NaN, holds: HOLDS_NULLS }
  return { lower: value, upper: value, nullCount: 0, holds: 1 }
}

function columnFacts(
  footer: ParquetFooter,
  path: FieldPath,
  find: ReturnType<typeof leafFinder>,
): FooterStats {
  const names = path.map(field => field.physicalName)
  const leaf = find(names)
  if (leaf !== undefined) return footerStats(footer, leaf, { type: leafOf(path).type })
  if (lacksColumn(footer, names)) {
    return { nullCount: footer.rowCount, holds: footer.rowCount === 0 ? 0 : HOLDS_NULLS }
  }
  return UNKNOWN
}

function columnKey(path: FieldPath): string {
  return JSON.stringify([path.map(field => field.physicalName), typeName(leafOf(path).type)])
}

function covers(column: Decoded | undefined, rows: Selection): boolean {
  if (column === undefined) return false
  const { rows: read } = column
  return read === undefined || rows.every(row => read.has(row))
}

function bytesOf({ holds, nullCount, lower, upper }: ColumnStats): number {
  const bounds = [lower, upper].reduce(
    (sum, column) => sum + (column === undefined ? 0 : columnByteLength(column)),
    0,
  )
  return bounds + (holds?.byteLength ?? 0) + (nullCount?.byteLength ?? 0)
}
