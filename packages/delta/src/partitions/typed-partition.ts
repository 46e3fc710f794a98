import {
  type Column,
  type ColumnStats,
  columnBuilder,
  type DataType,
  HOLDS_ANYTHING,
  type PlainColumn,
  TableError,
  type Value,
} from '@spillway/core'
import {
  certainValue,
  type PartitionType,
  type PartitionValue,
  parsePartitionValue,
} from './partition-values.js'
import type { Recorded, RecordedPartition } from './recorded-partition.js'

/** One partition column of a batch at a type: each distinct text is read once. */
export class TypedPartition {
  readonly #column: RecordedPartition
  readonly #type: DataType
  /** Values by code; undefined for a text that is no value. */
  readonly #values: readonly (PartitionValue | undefined)[]
  readonly #isReadable: boolean
  #stats: ColumnStats | undefined

  constructor(column: RecordedPartition, type: PartitionType) {
    this.#column = column
    this.#type = type.type
    this.#values = column.texts.map(text => parsePartitionValue(text, type))
    this.#isReadable = this.#values.every(value => value !== undefined)
  }

  /** The value of a row, which must be readable. */
  at(row: number): PartitionValue {
    const value = this.#values[this.#column.codes[row]!]
    if (value !== undefined) return value
    throw new TableError('INTERNAL', 'a partition value that cannot be read was asked for')
  }

  /** What certainly is the value of a row, readable or not. */
  certain(row: number): Value | null | undefined {
    return certainValue(this.#values[this.#column.codes[row]!])
  }

  recorded(row: number): Recorded {
    return this.#column.texts[this.#column.codes[row]!]
  }

  /** False where the text of any row, live or not, is no value of the type. */
  get isReadable(): boolean {
    return this.#isReadable
  }

  /** True for a text that is no value of the type. */
  isUnreadable(row: number): boolean {
    return !this.#isReadable && this.#values[this.#column.codes[row]!] === undefined
  }

  /** What the values prove. */
  get stats(): ColumnStats {
    this.#stats ??= this.#prove()
    return this.#stats
  }

  #prove(): ColumnStats {
    const { codes } = this.#column
    const holdsOf = Uint8Array.from(this.#values, value => value?.holds ?? HOLDS_ANYTHING)
    const holds = new Uint8Array(codes.length)
    for (let row = 0; row < codes.length; row++) holds[row] = holdsOf[codes[row]!]!
    const lower = this.#dictionary(value => value.lower)
    const meets = this.#values.every(value => value?.lower === value?.upper)
    const upper = meets ? lower : this.#dictionary(value => value.upper)
    return {
      holds,
      lower,
      upper,
    }
  }

  #dictionary(boundOf: (value: PartitionValue) => Value | null): Column | undefined {
    const builder = columnBuilder(this.#type, this.#values.length)
    if (builder === undefined) return undefined
    for (const value of this.#values) builder.append(value === undefined ? null : boundOf(value))
    const bounds: PlainColumn = builder.finish()
    return { kind: 'dictionary', codes: this.#column.codes, values: bounds }
  }
}
