import {
  atOnce,
  type BytesColumn,
  budgetsOf,
  type ColumnStats,
  columnByteLength,
  decodeText,
  type FieldPath,
  type FileBatch,
  hash64Into,
  inSlices,
  type Lane,
  leafOf,
  type ObjectStore,
  readWhole,
  type Selection,
  Slices,
  type StatsTable,
  type Steps,
  selectAll,
  TableError,
  typeName,
} from '@spillway/core'
import { type AvroFile, type AvroObject, openAvroFile } from '@spillway/encoding'
import type { EntrySchema } from './entry-schema.js'
import type { InflatedBlocks } from './inflated-blocks.js'
import type { Inherited, ManifestColumns } from './manifest-scan.js'
import { type MetricSource, readMetrics } from './metric-columns.js'

/** Keys of paths that are made at once: some milliseconds. */
const KEYS_IN_A_STEP = 8192

/** Larger files are read again for what is asked of them later, rather than held. */
const MAX_RETAINED_BYTES = 64 << 20

export interface ManifestRequest {
  readonly store: ObjectStore
  readonly blocks: InflatedBlocks
  /** Where it is read. */
  readonly path: string
  readonly inherited: Inherited
  /** The snapshot's lane: its manifests are read at once, and scanned one after the other. */
  readonly scans: Lane
  /** Live entries that the manifest list counted, and its length, where known. */
  readonly expected: {
    readonly liveFiles?: number | undefined
    readonly length?: number | undefined
  }
}

/**
 * One manifest, immutable and shared by every snapshot that lists it. It speaks for itself alone: what its partition
 * values say about a snapshot's columns is `ManifestView`'s.
 */
export class Manifest implements FileBatch {
  readonly columns: ManifestColumns
  readonly schema: EntrySchema
  /** The partition spec's id as the file's own header has it. */
  readonly headerSpecId: number | undefined
  readonly #request: ManifestRequest
  readonly #retained: AvroFile | undefined
  readonly #metrics = new Map<string, MetricColumn>()
  readonly #derived = new Map<string, object>()
  readonly #deriving = new Map<string, Promise<object>>()
  #keys: BigUint64Array | undefined
  #byteLength: number

  constructor(request: ManifestRequest, file: AvroFile, { fileSize, schema, columns }: Scanned) {
    this.#request = request
    this.schema = schema
    this.columns = columns
    this.headerSpecId = specIdOf(file)
    this.#retained = fileSize <= MAX_RETAINED_BYTES ? file : undefined
    this.#byteLength = bytesOf(this.columns) + (this.#retained === undefined ? 0 : fileSize)
  }

  get length(): number {
    return this.columns.length
  }

  /** Where it was read, for errors. */
  get readPath(): string {
    return this.#request.path
  }

  get byteLength(): number {
    return this.#byteLength + this.columns.paths.byteLength
  }

  get path(): BytesColumn {
    return this.columns.paths.column
  }

  pathAt(row: number): Uint8Array {
    return this.columns.paths.bytes(row)
  }

  pathParts(): Iterable<BytesColumn> {
    return this.columns.paths.parts()
  }

  get size(): Float64Array {
    return this.columns.size
  }

  get stats(): StatsTable {
    return { length: this.length, recordCount: this.columns.recordCount, columns: new Map() }
  }

