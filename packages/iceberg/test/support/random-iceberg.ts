import {
  compareValues,
  type FieldPath,
  leafOf,
  type PrimitiveType,
  type Snapshot,
  type Transform,
  type Value,
} from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import {
  COMPARABLE_TYPES,
  filePath,
  icebergBytes,
  icebergManifest,
  keepingCache,
  type ListedManifest,
  type ListedSummary,
  type LogicalFile,
  type LogicalTable,
  type ManifestEntry,
  onlyFenced,
  type Random,
  type TableWriter,
  writeIcebergTable,
} from '@spillway/testkit'
import { icebergReader } from '../../src/index.js'
import { transformName } from '../../src/partition/transform.js'
import { randomMetrics } from './random-metrics.js'
import { transformType, transformValue } from './transform-value.js'

const LOCATION = 's3://bucket/table'

/** Writes a random table as Iceberg: evolved specs of every transform, metrics of every mode, deletes of every kind. */
export const icebergWriter: TableWriter = {
  name: 'Iceberg',
  types: COMPARABLE_TYPES,
  deletes: true,
  async write(table, random): Promise<Snapshot> {
    const store = memoryStore()
    const plan = new TablePlan(table, random)
    const files = plan.manifests()
    for (const { path, bytes } of files) await store.put(path, bytes)
    await writeIcebergTable(store, LOCATION, {
      formatVersion: plan.version,
      fields: table.schema.fields,
      specs: plan.specs.map(({ id, fields }) => ({
        id,
        fields: fields.map(field => ({ ...field, transform: transformName(field.transform) })),
      })),
      manifests: files.map(({ listed }) => listed),
      sequenceNumber: 9,
    })
    const reader = icebergReader({ store: onlyFenced(store), cache: keepingCache() })
    const snapshot = await reader.snapshot({ location: LOCATION })
    LISTINGS.set(snapshot, plan.listings)
    return snapshot
  },
  listings: snapshot => LISTINGS.get(snapshot) ?? new Map(),
}

const LISTINGS = new WeakMap<Snapshot, ReadonlyMap<number, number>>()

interface SpecField {
  readonly id: number
  readonly name: string
  readonly sourceId: number
  readonly transform: Transform
  readonly path: FieldPath
  readonly type: PrimitiveType
}

interface Spec {
  readonly id: number
  readonly fields: readonly SpecField[]
}

interface WrittenManifest {
  readonly path: string
  readonly bytes: Uint8Array
  readonly listed: ListedManifest
}

type Tuple = readonly (Value | null)[]

class TablePlan {
  readonly #table: LogicalTable
  readonly #random: Random
  readonly version: 1 | 2 | 3
  readonly specs: readonly Spec[]
  /** Files that more than one manifest lists, as imports that ran twice leave them. */
  readonly listings = new Map<number, number>()
  #manifestCount = 0

