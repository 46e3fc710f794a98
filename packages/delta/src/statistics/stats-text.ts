import type { ColumnStats, Selection, Value } from '@spillway/core'
import { JsonCursor } from '../json/json-cursor.js'
import { JsonProblem } from '../json/json-problem.js'
import { TextInterner } from '../json/text-interner.js'
import { JsonBoundReader } from './bound-value.js'
import { ColumnStatsBuilder, type StatsColumn } from './stats-columns.js'

const bytesOf = (text: string) => new TextEncoder().encode(text)

const NUM_RECORDS = bytesOf('numRecords')
const MIN_VALUES = bytesOf('minValues')
const MAX_VALUES = bytesOf('maxValues')
const NULL_COUNT = bytesOf('nullCount')

/** The longest statistics that are read: tables have 32,768 columns, and that is some megabytes. */
const MAX_STATS_BYTES = 8 * 1024 * 1024

/** `numRecords` of a statistics text; NaN where it is not said. Reads no further than it must. */
export function readNumRecords(stats: Uint8Array, cursor = new JsonCursor(stats)): number {
  if (stats.length > MAX_STATS_BYTES) return Number.NaN
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
  readonly branches: Branches
}

/** A few names are compared one after the other; of thousands that would be as often for each key of a text as wide. */
const FEW_NAMES = 8

class Branches {
  readonly #all: Branch[] = []
  readonly #byName = new Map<string, Branch>()
  readonly #names = new TextInterner()

  /** The branch of that name that has others below it, made where there is none. */
  under(name: string): Branches {
    const known = this.#byName.get(name)
    if (known !== undefined && known.column === undefined) return known.branches
    return this.#add(name, undefined)
  }

  addColumn(name: string, column: number): void {
    this.#add(name, column)
  }

  #add(name: string, column: number | undefined): Branches {
    const branch: Branch = { name: bytesOf(name), column, branches: new Branches() }
    this.#all.push(branch)
    if (!this.#byName.has(name)) this.#byName.set(name, branch)
    return branch.branches
  }

  /** What the cursor's key names. */
  at(cursor: JsonCursor): Branch | undefined {
    if (this.#all.length <= FEW_NAMES) return this.#all.find(({ name }) => cursor.keyIs(name))
    return this.#byName.get(cursor.internedKey(this.#names))
  }
}

/** Decodes the asked columns out of statistics texts, row after row. A text that is broken proves nothing. */
export class StatsTextReader {
  readonly #columns: readonly {
    readonly reader: JsonBoundReader
    readonly builder: ColumnStatsBuilder
  }[]
  readonly #branches: Branches
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
    if (stats.length > MAX_STATS_BYTES) return
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
    branches: Branches,
    side: 'lower' | 'upper',
    into: (Value | null)[],
  ): void {
    for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
      const branch = branches.at(cursor)
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

  #nullCounts(cursor: JsonCursor, branches: Branches): void {
    for (let more = cursor.enterObject(); more; more = cursor.nextKey()) {
      const branch = branches.at(cursor)
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

function branchesOf(columns: readonly StatsColumn[]): Branches {
  const root = new Branches()
  columns.forEach(({ physicalPath }, column) => {
    let level = root
    for (const part of physicalPath.slice(0, -1)) level = level.under(part)
    level.addColumn(physicalPath.at(-1)!, column)
  })
  return root
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
