import {
  BytesBuilder,
  isValid,
  PathFolder,
  readBytes,
  type Selection,
  Slices,
} from '@spillway/core'
import type { FileAction } from '../actions/actions.js'
import { KeyColumn } from '../actions/file-key.js'
import { JsonCursor } from '../json/json-cursor.js'
import { PartitionColumnsBuilder } from '../partitions/partition-columns.js'
import { readNumRecords } from '../statistics/stats-text.js'
import type { BatchColumns } from './batch-columns.js'
import { DeltaBatch } from './delta-batch.js'
import { GrowingFloats } from './growing-floats.js'
import { numberAt, packNumbers } from './packed-numbers.js'
import { KeptStatistics } from './raw-statistics.js'
import { VectorColumnsBuilder } from './vector-columns.js'

const encoder = new TextEncoder()

/** Grows the columns of one batch, an add at a time. */
export class BatchBuilder {
  readonly #location: string
  readonly #paths: PathFolder
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

  /** For about `rows` rows. */
  constructor(location: string, rows = 64) {
    this.#location = location
    this.#key = new KeyColumn(location)
    this.#paths = new PathFolder(rows)
  }

  get length(): number {
    return this.#length
  }

  /** An add of a commit, whose bytes will change. */
  append(action: FileAction): number {
    const { bytes, start, end } = action.pathAt
    this.#paths.append(bytes, start, end)
    this.#key.append(action.pathAt, action.vector)
    const row = this.#append(action, this.#recordsOf(action))
    this.#keep(row, action)
    return row
  }

  /**
   * An add of a checkpoint, whose bytes stay as they are: its raw statistics, tags and row ids can be read again. `plain` is true
   * where it is known that its path is spelled as it is meant.
   */
  appendStored(
    action: FileAction,
    { records, plain }: { readonly records: number; readonly plain: boolean },
  ): number {
    const { bytes, start, end } = action.pathAt
    this.#paths.share(bytes, start, end)
    this.#key.append(action.pathAt, action.vector, plain)
    return this.#append(action, records)
  }

  #append(action: FileAction, records: number): number {
    const row = this.#length++
    this.#size.append(action.size)
    this.#addTime(action.modificationTime)
    this.#recordCount.append(records)
    for (let i = 0; i < action.partitionCount; i++) {
      this.#partitions.set(row, action.partitionNames[i]!, action.partitionValues[i]!)
    }
    if (action.vector !== undefined) this.#vectors.set(row, action.vector)
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
    const path = batch.pathAt(row)
    const vector = batch.vectors?.at(row)
    this.#paths.append(path, 0, path.length)
    this.#size.append(batch.size[row]!)
    this.#addTime(numberAt(batch.modificationTime, row))
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

  /** The batch of what commits have added: its raw statistics were kept. */
  finish(): DeltaBatch {
    return new DeltaBatch({
      ...this.columns(),
      location: this.#location,
      raw: this.#kept(this.#length),
    })
  }

  /** What a batch is made of, but for its raw statistics. */
  columns(): Omit<BatchColumns, 'raw' | 'location'> {
    const length = this.#length
    return {
      length,
      paths: this.#paths.finish(),
      size: this.#size.finish(),
      modificationTime: packNumbers(this.#modificationTime.finish()),
      oldest: this.#oldest,
      recordCount: this.#recordCount.finish(),
      key: this.#key.finish(),
      partitions: this.#partitions.finish(length),
      vectors: this.#vectors.finish(),
    }
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
