import type { ColumnStats, Selection, Value } from '@spillway/core'
import { JsonBoundReader } from './bound-value.js'
import { JsonCursor } from './json-cursor.js'
import { JsonProblem } from './json-problem.js'
import { ColumnStatsBuilder, type StatsColumn } from './stats-columns.js'

const bytesOf = (text: string) => new TextEncoder().encode(text)

const NUM_RECORDS = bytesOf('numRecords')
const MIN_VALUES = bytesOf('minValues')
const MAX_VALUES = bytesOf('maxValues')
const NULL_COUNT = bytesOf('nullCount')

/** `numRecords` of a statistics text; NaN where it is not said. Reads no further than it must. */
export function readNumRecords(stats: Uint8Array, cursor = new JsonCursor(stats)): number {
  try {
    cursor.reset(stats)
    for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
      if (cursor.keyIs(NUM_RECORDS)) return cursor.takeNull() ? Number.NaN : count(cursor)
      cursor.skipValue()
    }
  } catch (error) {
    if (!(error instanceof JsonProblem)) throw error
  }
  return Number.NaN
}

function count(cursor: JsonCursor): number {
  const value = cursor.readNumber()
  return Number.isSafeInteger(value) && value >= 0 ? value : Number.NaN
}

/** Physical names as a tree, so that one pass over a text meets every column that was asked for. */
interface Branch {
  readonly name: Uint8Array
  readonly column: number | undefined
  readonly branches: Branch[]
}

/** Decodes the asked columns out of statistics texts, row after row. A text that is broken proves nothing. */
export class StatsTextReader {
  readonly #columns: readonly {
    readonly reader: JsonBoundReader
    readonly builder: ColumnStatsBuilder
  }[]
  readonly #branches: readonly Branch[]
  readonly #lower: (Value | null)[]
  readonly #upper: (Value | null)[]
  readonly #nulls: Float64Array
  readonly #cursor = new JsonCursor(new Uint8Array(0))

  constructor(columns: readonly StatsColumn[], length: number) {
    this.#columns = columns.map(({ rules }) => ({
      reader: new JsonBoundReader(rules),
      builder: new ColumnStatsBuilder(rules, length),
    }))
    this.#branches = branchesOf(columns)
    this.#lower = columns.map(() => null)
    this.#upper = columns.map(() => null)
    this.#nulls = new Float64Array(columns.length)
  }

  read(row: number, stats: Uint8Array): void {
    this.#lower.fill(null)
    this.#upper.fill(null)
    this.#nulls.fill(Number.NaN)
    try {
      this.#store(row, this.#scan(this.#cursor.reset(stats)))
    } catch (error) {
      if (!(error instanceof JsonProblem)) throw error
    }
  }

  finish(): ColumnStats[] {
    return this.#columns.map(({ builder }) => builder.finish())
  }

  #scan(cursor: JsonCursor): number {
    let records = Number.NaN
    for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
      if (cursor.takeNull()) continue
      if (cursor.keyIs(NUM_RECORDS)) records = count(cursor)
      else if (cursor.keyIs(MIN_VALUES)) this.#bounds(cursor, this.#branches, 'lower', this.#lower)
      else if (cursor.keyIs(MAX_VALUES)) this.#bounds(cursor, this.#branches, 'upper', this.#upper)
      else if (cursor.keyIs(NULL_COUNT)) this.#nullCounts(cursor, this.#branches)
      else cursor.skipValue()
    }
    return records
  }

  #bounds(
    cursor: JsonCursor,
    branches: readonly Branch[],
    side: 'lower' | 'upper',
    into: (Value | null)[],
  ): void {
    for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
      const branch = branches.find(({ name }) => cursor.keyIs(name))
      if (branch === undefined) cursor.skipValue()
      else if (cursor.takeNull()) continue
      else if (branch.column !== undefined) {
        const bound = this.#columns[branch.column]!.reader.read(cursor, side)
        // Bytes may be a view of memory that the next string overwrites.
        into[branch.column] = bound instanceof Uint8Array ? bound.slice() : bound
      } else if (cursor.isObject()) this.#bounds(cursor, branch.branches, side, into)
      else cursor.skipValue()
    }
  }

  #nullCounts(cursor: JsonCursor, branches: readonly Branch[]): void {
    for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
      const branch = branches.find(({ name }) => cursor.keyIs(name))
      if (branch === undefined) cursor.skipValue()
      else if (cursor.isNumber() && branch.column !== undefined) {
        this.#nulls[branch.column] = cursor.readNumber()
      } else if (cursor.isObject()) this.#nullCounts(cursor, branch.branches)
      else cursor.skipValue()
    }
  }

  #store(row: number, records: number): void {
    for (let i = 0; i < this.#columns.length; i++) {
      const { builder } = this.#columns[i]!
      builder.setBounds(row, this.#lower[i]!, this.#upper[i]!, records)
      builder.setNulls(row, this.#nulls[i]!, records)
    }
  }
}

function branchesOf(columns: readonly StatsColumn[]): Branch[] {
  const root: Branch[] = []
  columns.forEach(({ physicalPath }, column) => {
    let level = root
    physicalPath.forEach((part, depth) => {
      const name = bytesOf(part)
      const isLeaf = depth === physicalPath.length - 1
      const branch: Branch = { name, column: isLeaf ? column : undefined, branches: [] }
      const shared = isLeaf ? undefined : level.find(known => sameName(known, name))
      if (shared === undefined) level.push(branch)
      level = (shared ?? branch).branches
    })
  })
  return root
}

function sameName(branch: Branch, name: Uint8Array): boolean {
  return branch.column === undefined && Buffer.compare(branch.name, name) === 0
}

/** Statistics of `rows`, whose texts `textOf` gives. */
export function statsFromText(
  columns: readonly StatsColumn[],
  length: number,
  rows: Selection,
  textOf: (row: number) => Uint8Array | undefined,
): ColumnStats[] {
  const reader = new StatsTextReader(columns, length)
  for (let i = 0; i < rows.length; i++) {
    const text = textOf(rows[i]!)
    if (text !== undefined) reader.read(rows[i]!, text)
  }
  return reader.finish()
}
