import { type ParquetBatch, Slices, TableError } from '@spillway/core'
import { FileAction } from '../actions/actions.js'
import type { VectorDescriptor } from '../actions/deletion-vector.js'
import type { BatchBuilder } from '../files/batch-builder.js'
import { JsonCursor } from '../json/json-cursor.js'
import { TextInterner } from '../json/text-interner.js'
import { readNumRecords } from '../statistics/stats-text.js'
import { mapLeaf } from './checkpoint-rows.js'
import { ADD_PATH, ADD_STATS } from './checkpoint-statistics.js'
import { NumberLeaf, TextLeaf } from './leaf-values.js'
import type { LeafPath, RowGroupSlice } from './row-group.js'
import { STRUCT_RECORDS } from './struct-stats.js'

const SIZE: LeafPath = ['add', 'size']
const MODIFICATION_TIME: LeafPath = ['add', 'modificationTime']
const PARTITION_VALUES: LeafPath = ['add', 'partitionValues']
const VECTOR: LeafPath = ['add', 'deletionVector']
const VECTOR_FIELDS = ['storageType', 'pathOrInlineDv', 'offset', 'sizeInBytes', 'cardinality']

export const VECTOR_TYPE: LeafPath = [...VECTOR, 'storageType']
export const VECTOR_LEAVES: readonly LeafPath[] = VECTOR_FIELDS.map(name => [...VECTOR, name])

/** What rows of adds are made of, but for vectors and the text of statistics. */
export const ADD_LEAVES: readonly LeafPath[] = [
  ADD_PATH,
  SIZE,
  MODIFICATION_TIME,
  mapLeaf(PARTITION_VALUES, 'key'),
  mapLeaf(PARTITION_VALUES, 'value'),
  STRUCT_RECORDS,
]

/** Turns rows of a checkpoint into rows of a batch, leaving out those that are no adds. */
export class AddRows {
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
