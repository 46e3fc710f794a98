import {
  type Column,
  type ColumnStats,
  columnBuilder,
  type DataType,
  type PlainColumn,
  typeName,
  type Value,
} from '@spillway/core'
import { type PartitionValue, parsePartitionValue } from './partition-values.js'

/** What the log may say: a text, null, or nothing at all. */
export type Recorded = string | null | undefined

/** One partition column of a batch as the log spells it: codes into the distinct texts. Code 0 is "not recorded". */
export interface RecordedPartition {
  readonly codes: Uint32Array
  readonly texts: readonly Recorded[]
}

/** Partition values by physical name, untyped: types and names are a schema's business, and schemas change. */
export class PartitionColumns {
  readonly #columns: ReadonlyMap<string, RecordedPartition>
  readonly #length: number
  readonly #recordedBytes: number
  readonly #typed = new Map<string, ColumnStats>()
  /** Values by code, for each name and type that was asked for. */
  readonly #values = new Map<string, readonly (Value | null)[]>()
  /** Of a batch with one partition column: its rows as maps, by code. */
  readonly #rows: ReadonlyMap<string, string | null>[] = []

  constructor(columns: ReadonlyMap<string, RecordedPartition>, length: number) {
    this.#columns = columns
    this.#length = length
    this.#recordedBytes = recordedBytes(columns)
  }

  /** Asked at every use of the cache: texts are counted once. */
  get byteLength(): number {
    return this.#recordedBytes + this.#typed.size * this.#length
  }

  /** The partition of one row as recorded. */
  recordedRow(row: number): ReadonlyMap<string, string | null> {
    if (this.#columns.size !== 1) return this.#recordedRow(row)
    const [column] = this.#columns.values()
    const code = column!.codes[row]!
    this.#rows[code] ??= this.#recordedRow(row)
    return this.#rows[code]
  }

  #recordedRow(row: number): ReadonlyMap<string, string | null> {
    const values = new Map<string, string | null>()
    for (const [name, { codes, texts }] of this.#columns) {
      const text = texts[codes[row]!]
      if (text !== undefined) values.set(name, text)
    }
    return values
  }

  get names(): Iterable<string> {
    return this.#columns.keys()
  }

  recorded(row: number, name: string): Recorded {
    const column = this.#columns.get(name)
    return column?.texts[column.codes[row]!]
  }

  value(row: number, name: string, type: DataType): Value | null {
    const column = this.#find(name)
    if (column === undefined) return null
    const key = `${name}\u001f${typeName(type)}`
    let values = this.#values.get(key)
    if (values === undefined) {
      values = column.texts.map(text => parsePartitionValue(text, type).value)
      this.#values.set(key, values)
    }
    return values[column.codes[row]!]!
  }

  /** What the values of one column prove, at the type it has now. */
  stats(name: string, type: DataType): ColumnStats | undefined {
    const key = `${name}\u001f${typeName(type)}`
    const known = this.#typed.get(key)
    if (known !== undefined) return known
    const column = this.#find(name)
    const stats = column && typedStats(column, type, this.#length)
    if (stats !== undefined) this.#typed.set(key, stats)
    return stats
  }

  /** Old writers kept the case of the path, not of the schema. */
  #find(name: string): RecordedPartition | undefined {
    const exact = this.#columns.get(name)
    if (exact !== undefined) return exact
    const lowered = name.toLowerCase()
    for (const [known, column] of this.#columns) if (known.toLowerCase() === lowered) return column
    return undefined
  }
}

function recordedBytes(columns: ReadonlyMap<string, RecordedPartition>): number {
  let bytes = 0
  for (const { codes, texts } of columns.values()) {
    bytes += codes.byteLength
    for (const text of texts) bytes += 16 + (text?.length ?? 0) * 2
  }
  return bytes
}

function typedStats(
  { codes, texts }: RecordedPartition,
  type: DataType,
  length: number,
): ColumnStats {
  const values = texts.map(text => parsePartitionValue(text, type))
  const holdsOf = Uint8Array.from(values, value => value.holds)
  const holds = new Uint8Array(length)
  for (let row = 0; row < length; row++) holds[row] = holdsOf[codes[row]!]!
  const lower = dictionary(codes, values, type, value => value.lower)
  const upper = values.every(value => value.lower === value.upper)
    ? lower
    : dictionary(codes, values, type, value => value.upper)
  return {
    holds,
    ...(lower === undefined ? {} : { lower }),
    ...(upper === undefined ? {} : { upper }),
  }
}

function dictionary(
  codes: Uint32Array,
  values: readonly PartitionValue[],
  type: DataType,
  boundOf: (value: PartitionValue) => Value | null,
): Column | undefined {
  const builder = columnBuilder(type, values.length)
  if (builder === undefined) return undefined
  for (const value of values) builder.append(boundOf(value))
  const bounds: PlainColumn = builder.finish()
  return { kind: 'dictionary', codes, values: bounds }
}

/** Gathers the partition values of a growing batch. */
export class PartitionColumnsBuilder {
  readonly #columns = new Map<string, CodesBuilder>()

  set(row: number, name: string, text: string | null): void {
    let column = this.#columns.get(name)
    if (column === undefined) {
      column = new CodesBuilder()
      this.#columns.set(name, column)
    }
    column.set(row, text)
  }

  finish(length: number): PartitionColumns {
    const columns = new Map<string, RecordedPartition>()
    for (const [name, column] of this.#columns) columns.set(name, column.finish(length))
    return new PartitionColumns(columns, length)
  }
}

class CodesBuilder {
  readonly #texts: Recorded[] = [undefined]
  readonly #codeOf = new Map<string | null, number>()
  #codes = new Uint32Array(64)
  #last: Recorded
  #lastCode = 0

  set(row: number, text: string | null): void {
    if (text !== this.#last) {
      this.#last = text
      this.#lastCode = this.#code(text)
    }
    if (row >= this.#codes.length) this.#grow(row)
    this.#codes[row] = this.#lastCode
  }

  #code(text: string | null): number {
    let code = this.#codeOf.get(text)
    if (code === undefined) {
      code = this.#texts.length
      this.#codeOf.set(text, code)
      this.#texts.push(text)
    }
    return code
  }

  #grow(row: number): void {
    const grown = new Uint32Array(Math.max(row + 1, this.#codes.length * 2))
    grown.set(this.#codes)
    this.#codes = grown
  }

  finish(length: number): RecordedPartition {
    const codes = new Uint32Array(length)
    codes.set(this.#codes.subarray(0, length))
    return { codes, texts: this.#texts }
  }
}