  async readStats(
    fields: readonly FieldPath[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<StatsTable> {
    const metrics = await this.metrics(fields, rows, signal)
    const columns = new Map(fields.map((field, i) => [leafOf(field).id, [metrics[i]!]]))
    return { ...this.stats, columns }
  }

  /** What `build` derives from this manifest alone, made once under `key`. */
  derived<T extends object>(key: string, build: () => { value: T; byteLength: number }): T {
    const known = this.#derived.get(key)
    if (known !== undefined) return known as T
    const { value, byteLength } = build()
    this.#derived.set(key, value)
    this.#byteLength += byteLength
    return value
  }

  /** `derived` of what is built in slices: who comes while it is being built waits for it. One that fails is built again. */
  async derivedLater<T extends object>(
    key: string,
    build: () => Promise<{ value: T; byteLength: number }>,
  ): Promise<T> {
    const known = this.#derived.get(key) ?? this.#deriving.get(key)
    if (known !== undefined) return (await known) as T
    const building = build()
      .then(built => this.derived(key, () => built))
      .finally(() => this.#deriving.delete(key))
    this.#deriving.set(key, building)
    return building
  }

  /** Hashes of the recorded paths: the same for every table that lists a file, wherever it was moved. */
  get key(): BigUint64Array {
    return this.#keys ?? atOnce(this.#keysInSteps())
  }

  async makeKeys(): Promise<void> {
    if (this.#keys === undefined) await inSlices(this.#keysInSteps(), new Slices(), next => next())
  }

  *#keysInSteps(): Steps<BigUint64Array> {
    const keys = new BigUint64Array(this.length)
    const lanes = new Uint32Array(keys.buffer)
    let row = 0
    for (const { offsets, data } of this.columns.paths.parts()) {
      for (let i = 0; i < offsets.length - 1; i++, row++) {
        hash64Into(data, lanes, row, { start: offsets[i]!, end: offsets[i + 1]! })
        if (row % KEYS_IN_A_STEP === KEYS_IN_A_STEP - 1) yield
      }
    }
    if (this.#keys === undefined) this.#byteLength += keys.byteLength
    this.#keys = keys
    return keys
  }

  recordedPath(row: number): string {
    return decodeText(this.pathAt(row))
  }

  /** Reads the partition tuple that files with a code have. */
  tupleReader(): (code: number) => AvroObject {
    const partition = this.schema.fields.get('partition')
    return partition === undefined ? () => ({}) : this.columns.tuples.reader(partition.type)
  }

  /** What later reads of entries need; the file again if it was too large to hold. */
  async source(signal?: AbortSignal): Promise<MetricSource> {
    const { store, path, blocks } = this.#request
    const file =
      this.#retained ??
      (await openAvroFile(await manifestBytes(store, path, signal), path, budgetsOf(store)))
    return {
      file,
      schema: this.schema,
      columns: this.columns,
      inflate: block => blocks.get(file, block),
      inflateLater: block => blocks.getLater(file, block),
    }
  }

  /** Metrics of each of `leaves` for at least `rows`. A leaf is decoded at most twice: some rows, then all. */
  async metrics(
    leaves: readonly FieldPath[],
    rows: Selection,
    signal?: AbortSignal,
  ): Promise<readonly ColumnStats[]> {
    const missing = leaves.filter(leaf => !covers(this.#metrics.get(metricKey(leaf)), rows))
    if (missing.length > 0) {
      const source = await this.source(signal)
      const again = missing.some(leaf => this.#metrics.has(metricKey(leaf)))
      const wanted = again || rows.length * 2 > this.length ? selectAll(this.length) : rows
      const read = await readMetrics(source, missing, wanted)
      for (const [i, leaf] of missing.entries()) this.#keep(leaf, read[i]!, wanted)
    }
    return leaves.map(leaf => this.#metrics.get(metricKey(leaf))!.stats)
  }

  #keep(leaf: FieldPath, stats: ColumnStats, rows: Selection): void {
    const key = metricKey(leaf)
    if (!this.#metrics.has(key)) this.#byteLength += statsBytes(stats)
    this.#metrics.set(key, { stats, rows: rows.length === this.length ? 'all' : bitmap(rows) })
  }
}

interface MetricColumn {
  readonly stats: ColumnStats
  readonly rows: 'all' | Uint8Array
}

/** What was read of a manifest. */
export interface Scanned {
  readonly fileSize: number
  readonly schema: EntrySchema
  readonly columns: ManifestColumns
}

/** The whole of a manifest's file. */
export async function manifestBytes(
  store: ObjectStore,
  path: string,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const found = await readWhole(store, path, { what: 'a manifest', signal })
  if (found !== undefined) return found.bytes
  throw new TableError('TABLE_CORRUPT', `the manifest ${path} is missing`, { context: { path } })
}

function specIdOf(file: AvroFile): number | undefined {
  const text = file.metadata.get('partition-spec-id')
  if (text === undefined) return undefined
  const id = text.length > 20 ? Number.NaN : Number(String.fromCharCode(...text))
  return Number.isInteger(id) ? id : undefined
}

function metricKey(path: FieldPath): string {
  const leaf = leafOf(path)
  return `${leaf.id} ${typeName(leaf.type)} ${path.length === 1}`
}

function covers(column: MetricColumn | undefined, rows: Selection): boolean {
  if (column === undefined) return false
  const { rows: read } = column
  return read === 'all' || rows.every(row => (read[row >> 3]! & (1 << (row & 7))) !== 0)
}

function bitmap(rows: Selection): Uint8Array {
  const bits = new Uint8Array(rows.length === 0 ? 0 : (rows[rows.length - 1]! >> 3) + 1)
  for (const row of rows) bits[row >> 3]! |= 1 << (row & 7)
  return bits
}

function statsBytes({ holds, lower, upper, nullCount }: ColumnStats): number {
  return (
    (holds?.byteLength ?? 0) +
    (nullCount?.byteLength ?? 0) +
    (lower === undefined ? 0 : columnByteLength(lower)) +
    (upper === undefined ? 0 : columnByteLength(upper))
  )
}

/** Seven columns of eight or four bytes, and two of one. */
function bytesOf(columns: ManifestColumns): number {
  return columns.length * (4 * 8 + 2 * 4 + 2) + columns.tuples.byteLength
}
