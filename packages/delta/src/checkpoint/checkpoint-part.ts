import { type BatchCache, everyRow, type FoldedPaths, nextTurn, TableError } from '@spillway/core'
import { firstPathNotUtf8, readSpilled } from '@spillway/encoding'
import { BatchBuilder } from '../files/batch-builder.js'
import { DeltaBatch, MANY_ROWS } from '../files/delta-batch.js'
import { readStored, STORED_BATCH, type StoredColumns, storeBatch } from '../files/stored-batch.js'
import { ADD_LEAVES, AddRows, VECTOR_LEAVES, VECTOR_TYPE } from './add-rows.js'
import {
  ADD_PATH,
  ADD_STATS,
  CheckpointStatistics,
  structIsComplete,
} from './checkpoint-statistics.js'
import type { RecentReads } from './recent-reads.js'
import {
  type CheckpointFile,
  type CheckpointIo,
  findLeaf,
  type LeafPath,
  leafStatistics,
  mayHold,
  type RowGroupSlice,
  readSlice,
  SharedGroup,
  type SliceBatch,
} from './row-group.js'
import { SpilledStatistics, type SpillPlace } from './spilled-statistics.js'

/** FileBatch's limit. */
const MAX_ROWS = 1 << 20

/** What reading the parts of a checkpoint takes. */
export interface PartContext {
  readonly io: CheckpointIo
  readonly cache: BatchCache
  readonly recent: RecentReads
  readonly location: string
}

/** The adds of one row group of a checkpoint: the same whatever snapshot they are part of. */
export class CheckpointPart {
  readonly slice: RowGroupSlice
  /** Adds, where the footer counts them; else rows. */
  readonly maxFiles: number
  readonly exactFiles: boolean
  readonly #context: PartContext
  /** What all parts of the row group share, where there are several. */
  readonly #group: SharedGroup | undefined

  constructor(context: PartContext, slice: RowGroupSlice, group?: SharedGroup) {
    this.#context = context
    this.slice = slice
    this.#group = group
    const { source, rowGroup, start, end } = slice
    const { rowCount } = source.footer.rowGroups[rowGroup]!
    const noAdds = leafStatistics(source, rowGroup, ADD_PATH)?.nullCount
    const whole = start === 0 && end === rowCount
    this.exactFiles = whole && noAdds !== undefined
    this.maxFiles = this.exactFiles ? rowCount - noAdds! : end - start
  }

  /** False where the footer proves that no add has a vector. */
  get mayHaveVectors(): boolean {
    const { source, rowGroup } = this.slice
    return mayHold(source, rowGroup, VECTOR_TYPE)
  }

  async load(signal?: AbortSignal): Promise<DeltaBatch> {
    const { file } = this.slice.source
    const { path, size, lastModified, etag } = file
    const version = etag ?? String(lastModified)
    const place = `${this.slice.rowGroup}\u001f${this.slice.start}`
    const key = ['delta', path, size, version, this.#context.location, place].join('\u001f')
    const batch = await this.#context.cache.get(
      key,
      loading => this.#spilledOrRead(loading),
      signal,
    )
    if (batch instanceof DeltaBatch) return batch
    throw new TableError('INTERNAL', `the batch cache holds something else under ${key}`)
  }

  /** Where the store tells one writing of a name from another: a time alone does not. */
  get #place(): SpillPlace | undefined {
    const { cache, location: table } = this.#context
    const { source, rowGroup, start } = this.slice
    const { path, size, etag } = source.file
    if (cache.spill === undefined || etag === undefined) return undefined
    const object = JSON.stringify([path, size, etag, rowGroup, start])
    return { spill: cache.spill, table, object }
  }

  async #spilledOrRead(signal: AbortSignal): Promise<DeltaBatch> {
    const place = this.#place
    if (place === undefined) return this.#batchOf(await this.#read(signal))
    const key = { ...place, layout: STORED_BATCH }
    const stored = await readSpilled(place.spill, key, readStored)
    const columns = stored ?? (await this.#read(signal))
    if (stored === undefined) {
      const pieces = storeBatch(columns)
      if (pieces !== undefined) place.spill.write(key, pieces)
    }
    return this.#batchOf(columns, place)
  }

  async #read(signal: AbortSignal): Promise<StoredColumns> {
    const most = this.slice.end - this.slice.start
    const builder = new BatchBuilder(this.#context.location, most)
    const positions = new Uint32Array(most)
    const rows = new AddRows(builder, this.slice, positions)
    for await (const { batch, first } of this.#batches(signal)) await rows.read(batch, first)
    const columns = builder.columns()
    this.#requireNames(columns.paths, positions)
    if (columns.length > MANY_ROWS) await nextTurn()
    return { ...columns, positions: heldPositions(positions, columns.length) }
  }

  #batchOf(columns: StoredColumns, place?: SpillPlace): DeltaBatch {
    const { io, recent, location } = this.#context
    const { length, positions } = columns
    const read = new CheckpointStatistics({ io, recent, slice: this.slice }, positions)
    const raw = place === undefined ? read : new SpilledStatistics(read, length, place)
    return new DeltaBatch({ ...columns, location, raw })
  }

  /** Texts of a Parquet file may be any bytes: a path that is none would be read as that of another file. */
  #requireNames(paths: FoldedPaths, positions: Uint32Array): void {
    const bad = firstPathNotUtf8(paths)
    if (bad === undefined) return
    const { source, rowGroup } = this.slice
    throw new TableError('TABLE_CORRUPT', 'the path of an add action of a checkpoint is no UTF-8', {
      context: { path: source.file.path, rowGroup, row: positions[bad]! },
    })
  }

  async *#batches(signal: AbortSignal): AsyncGenerator<SliceBatch> {
    const { io } = this.#context
    if (this.#group === undefined) {
      yield* readSlice(io, this.slice, this.#leaves(), signal)
      return
    }
    const { start, end } = this.slice
    for (const each of await this.#group.batches(io, this.slice, this.#leaves())) {
      if (each.first < end && each.first + each.batch.length > start) yield each
    }
  }

  #leaves(): readonly LeafPath[] {
    const { source } = this.slice
    // The text is long: it is read for its record count only where no struct has that.
    const counted = structIsComplete(this.slice) || findLeaf(source, ADD_STATS) === undefined
    return [
      ...ADD_LEAVES,
      ...(this.mayHaveVectors ? VECTOR_LEAVES : []),
      ...(counted ? [] : [ADD_STATS]),
    ]
  }
}

/** The first `length` of positions that ascend: those of adds that follow each other take no memory of their own. */
function heldPositions(positions: Uint32Array, length: number): Uint32Array {
  const first = positions[0] ?? 0
  const follow = length > 0 && positions[length - 1]! - first === length - 1
  return follow ? everyRow(length, first) : positions.slice(0, length)
}

/** The parts of one Parquet file that may hold adds. */
export function partsOf(context: PartContext, source: CheckpointFile): CheckpointPart[] {
  const parts: CheckpointPart[] = []
  for (const [rowGroup, { rowCount }] of source.footer.rowGroups.entries()) {
    if (!mayHold(source, rowGroup, ADD_PATH)) continue
    const group = rowCount > MAX_ROWS ? new SharedGroup() : undefined
    for (let start = 0; start < rowCount; start += MAX_ROWS) {
      const end = Math.min(rowCount, start + MAX_ROWS)
      parts.push(new CheckpointPart(context, { source, rowGroup, start, end }, group))
    }
  }
  return parts
}
