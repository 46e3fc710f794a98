import {
  type ColumnStats,
  leafKey,
  type ParquetBatch,
  type Selection,
  Slices,
} from '@spillway/core'
import { blockTexts } from '../files/block-texts.js'
import { type RawAdd, type RawAdds, type RawStatistics, rawAdd } from '../files/raw-statistics.js'
import type { StatsColumn } from '../statistics/stats-columns.js'
import { StatsTextReader } from '../statistics/stats-text.js'
import { mapLeaf } from './checkpoint-rows.js'
import { StatsComposer } from './compose-stats.js'
import { NumberLeaf, TextLeaf } from './leaf-values.js'
import type { RecentReads } from './recent-reads.js'
import {
  type CheckpointIo,
  type LeafPath,
  leafStatistics,
  leavesUnder,
  mayHold,
  type RowGroupSlice,
  readSlice,
  type SliceBatch,
} from './row-group.js'
import { STRUCT_RECORDS, STRUCT_STATS, StructColumnReader, structLeaves } from './struct-stats.js'

export const ADD_PATH: LeafPath = ['add', 'path']
export const ADD_STATS: LeafPath = ['add', 'stats']
const ADD_TAGS: LeafPath = ['add', 'tags']
const BASE_ROW_ID: LeafPath = ['add', 'baseRowId']
const ROW_VERSION: LeafPath = ['add', 'defaultRowCommitVersion']

/** Rows whose statistics are read before others may go on. */
const ROWS_AT_ONCE = 2048
const TEXT_AT_ONCE = 2 * 1024 ** 2

/** The statistics of wide tables are long texts. */
function fewerOfLong({ leaves, length }: ParquetBatch): number {
  const column = leaves.get(leafKey(ADD_STATS))?.column
  if (column?.kind !== 'bytes') return ROWS_AT_ONCE
  const rows = Math.floor((TEXT_AT_ONCE / Math.max(1, column.data.length)) * length)
  return Math.min(ROWS_AT_ONCE, Math.max(1, rows))
}

export interface StatisticsSource {
  readonly io: CheckpointIo
  readonly recent: RecentReads
  readonly slice: RowGroupSlice
}

/** Raw statistics of a checkpoint's adds, read from the file when they are asked for. */
export class CheckpointStatistics implements RawStatistics {
  readonly #source: StatisticsSource
  /** Row of the row group behind each row of the batch. */
  readonly #positions: Uint32Array

  constructor(source: StatisticsSource, positions: Uint32Array) {
    this.#source = source
    this.#positions = positions
  }

