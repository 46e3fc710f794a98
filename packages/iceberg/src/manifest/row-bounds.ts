import {
  type DataType,
  type FieldPath,
  leafOf,
  type Selection,
  type ValueBounds,
} from '@spillway/core'
import { type AvroField, type AvroSink, type AvroStep, compileAvroScan } from '@spillway/encoding'
import { decodeSingleValue } from '../bounds/single-value.js'
import { dataFileSink, intMapSink } from './entry-schema.js'
import { forEachEntry, type MetricSource } from './metric-columns.js'

/** Rows that are decoded at once: of some tens of columns part of a millisecond, of tens of thousands some. */
const ROWS_AT_ONCE = 16

interface MutableBounds {
  lower?: ValueBounds['lower'] | undefined
  upper?: ValueBounds['upper'] | undefined
  nullCount?: number
  nanCount?: number
}

export interface RowBoundsOptions {
  readonly source: MetricSource
  /** Long blocks of `source`, inflated: held for as long as bounds are asked for. */
  readonly long: readonly Uint8Array[]
  /** Rows of the manifest, ascending. */
  readonly rows: Selection
  /** Whose bounds are wanted. */
  readonly leaves: readonly FieldPath[]
}

/** Bounds of rows of a manifest, decoded a few rows at a time, when one of them is first asked for. */
export class RowBounds {
  readonly long: readonly Uint8Array[]
  readonly #source: MetricSource
  readonly #rows: Selection
  readonly #leaves: readonly FieldPath[]
  readonly #known: ReadonlyMap<number, ValueBounds>[] = []
  #step: AvroStep | undefined
  #bounds = new Map<number, MutableBounds>()

  constructor({ source, long, rows, leaves }: RowBoundsOptions) {
    this.long = long
    this.#source = source
    this.#rows = rows
    this.#leaves = leaves
  }

  /** Bounds of the row at `index` of `rows`. */
  of(index: number): ReadonlyMap<number, ValueBounds> {
    if (this.#known[index] === undefined) this.#read(index - (index % ROWS_AT_ONCE))
    return this.#known[index]!
  }

  #read(first: number): void {
    this.#step ??= this.#compile()
    const step = this.#step
    const rows = this.#rows.subarray(first, first + ROWS_AT_ONCE)
    forEachEntry(this.#source, rows, (cursor, _row, i) => {
      this.#bounds = new Map()
      step(cursor)
      cursor.check()
      this.#known[first + i] = this.#bounds as ReadonlyMap<number, ValueBounds>
    })
  }

  #compile(): AvroStep {
    const { schema } = this.#source
    const types = new Map(this.#leaves.map(leaf => [leafOf(leaf).id, leafOf(leaf).type]))
    const entry = (id: number): MutableBounds | undefined => {
      if (!types.has(id)) return undefined
      const known = this.#bounds.get(id) ?? {}
      this.#bounds.set(id, known)
      return known
    }
    return compileAvroScan(schema.root, {
      kind: 'record',
      partial: true,
      fields: new Map<AvroField, AvroSink>([
        [schema.dataFile, boundSinks(this.#source, types, entry)],
      ]),
    })
  }
}

function boundSinks(
  source: MetricSource,
  types: ReadonlyMap<number, DataType>,
  entry: (id: number) => MutableBounds | undefined,
): AvroSink {
  const count = (name: 'nullCount' | 'nanCount') => (key: () => number) => {
    const value = (found: number) => {
      const known = entry(key())
      if (known !== undefined) known[name] = found
    }
    return { kind: 'number', value } as const
  }
  const bound = (name: 'lower' | 'upper') => (key: () => number) => {
    const value = (bytes: Uint8Array, start: number, end: number) => {
      const type = types.get(key())
      const decoded = type && decodeSingleValue(bytes.subarray(start, end), type)
      if (decoded !== undefined) entry(key())![name] = decoded
    }
    return { kind: 'bytes', value } as const
  }
  return dataFileSink(
    source.schema,
    {
      ...intMapSink(source.schema, 'nullCounts', count('nullCount')),
      ...intMapSink(source.schema, 'nanCounts', count('nanCount')),
      ...intMapSink(source.schema, 'lower', bound('lower')),
      ...intMapSink(source.schema, 'upper', bound('upper')),
    },
    true,
  )
}