  constructor(table: LogicalTable, random: Random) {
    this.#table = table
    this.#random = random
    const deleted = table.files.some(file => file.deleted.size > 0)
    this.version = deleted ? 3 : random.pick([1, 2, 3] as const)
    const specs: Spec[] = [{ id: 0, fields: [] }]
    const count = random.integer(0, 4)
    for (let id = 1; id <= count; id++) specs.push(this.#randomSpec(id))
    this.specs = specs
  }

  #randomSpec(id: number): Spec {
    const random = this.#random
    const fields: SpecField[] = []
    for (let i = 0; i < random.integer(1, 2); i++) {
      const constant = this.#table.columns.filter(path =>
        this.#table.partitionedBy.includes(leafOf(path).id),
      )
      const pool = constant.length > 0 && random.chance(0.7) ? constant : this.#table.columns
      if (pool.length === 0) break
      const path = random.pick(pool)
      const leaf = leafOf(path)
      const transform = randomTransform(leaf.type as PrimitiveType, random)
      const type = transformType(transform, leaf.type as PrimitiveType)!
      const fieldId = 1000 + id * 10 + i
      fields.push({ id: fieldId, name: `p${fieldId}`, sourceId: leaf.id, transform, path, type })
    }
    return { id, fields }
  }

  /** Runs of files of one spec, as manifests; after them the manifests of their deletes. */
  manifests(): readonly WrittenManifest[] {
    const groups = new Map<Spec, { index: number; tuple: Tuple }[]>()
    for (const [index, file] of this.#table.files.entries()) {
      const { spec, tuple } = this.#place(file)
      groups.set(spec, [...(groups.get(spec) ?? []), { index, tuple }])
      if (file.deleted.size > 0 || !this.#random.chance(0.15)) continue
      const again = this.#place(file)
      groups.set(again.spec, [...(groups.get(again.spec) ?? []), { index, tuple: again.tuple }])
      this.listings.set(index, 2)
    }
    return [...groups].flatMap(([spec, files]) => {
      const written: WrittenManifest[] = []
      for (let from = 0; from < files.length; ) {
        const to = Math.min(files.length, from + this.#random.integer(1, 3))
        written.push(...this.#writeRun(spec, files.slice(from, to)))
        from = to
      }
      return written
    })
  }

  /** A spec whose every field has one value for the whole file: the newest that fits, or none. */
  #place(file: LogicalFile): { spec: Spec; tuple: Tuple } {
    for (const spec of [...this.specs].reverse()) {
      if (spec.fields.length === 0 || this.#random.chance(0.2)) continue
      const tuple = spec.fields.map(field => this.#partitionValue(file, field))
      if (tuple.every(value => value !== undefined)) return { spec, tuple: tuple as Tuple }
    }
    return { spec: this.specs[0]!, tuple: [] }
  }

  #partitionValue(file: LogicalFile, field: SpecField): Value | null | undefined {
    const { transform, path } = field
    const leaf = leafOf(path)
    if (transform.kind === 'void') return null
    if (transform.kind === 'unknown') return file.rows.length
    const values = file.rows.map(row => {
      const cell = row.get(leaf.id) ?? null
      return cell === null ? null : transformValue(transform, cell, leaf.type as PrimitiveType)
    })
    const [first = null] = values
    if (first === undefined) return undefined
    return values.every(value => isSame(value, first))
      ? this.#asOldWriter(transform, first)
      : undefined
  }

  /** Iceberg up to 0.10 rounded times before 1970 toward it. */
  #asOldWriter(transform: Transform, value: Value | null): Value | null {
    const time = ['year', 'month', 'day', 'hour'].includes(transform.kind)
    return time && typeof value === 'number' && value < 0 && this.#random.chance(0.3)
      ? value + 1
      : value
  }

  #writeRun(
    spec: Spec,
    files: readonly { readonly index: number; readonly tuple: Tuple }[],
  ): readonly WrittenManifest[] {
    const entries = files.map(({ index, tuple }) => this.#dataEntry(index, tuple))
    const deletes = files.flatMap(({ index, tuple }) => this.#deleteEntries(index, tuple))
    const tuples = files.map(({ tuple }) => tuple)
    const data = this.#manifest(spec, 'data', { entries, tuples, sequenceNumber: 3 })
    if (deletes.length === 0) return [data]
    return [data, this.#manifest(spec, 'deletes', { entries: deletes, tuples, sequenceNumber: 5 })]
  }

  #dataEntry(index: number, partition: Tuple): ManifestEntry {
    const file = this.#table.files[index]!
    return {
      path: `${LOCATION}/data/${filePath(index)}`,
      partition,
      recordCount: file.rows.length,
      size: 1000 + index,
      status: this.version === 1 ? 1 : this.#random.pick([0, 1] as const),
      sequenceNumber: this.#random.integer(1, 3),
      ...randomMetrics(this.#table, file, this.#random),
    }
  }

  /** A vector, or position deletes, whose count only reading tells; and deletes too old to apply. */
  #deleteEntries(index: number, partition: Tuple): readonly ManifestEntry[] {
    const { deleted } = this.#table.files[index]!
    const random = this.#random
    const target = `${LOCATION}/data/${filePath(index)}`
    const vector = (sequenceNumber: number, recordCount: number): ManifestEntry => ({
      content: 1,
      format: 'PUFFIN',
      path: `${LOCATION}/data/dv-${index}.puffin`,
      partition,
      recordCount,
      size: 100,
      sequenceNumber,
      referencedFile: target,
      contentOffset: 4,
      contentSize: 60,
    })
    const positions: ManifestEntry = {
      content: 1,
      path: `${LOCATION}/data/deletes-${index}.parquet`,
      partition,
      recordCount: Math.max(deleted.size, 1),
      size: 100,
      sequenceNumber: 5,
      ...(random.chance(0.5) ? { referencedFile: target } : {}),
    }
    const tooOld = random.chance(0.1) ? [vector(0, 1)] : []
    if (deleted.size === 0) return tooOld
    return [...tooOld, random.chance(0.7) ? vector(5, deleted.size) : positions]
  }

  #manifest(
    spec: Spec,
    content: 'data' | 'deletes',
    run: {
      readonly entries: readonly ManifestEntry[]
      readonly tuples: readonly Tuple[]
      readonly sequenceNumber: number
    },
  ): WrittenManifest {
    const random = this.#random
    const { entries, tuples, sequenceNumber } = run
    const path = `${LOCATION}/metadata/m${this.#manifestCount++}.avro`
    const bytes = icebergManifest({
      formatVersion: this.version,
      specId: spec.id,
      content,
      codec: random.pick(['null', 'deflate'] as const),
      blockBytes: random.pick([1, 500, 64_000]),
      partition: spec.fields,
      entries: random.chance(0.3) ? [...entries, this.#gone(tuples[0]!)] : entries,
    })
    const rows = entries.reduce((sum, entry) => sum + entry.recordCount, 0)
    const listed: ListedManifest = {
      path,
      length: bytes.length,
      specId: spec.id,
      content,
      sequenceNumber: this.version === 1 ? 0 : sequenceNumber,
      minSequenceNumber: content === 'data' ? 1 : 0,
      ...(random.chance(0.9) ? { addedFiles: entries.length, existingFiles: 0 } : {}),
      ...(random.chance(0.9) ? { addedRows: rows, existingRows: 0 } : {}),
      ...(random.chance(0.8)
        ? {
            partitions: spec.fields.map((field, i) =>
              summaryOf(
                field,
                tuples.map(tuple => tuple[i]!),
                random,
              ),
            ),
          }
        : {}),
    }
    return { path, bytes, listed }
  }

  /** A deleted entry: it must not come back, and says nothing about the live ones. */
  #gone(partition: Tuple): ManifestEntry {
    const path = `${LOCATION}/data/${filePath(99_999)}`
    return { status: 2, path, partition, recordCount: 7, size: 7, sequenceNumber: 1 }
  }
}

function randomTransform(type: PrimitiveType, random: Random): Transform {
  const width = random.pick([1, 2, 10, 1000])
  const all: readonly Transform[] = [
    { kind: 'identity' },
    { kind: 'bucket', width: random.pick([1, 3, 16]) },
    { kind: 'truncate', width },
    { kind: 'truncate', width },
    { kind: 'year' },
    { kind: 'month' },
    { kind: 'day' },
    { kind: 'hour' },
    ...(random.chance(0.2) ? [{ kind: 'void' } as const] : []),
    ...(random.chance(0.2) ? [{ kind: 'unknown', name: 'zorder[4]' } as const] : []),
  ]
  return random.pick(all.filter(transform => transformType(transform, type) !== undefined))
}

function isSame(a: Value | null | undefined, b: Value | null): boolean {
  if (a === undefined) return false
  if (a === null || b === null) return a === b
  return compareValues(a, b) === 0 && Object.is(a, -0) === Object.is(b, -0)
}

/** Bounds as Java's library computes them: UUIDs in the order of their signed halves. */
function summaryOf(
  field: SpecField,
  values: readonly (Value | null)[],
  random: Random,
): ListedSummary {
  const order = field.type === 'uuid' ? compareSignedHalves : compareValues
  const known = values.filter(value => value !== null && !Number.isNaN(value)) as Value[]
  known.sort(order)
  const [lower] = known
  const upper = known.at(-1)
  const floating = field.type === 'float' || field.type === 'double'
  return {
    containsNull: values.includes(null),
    ...(floating && random.chance(0.8)
      ? { containsNan: values.some(value => Number.isNaN(value)) }
      : {}),
    ...(lower === undefined ? {} : { lower: icebergBytes(lower, field.type) }),
    ...(upper === undefined ? {} : { upper: icebergBytes(upper, field.type) }),
  }
}

/** `java.util.UUID.compareTo`. */
export function compareSignedHalves(a: Value, b: Value): number {
  const halves = [a, b].map(value => {
    const bytes = value as Uint8Array
    const view = new DataView(bytes.buffer, bytes.byteOffset, 16)
    return [view.getBigInt64(0), view.getBigInt64(8)] as const
  })
  const [left, right] = halves
  return compareValues(left![0], right![0]) || compareValues(left![1], right![1])
}