  /** Positions that follow each other are in memory that all share. */
  get byteLength(): number {
    const [positions, last] = [this.#positions, this.#positions.length - 1]
    return positions[last] === (positions[0] ?? 0) + last ? 0 : positions.byteLength
  }

  async stats(columns: readonly StatsColumn[], rows: Selection): Promise<readonly ColumnStats[]> {
    const { source } = this.#source.slice
    const inStruct = columns.map(column => this.#prefersStruct(column))
    const typed = columns.filter((_, i) => inStruct[i])
    const textual = columns.filter((_, i) => !inStruct[i])
    const length = this.#positions.length
    const structs = typed.map(column => new StructColumnReader(column, source, length))
    const texts = new StatsTextReader(textual, length)
    const leaves = typed.flatMap(column => structLeaves(source, column))
    if (typed.length > 0) leaves.push(STRUCT_RECORDS)
    if (textual.length > 0) leaves.push(ADD_STATS)
    const slices = new Slices()
    for await (const read of readSlice(this.#source.io, this.#source.slice, leaves)) {
      const { ours, theirs } = this.#rowsIn(read, rows)
      const rowsAtOnce = textual.length > 0 ? fewerOfLong(read.batch) : ROWS_AT_ONCE
      for (let from = 0; from < ours.length; from += rowsAtOnce) {
        const [some, there] = [ours, theirs].map(all => all.subarray(from, from + rowsAtOnce))
        for (const reader of structs) reader.read(read.batch, some!, there!)
        if (textual.length > 0) readTexts(texts, read, some!, there!)
        if (slices.isOverNow) await slices.pause()
      }
    }
    const fromText = texts.finish()
    let nextText = 0
    let nextStruct = 0
    return inStruct.map(typedHere =>
      typedHere ? structs[nextStruct++]!.finish() : fromText[nextText++]!,
    )
  }

  /** The struct, where every add has one that knows the column; else the text, if there is any. */
  #prefersStruct(column: StatsColumn): boolean {
    const { source, rowGroup } = this.#source.slice
    if (!mayHold(source, rowGroup, ADD_STATS)) return true
    return structLeaves(source, column).length > 0 && structIsComplete(this.#source.slice)
  }

  /** Which of `rows` lie in a batch: their numbers here and there. */
  #rowsIn(
    { batch, first }: SliceBatch,
    rows: Selection,
  ): { ours: Uint32Array; theirs: Uint32Array } {
    const ours = new Uint32Array(rows.length)
    const theirs = new Uint32Array(rows.length)
    let count = 0
    for (let i = 0; i < rows.length; i++) {
      const position = this.#positions[rows[i]!]! - first
      if (position < 0 || position >= batch.length) continue
      ours[count] = rows[i]!
      theirs[count++] = position
    }
    return { ours: ours.subarray(0, count), theirs: theirs.subarray(0, count) }
  }

  adds(): RawAdds {
    let held: Promise<readonly SliceBatch[]> | undefined
    const structs = leavesUnder(this.#source.slice.source, STRUCT_STATS)
    const compose = structs.length > 0 && !textIsComplete(this.#source.slice)
    return {
      of: async rows => {
        held ??= this.#decoded(compose ? structs.map(leaf => leaf.path) : [])
        const composer = compose ? new StatsComposer(structs) : undefined
        return this.#readAdds(await held, rows, composer)
      },
    }
  }

  /** What the row group's adds say; answers that stand in one group at one time share them, and so do its parts. */
  #decoded(structs: readonly LeafPath[]): Promise<readonly SliceBatch[]> {
    const { slice, recent, io } = this.#source
    const leaves = [
      ADD_STATS,
      mapLeaf(ADD_TAGS, 'key'),
      mapLeaf(ADD_TAGS, 'value'),
      BASE_ROW_ID,
      ROW_VERSION,
      ...structs,
    ]
    const { path, size, etag } = slice.source.file
    const key = [path, size, etag, slice.rowGroup].join('\u001f')
    const end = slice.source.footer.rowGroups[slice.rowGroup]!.rowCount
    const whole = { ...slice, start: 0, end }
    return recent.get(key, async () => {
      const read: SliceBatch[] = []
      for await (const batch of readSlice(io, whole, leaves)) read.push(batch)
      return read
    })
  }

  #readAdds(
    batches: readonly SliceBatch[],
    rows: Selection,
    composer: StatsComposer | undefined,
  ): RawAdd[] {
    const adds: RawAdd[] = []
    for (const read of batches) {
      // Rows and batches ascend together, so what is read is in the order of the rows.
      const { theirs } = this.#rowsIn(read, rows)
      if (theirs.length === 0) continue
      const reader = new RawAddReader(read, theirs, composer)
      for (let i = 0; i < theirs.length; i++) adds.push(reader.at(i))
    }
    return adds
  }
}

class RawAddReader {
  readonly #read: SliceBatch
  readonly #rows: Uint32Array
  readonly #composer: StatsComposer | undefined
  readonly #stats: readonly (string | undefined)[]
  readonly #tagNames: TextLeaf
  readonly #tagValues: TextLeaf
  readonly #baseRowId: NumberLeaf
  readonly #rowVersion: NumberLeaf

  constructor(read: SliceBatch, rows: Uint32Array, composer: StatsComposer | undefined) {
    this.#read = read
    this.#rows = rows
    this.#composer = composer
    this.#stats = textsOf(read.batch, ADD_STATS, rows)
    this.#tagNames = new TextLeaf(read.batch, mapLeaf(ADD_TAGS, 'key'))
    this.#tagValues = new TextLeaf(read.batch, mapLeaf(ADD_TAGS, 'value'))
    this.#baseRowId = new NumberLeaf(read.batch, BASE_ROW_ID)
    this.#rowVersion = new NumberLeaf(read.batch, ROW_VERSION)
  }

  at(index: number): RawAdd {
    const row = this.#rows[index]!
    const text = this.#stats[index]
    const recorded = text === '' ? undefined : text
    return rawAdd({
      stats: recorded ?? this.#composer?.text(this.#read.batch, row),
      tags: this.#tags(row),
      baseRowId: long(this.#baseRowId.exact(row)),
      defaultRowCommitVersion: long(this.#rowVersion.exact(row)),
    })
  }

  #tags(row: number): ReadonlyMap<string, string> | undefined {
    const [start, end] = this.#tagNames.range(row)
    if (start === end) return undefined
    const tags = new Map<string, string>()
    for (let at = start; at < end; at++) {
      const name = this.#tagNames.text(at)
      const value = this.#tagValues.text(at)
      if (name !== undefined && value !== undefined) tags.set(name, value)
    }
    return tags
  }
}

function textsOf(
  batch: ParquetBatch,
  path: LeafPath,
  rows: Uint32Array,
): readonly (string | undefined)[] {
  const column = batch.leaves.get(leafKey(path))?.column
  if (column?.kind === 'bytes') return blockTexts(column, rows)
  const leaf = new TextLeaf(batch, path)
  return Array.from(rows, row => leaf.text(row))
}

function long(value: number | bigint | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value)
}

function readTexts(
  reader: StatsTextReader,
  { batch }: SliceBatch,
  ours: Uint32Array,
  theirs: Uint32Array,
): void {
  const stats = new TextLeaf(batch, ADD_STATS)
  for (let i = 0; i < ours.length; i++) {
    const text = stats.bytes(theirs[i]!)
    if (text !== undefined) reader.read(ours[i]!, text)
  }
}

/** Every add of the group has the struct: its record count is null nowhere else than the path is. */
export function structIsComplete(slice: RowGroupSlice): boolean {
  return sameNulls(slice, STRUCT_RECORDS)
}

function textIsComplete(slice: RowGroupSlice): boolean {
  return sameNulls(slice, ADD_STATS)
}

function sameNulls({ source, rowGroup }: RowGroupSlice, leaf: LeafPath): boolean {
  const nulls = leafStatistics(source, rowGroup, leaf)?.nullCount
  const noAdds = leafStatistics(source, rowGroup, ADD_PATH)?.nullCount
  return nulls !== undefined && nulls === noAdds
}
