import { leafOf, readValue, statsLeaves, type ValueBounds } from '@spillway/core'
import type { DeltaMetadata } from '../schema/metadata.js'
import { statsColumn } from './stats-columns.js'
import { statsFromText } from './stats-text.js'

/** Bounds of a file's columns, read out of its statistics text by the first who asks: few encoders do. */
export class LazyBounds implements ReadonlyMap<number, ValueBounds> {
  readonly #stats: string | undefined
  readonly #metadata: DeltaMetadata
  #bounds: ReadonlyMap<number, ValueBounds> | undefined

  constructor(stats: string | undefined, metadata: DeltaMetadata) {
    this.#stats = stats
    this.#metadata = metadata
  }

  get size(): number {
    return this.#read().size
  }

  get(id: number): ValueBounds | undefined {
    return this.#read().get(id)
  }

  has(id: number): boolean {
    return this.#read().has(id)
  }

  forEach(
    visit: (bounds: ValueBounds, id: number, map: ReadonlyMap<number, ValueBounds>) => void,
  ): void {
    for (const [id, bounds] of this.#read()) visit(bounds, id, this)
  }

  entries(): MapIterator<[number, ValueBounds]> {
    return this.#read().entries()
  }

  keys(): MapIterator<number> {
    return this.#read().keys()
  }

  values(): MapIterator<ValueBounds> {
    return this.#read().values()
  }

  [Symbol.iterator](): MapIterator<[number, ValueBounds]> {
    return this.entries()
  }

  #read(): ReadonlyMap<number, ValueBounds> {
    this.#bounds ??= boundsOf(this.#stats, this.#metadata)
    return this.#bounds
  }
}

const FIRST_ROW = new Uint32Array(1)
const encoder = new TextEncoder()

function boundsOf(
  stats: string | undefined,
  metadata: DeltaMetadata,
): ReadonlyMap<number, ValueBounds> {
  const bounds = new Map<number, ValueBounds>()
  if (stats === undefined) return bounds
  const leaves = [...statsLeaves(metadata.schema.fields)]
  const text = encoder.encode(stats)
  const columns = leaves.map(path => statsColumn(path, metadata))
  const decoded = statsFromText(columns, 1, FIRST_ROW, () => text)
  leaves.forEach((path, index) => {
    const { type, id } = leafOf(path)
    const column = decoded[index]!
    const lower = column.lower && readValue(column.lower, 0, type)
    const upper = column.upper && readValue(column.upper, 0, type)
    const nullCount = column.nullCount?.[0] ?? Number.NaN
    if (lower == null && upper == null && Number.isNaN(nullCount)) return
    bounds.set(id, {
      lower: lower ?? undefined,
      upper: upper ?? undefined,
      ...(Number.isNaN(nullCount) ? {} : { nullCount }),
    })
  })
  return bounds
}
