import {
  type BytesColumn,
  type ColumnStats,
  columnByteLength,
  type FieldPath,
  type FileBatch,
  leafOf,
  type Selection,
  type StatsTable,
  type Value,
} from '@spillway/core'
import { located } from '@spillway/encoding'
import type { Manifest } from './manifest.js'
import { partitionEvidence, singleValueRange, spreadEvidence } from './partition-bounds.js'
import { partitionValues, tupleField, tupleKey } from './partition-value.js'
import type { SpecLayout } from './spec-layout.js'

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

  /** The distinct partition tuples, in the order of their codes. */
  tuples(): readonly (readonly (Value | null)[])[] {
    return this.manifest.derived(`tuples ${this.layout.key}`, () => {
      const { manifest, layout } = this
      const value = located(manifest.readPath, () =>
        Array.from({ length: manifest.columns.tuples.size }, (_, code) =>
          partitionValues(manifest.tuple(code), manifest.schema.partition, layout),
        ),
      )
      return { value, byteLength: value.length * 50 * (layout.types.length + 1) }
    })
  }

  /** Text for each of them, equal where the spec calls two equal. */
  tupleKeys(): readonly string[] {
    return this.manifest.derived(`keys ${this.layout.key}`, () => {
      const value = this.tuples().map(tupleKey)
      return { value, byteLength: value.reduce((sum, key) => sum + 2 * key.length + 16, 0) }
    })
  }

  #partitionColumns(): ReadonlyMap<number, readonly ColumnStats[]> {
    return this.manifest.derived(`partitions ${this.layout.key}`, () => {
      const value = this.#buildPartitionColumns()
      const all = [...value.values()].flat()
      return { value, byteLength: all.reduce((sum, stats) => sum + evidenceBytes(stats), 0) }
    })
  }

  #buildPartitionColumns(): Map<number, ColumnStats[]> {
    const { spec, sources } = this.layout
    const { partition } = this.manifest.schema
    const columns = new Map<number, ColumnStats[]>()
    if (partition === undefined) return columns
    const tuples = this.tuples()
    spec.fields.forEach((field, position) => {
      // A tuple without the field proves nothing about it.
      if (tupleField(partition, spec, position) === undefined) return
      const ranges = tuples.map(tuple => singleValueRange(tuple[position]!))
      const evidence = partitionEvidence(field, sources[position], ranges)
      if (evidence === undefined) return
      const stats = spreadEvidence(evidence, this.manifest.columns.tuple)
      columns.set(evidence.sourceId, [...(columns.get(evidence.sourceId) ?? []), stats])
    })
    return columns
  }
}

/** The codes are the manifest's own and already counted. */
function evidenceBytes({ holds, lower, upper }: ColumnStats): number {
  const values = [lower, upper].map(column =>
    column?.kind === 'dictionary' ? column.values : column,
  )
  return values.reduce(
    (sum, column) => sum + (column === undefined ? 0 : columnByteLength(column)),
    holds?.byteLength ?? 0,
  )
}
