import {
  type BatchCache,
  everyRow,
  nextTurn,
  type ParquetBatch,
  Slices,
  TableError,
} from '@spillway/core'
import { firstPathNotUtf8 } from '@spillway/encoding'
import { FileAction } from '../actions/actions.js'
import type { VectorDescriptor } from '../actions/deletion-vector.js'
import { BatchBuilder } from '../files/batch-builder.js'
import { DeltaBatch, MANY_ROWS } from '../files/delta-batch.js'
import { JsonCursor } from '../json/json-cursor.js'
import { TextInterner } from '../json/text-interner.js'
import { readNumRecords } from '../statistics/stats-text.js'
import { mapLeaf } from './checkpoint-rows.js'
import {
  ADD_PATH,
  ADD_STATS,
  CheckpointStatistics,
  structIsComplete,
} from './checkpoint-statistics.js'
import { NumberLeaf, TextLeaf } from './leaf-values.js'
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
import { STRUCT_RECORDS } from './struct-stats.js'

const SIZE: LeafPath = ['add', 'size']
const MODIFICATION_TIME: LeafPath = ['add', 'modificationTime']
const PARTITION_VALUES: LeafPath = ['add', 'partitionValues']
const VECTOR: LeafPath = ['add', 'deletionVector']
const VECTOR_FIELDS = ['storageType', 'pathOrInlineDv', 'offset', 'sizeInBytes', 'cardinality']

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
    return mayHold(source, rowGroup, [...VECTOR, 'storageType'])
  }

  async load(signal?: AbortSignal): Promise<DeltaBatch> {
    const { file } = this.slice.source
    const { path, size, lastModified, etag } = file
    const version = etag ?? String(lastModified)
    const place = `${this.slice.rowGroup}\u001f${this.slice.start}`
    const key = ['delta', path, size, version, this.#context.location, place].join('\u001f')
    const batch = await this.#context.cache.get(key, loading => this.#read(loading), signal)
    if (batch instanceof DeltaBatch) return batch
    throw new TableError('INTERNAL', `the batch cache holds something else under ${key}`)
  }

  async #read(signal: AbortSignal): Promise<DeltaBatch> {
    const { io, recent, location } = this.#context
    const most = this.slice.end - this.slice.start
    const builder = new BatchBuilder(location, most)
    const positions = new Uint32Array(most)
    const rows = new AddRows(builder, this.slice, positions)
    for await (const { batch, first } of this.#batches(signal)) await rows.read(batch, first)
    const raw = new CheckpointStatistics(
      { io, recent, slice: this.slice },
      heldPositions(positions, builder.length),
    )
    const batch = builder.finish(raw)
    this.#requireNames(batch, positions)
    if (batch.length > MANY_ROWS) await nextTurn()
    return batch
  }

  /** Texts of a Parquet file may be any bytes: a path that is none would be read as that of another file. */
  #requireNames({ paths }: DeltaBatch, positions: Uint32Array): void {
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
      ADD_PATH,
      SIZE,
      MODIFICATION_TIME,
      mapLeaf(PARTITION_VALUES, 'key'),
      mapLeaf(PARTITION_VALUES, 'value'),
      ...(this.mayHaveVectors ? VECTOR_FIELDS.map(name => [...VECTOR, name]) : []),
      STRUCT_RECORDS,
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

/** Turns rows of a checkpoint into rows of a batch, leaving out those that are no adds. */
class AddRows {
  readonly #builder: BatchBuilder
  readonly #slice: RowGroupSlice
  readonly #positions: Uint32Array
  readonly #action = new FileAction()
  readonly #names = new TextInterner()
  readonly #cursor = new JsonCursor(new Uint8Array(0))

  constructor(builder: BatchBuilder, slice: RowGroupSlice, positions: Uint32Array) {
    this.#builder = builder
    this.#slice = slice
    this.#positions = positions
  }

  async read(batch: ParquetBatch, first: number): Promise<void> {
    const leaves = addLeaves(batch, this.#names)
    const plain = leaves.path.areSpelled
    const slices = new Slices()
    const start = Math.max(0, this.#slice.start - first)
    const end = Math.min(batch.length, this.#slice.end - first)
    for (let row = start; row < end; row++) {
      this.#action.reset('add')
      if (!leaves.path.locate(row, this.#action.pathAt)) {
        if (leaves.size.at(row) !== undefined) throw this.#withoutPath(first + row)
        continue
      }
      const records = this.#fill(leaves, row)
      const at = this.#builder.appendStored(this.#action, { records, plain })
      this.#positions[at] = first + row
      if (slices.isOver) await slices.pause()
    }
  }

  /** Gives the record count. */
  #fill(leaves: AddLeaves, row: number): number {
    const action = this.#action
    const size = leaves.size.at(row)
    if (size === undefined) throw this.#withoutSize(action.path)
    action.size = size
    action.modificationTime = leaves.modificationTime.at(row) ?? 0
    const [start, end] = leaves.partitionNames.range(row)
    for (let at = start; at < end; at++) {
      const name = leaves.partitionNames.text(at)
      if (name === undefined) continue
      action.partitionNames[action.partitionCount] = name
      action.partitionValues[action.partitionCount++] = leaves.partitionValues.text(at) ?? null
    }
    action.vector = vectorAt(leaves, row)
    const stats = leaves.stats.bytes(row)
    if (stats === undefined) return leaves.records.at(row) ?? Number.NaN
    return leaves.records.at(row) ?? readNumRecords(stats, this.#cursor)
  }

  #withoutPath(row: number): TableError {
    const { source, rowGroup } = this.#slice
    return new TableError('TABLE_CORRUPT', 'an add action of a checkpoint has no path', {
      context: { path: source.file.path, rowGroup, row },
    })
  }

  #withoutSize(path: Uint8Array): TableError {
    return new TableError('TABLE_CORRUPT', 'an add action of a checkpoint has no size', {
      context: { path: this.#slice.source.file.path, add: new TextDecoder().decode(path) },
    })
  }
}

type AddLeaves = ReturnType<typeof addLeaves>

function addLeaves(batch: ParquetBatch, names: TextInterner) {
  const vector = (name: string) => [...VECTOR, name]
  return {
    path: new TextLeaf(batch, ADD_PATH),
    size: new NumberLeaf(batch, SIZE),
    modificationTime: new NumberLeaf(batch, MODIFICATION_TIME),
    partitionNames: new TextLeaf(batch, mapLeaf(PARTITION_VALUES, 'key'), names),
    partitionValues: new TextLeaf(batch, mapLeaf(PARTITION_VALUES, 'value'), names),
    records: new NumberLeaf(batch, STRUCT_RECORDS),
    stats: new TextLeaf(batch, ADD_STATS),
    storageType: new TextLeaf(batch, vector('storageType'), names),
    pathOrInlineDv: new TextLeaf(batch, vector('pathOrInlineDv')),
    offset: new NumberLeaf(batch, vector('offset')),
    sizeInBytes: new NumberLeaf(batch, vector('sizeInBytes')),
    cardinality: new NumberLeaf(batch, vector('cardinality')),
  }
}

function vectorAt(leaves: AddLeaves, row: number): VectorDescriptor | undefined {
  const storageType = leaves.storageType.text(row)
  if (storageType === undefined) return undefined
  const offset = leaves.offset.at(row)
  return {
    storageType,
    pathOrInlineDv: leaves.pathOrInlineDv.text(row) ?? '',
    offset,
    sizeInBytes: leaves.sizeInBytes.at(row) ?? Number.NaN,
    cardinality: leaves.cardinality.at(row) ?? Number.NaN,
  }
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
