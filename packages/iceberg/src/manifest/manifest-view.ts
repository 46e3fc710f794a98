import {
  atOnce,
  type BytesColumn,
  type ColumnStats,
  columnByteLength,
  type FieldPath,
  type FileBatch,
  inSlices,
  leafOf,
  Pace,
  type Selection,
  Slices,
  type StatsTable,
  type Steps,
  type Value,
} from '@spillway/core'
import { located } from '@spillway/encoding'
import {
  partitionStatistics,
  singleValueRange,
  spreadStatistics,
} from '../partition/partition-bounds.js'
import { partitionReader, tupleFields, tupleKey } from '../partition/partition-value.js'
import type { SpecLayout } from '../partition/spec-layout.js'
import type { Manifest } from './manifest.js'

/** A shared manifest under one snapshot's schema: its partition values as bounds of the columns they came from. */
export class ManifestView implements FileBatch {
  readonly manifest: Manifest
  readonly layout: SpecLayout

  constructor(manifest: Manifest, layout: SpecLayout) {
    this.manifest = manifest
    this.layout = layout
  }

  get length(): number {
    return this.manifest.length
  }

  get byteLength(): number {
    return this.manifest.byteLength
  }

  get path(): BytesColumn {
    return this.manifest.path
  }

  pathAt(row: number): Uint8Array {
    return this.manifest.pathAt(row)
  }

  pathParts(): Iterable<BytesColumn> {
    return this.manifest.pathParts()
  }

  get size(): Float64Array {
    return this.manifest.size
  }

  get key(): BigUint64Array {
    return this.manifest.key
  }

  makeKeys(): Promise<void> {
    return this.manifest.makeKeys()
  }

  get stats(): StatsTable {
    return { ...this.manifest.stats, columns: this.#partitionColumns() }
  }

  async readStats(
    fields: readonly FieldPath[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<StatsTable> {
    const metrics = await this.manifest.metrics(fields, rows, signal)
    const columns = new Map(this.#partitionColumns())
    fields.forEach((field, i) => {
      const { id } = leafOf(field)
      columns.set(id, [...(columns.get(id) ?? []), metrics[i]!])
    })
    return { ...this.manifest.stats, columns }
  }

  /** Makes what `stats` and `tuples` give while others go on: each file may be in a partition of its own. */
  async makePartitions(): Promise<void> {
    await this.#later(this.#tuplesKey, () => this.#tuplesInSteps())
    await this.#later(this.#columnsKey, () => this.#columnsInSteps())
  }

  /** Makes what `tupleKeys` gives while others go on. */
  async makeTupleKeys(): Promise<void> {
    await this.#later(this.#tuplesKey, () => this.#tuplesInSteps())
    await this.#later(this.#keysKey, () => this.#keysInSteps())
  }

  /** The distinct partition tuples, in the order of their codes. */
  tuples(): readonly (readonly (Value | null)[])[] {
    return this.#now(this.#tuplesKey, () => this.#tuplesInSteps())
  }

  /** Texts of the distinct partition tuples, equal where the spec calls two tuples equal. */
  tupleKeys(): readonly string[] {
    return this.#now(this.#keysKey, () => this.#keysInSteps())
  }

  #partitionColumns(): ReadonlyMap<number, readonly ColumnStats[]> {
    return this.#now(this.#columnsKey, () => this.#columnsInSteps())
  }

  get #tuplesKey(): string {
    return `tuples ${this.layout.key}`
  }

  get #keysKey(): string {
    return `keys ${this.layout.key}`
  }

  get #columnsKey(): string {
    return `partitions ${this.layout.key}`
  }

  #now<T extends object>(key: string, work: () => Steps<Derived<T>>): T {
    return this.manifest.derived(key, () => located(this.manifest.readPath, () => atOnce(work())))
  }

  #later<T extends object>(key: string, work: () => Steps<Derived<T>>): Promise<T> {
    const step = <R>(next: () => R) => located(this.manifest.readPath, next)
    return this.manifest.derivedLater(key, () => inSlices(work(), new Slices(), step))
  }

  *#tuplesInSteps(): Steps<Derived<(readonly (Value | null)[])[]>> {
    const { manifest, layout } = this
    const { tuples } = manifest.columns
    const value: (readonly (Value | null)[])[] = []
    const byteLength = tuples.size * 50 * (layout.types.length + 1)
    if (tuples.size === 0) return { value, byteLength }
    const read = manifest.tupleReader()
    const valuesOf = partitionReader(manifest.schema.partition, layout)
    const pace = new Pace(STEP_BYTES)
    for (let code = 0; code < tuples.size; code++) {
      value.push(valuesOf(read(code)))
      if (pace.isOver(tuples.bytesOf(code))) yield
    }
    return { value, byteLength }
  }

  *#keysInSteps(): Steps<Derived<string[]>> {
    const value: string[] = []
    const pace = new Pace(STEP_BYTES)
    let byteLength = 0
    for (const tuple of this.tuples()) {
      const key = tupleKey(tuple)
      value.push(key)
      byteLength += 2 * key.length + 16
      if (pace.isOver(key.length)) yield
    }
    return { value, byteLength }
  }

  *#columnsInSteps(): Steps<Derived<ReadonlyMap<number, readonly ColumnStats[]>>> {
    const value = new Map<number, ColumnStats[]>()
    let byteLength = 0
    const { spec, sources } = this.layout
    const { partition } = this.manifest.schema
    if (partition === undefined) return { value, byteLength }
    const tuples = this.tuples()
    const found = tupleFields(partition, spec)
    for (const [position, field] of spec.fields.entries()) {
      // A tuple without the field proves nothing about it.
      if (found[position] === undefined) continue
      const statistics = yield* partitionStatistics(field, sources[position], {
        length: tuples.length,
        at: code => singleValueRange(tuples[code]![position]!),
      })
      if (statistics === undefined) continue
      yield
      const stats = spreadStatistics(statistics, this.manifest.columns.tuple)
      const known = value.get(statistics.sourceId)
      if (known === undefined) value.set(statistics.sourceId, [stats])
      else known.push(stats)
      byteLength += statisticsBytes(stats)
    }
    return { value, byteLength }
  }
}

/** Tuples that are looked at in a step, where their values are short: a millisecond. */
const STEP_BYTES = 128 * 1024

interface Derived<T> {
  readonly value: T
  readonly byteLength: number
}

/** The codes are the manifest's own and already counted. */
function statisticsBytes({ holds, lower, upper }: ColumnStats): number {
  const values = [lower, upper].map(column =>
    column?.kind === 'dictionary' ? column.values : column,
  )
  return values.reduce(
    (sum, column) => sum + (column === undefined ? 0 : columnByteLength(column)),
    holds?.byteLength ?? 0,
  )
}
