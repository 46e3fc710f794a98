import { BytesBuilder, isValid, readBytes, type Selection, Slices } from '@spillway/core'
import type { FileAction } from '../actions/actions.js'
import { KeyColumn } from '../actions/file-key.js'
import { JsonCursor } from '../json/json-cursor.js'
import { PartitionColumnsBuilder } from '../partitions/partition-columns.js'
import { readNumRecords } from '../statistics/stats-text.js'
import { DeltaBatch } from './delta-batch.js'
import { GrowingFloats } from './growing-floats.js'
import { PathColumn } from './path-column.js'
import { KeptStatistics, type RawStatistics } from './raw-statistics.js'
import { VectorColumnsBuilder } from './vector-columns.js'

const encoder = new TextEncoder()

/** Grows the columns of one batch, an add at a time. */
export class BatchBuilder {
  readonly #location: string
  readonly #path = new PathColumn()
  readonly #size = new GrowingFloats()
  readonly #modificationTime = new GrowingFloats()
  readonly #recordCount = new GrowingFloats()
  readonly #key: KeyColumn
  readonly #partitions = new PartitionColumnsBuilder()
  readonly #vectors = new VectorColumnsBuilder()
  readonly #stats = new BytesBuilder()
  readonly #tags = new OptionalTexts()
  readonly #baseRowId = new OptionalTexts()
  readonly #rowVersion = new OptionalTexts()
  readonly #cursor = new JsonCursor(new Uint8Array(0))
  #length = 0
  #oldest = Number.POSITIVE_INFINITY

  constructor(location: string) {
    this.#location = location
    this.#key = new KeyColumn(location)
  }

  get length(): number {
    return this.#length
  }

  /**
   * `keep` is false where raw statistics, tags and row ids can be read again from a checkpoint; `shares` is true where the bytes
   * that the path lies in are worth holding.
   */
  append(
    action: FileAction,
    options: { readonly keep: boolean; readonly shares?: boolean; readonly records?: number },
  ): number {
    const row = this.#length++
    if (options.shares) this.#path.share(action.pathAt)
    else this.#path.append(action.path)
    this.#size.append(action.size)
    this.#addTime(action.modificationTime)
    this.#key.append(action.pathAt, action.vector)
    this.#recordCount.append(options.records ?? this.#recordsOf(action))
    for (let i = 0; i < action.partitionCount; i++) {
      this.#partitions.set(row, action.partitionNames[i]!, action.partitionValues[i]!)
    }
    if (action.vector !== undefined) this.#vectors.set(row, action.vector)
    if (options.keep) this.#keep(row, action)
    return row
  }

  #addTime(time: number): void {
    this.#modificationTime.append(time)
    if (time > 0 && time < this.#oldest) this.#oldest = time
  }

  #recordsOf({ stats }: FileAction): number {
    return stats === undefined ? Number.NaN : readNumRecords(stats, this.#cursor)
  }

  #keep(row: number, action: FileAction): void {
    this.#stats.append(action.stats ?? null)
    if (action.tags !== undefined) this.#tags.set(row, encoder.encode(action.tags))
    if (action.baseRowId !== undefined) this.#baseRowId.set(row, ascii(action.baseRowId))
    if (action.defaultRowCommitVersion !== undefined) {
      this.#rowVersion.set(row, ascii(action.defaultRowCommitVersion))
    }
  }

  /** A row of another batch, for folding batches of commits into one. */
  appendRow(batch: DeltaBatch, row: number): void {
    const to = this.#length++
    const path = readBytes(batch.path, row)
    const vector = batch.vectors?.at(row)
    this.#path.append(path)
    this.#size.append(batch.size[row]!)
    this.#addTime(batch.modificationTime[row]!)
    this.#key.append({ bytes: path, start: 0, end: path.length }, vector)
    this.#recordCount.append(batch.recordCount[row]!)
    for (const name of batch.partitions.names) {
      const text = batch.partitions.recorded(row, name)
      if (text !== undefined) this.#partitions.set(to, name, text)
    }
    if (vector !== undefined) this.#vectors.set(to, vector)
    this.#keepRow(to, batch, row)
  }

  #keepRow(to: number, batch: DeltaBatch, row: number): void {
    const { stats, tags, baseRowId, defaultRowCommitVersion } = batch.keptColumns()
    this.#stats.append(isValid(stats, row) ? readBytes(stats, row) : null)
    if (tags !== undefined && isValid(tags, row)) this.#tags.set(to, readBytes(tags, row))
    if (baseRowId !== undefined && isValid(baseRowId, row)) {
      this.#baseRowId.set(to, readBytes(baseRowId, row))
    }
    const version = defaultRowCommitVersion
    if (version !== undefined && isValid(version, row)) {
      this.#rowVersion.set(to, readBytes(version, row))
    }
  }

  /** The batch; `raw` says where its raw statistics are, where they were not kept. */
  finish(raw?: RawStatistics): DeltaBatch {
    const length = this.#length
    return new DeltaBatch({
      length,
      location: this.#location,
      path: this.#path.finish(),
      size: this.#size.finish(),
      modificationTime: this.#modificationTime.finish(),
      oldest: this.#oldest,
      recordCount: this.#recordCount.finish(),
      key: this.#key.finish(),
      partitions: this.#partitions.finish(length),
      vectors: this.#vectors.finish(),
      raw: raw ?? this.#kept(length),
    })
  }

  #kept(length: number): KeptStatistics {
    const tags = this.#tags.finish(length)
    const baseRowId = this.#baseRowId.finish(length)
    const defaultRowCommitVersion = this.#rowVersion.finish(length)
    return new KeptStatistics({
      length,
      stats: this.#stats.finish(),
      tags,
      baseRowId,
      defaultRowCommitVersion,
    })
  }
}

function ascii(value: bigint): Uint8Array {
  return encoder.encode(value.toString())
}

/** Texts that most batches have none of: nothing is allocated before the first. */
class OptionalTexts {
  #builder: BytesBuilder | undefined

  set(row: number, text: Uint8Array): void {
    this.#builder ??= new BytesBuilder()
    this.#pad(this.#builder, row)
    this.#builder.append(text)
  }

  finish(length: number) {
    if (this.#builder === undefined) return undefined
    this.#pad(this.#builder, length)
    return this.#builder.finish()
  }

  #pad(builder: BytesBuilder, to: number): void {
    while (builder.length < to) builder.append(null)
  }
}

/** The chosen rows of some batches of commits as one batch, in slices. */
export async function foldBatches(
  location: string,
  parts: readonly { readonly batch: DeltaBatch; readonly live: Selection }[],
): Promise<DeltaBatch> {
  const builder = new BatchBuilder(location)
  const slices = new Slices()
  for (const { batch, live } of parts) {
    for (let i = 0; i < live.length; i++) {
      builder.appendRow(batch, live[i]!)
      if (slices.isOver) await slices.pause()
    }
  }
  return builder.finish()
}
