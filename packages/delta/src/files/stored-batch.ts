import { BytesBuilder, type BytesColumn, everyRow, isValid, readString } from '@spillway/core'
import {
  addColumn,
  addPaths,
  type Frames,
  FrameWriter,
  readBytesColumn,
  readColumn,
  readPaths,
} from '@spillway/encoding'
import { PartitionColumns } from '../partitions/partition-columns.js'
import type { Recorded, RecordedPartition } from '../partitions/recorded-partition.js'
import type { BatchColumns } from './batch-columns.js'
import type { PackedNumbers } from './packed-numbers.js'
import { VectorColumns } from './vector-columns.js'

/** Changes with what is written below: what another version wrote is not read. */
export const STORED_BATCH = 'delta-adds-1'

/** What a batch of a checkpoint is made of, and where in its row group each of its rows lies. */
export interface StoredColumns extends Omit<BatchColumns, 'raw' | 'location'> {
  readonly positions: Uint32Array
}

interface StoredFacts {
  readonly length: number
  /** Null where none is known. */
  readonly oldest: number | null
  readonly time: { readonly kind: PackedNumbers['kind']; readonly value: number | null }
  readonly partitions: readonly string[]
  /** The first row, where they follow each other. */
  readonly position: number | null
}

/** A batch as pieces that follow each other; undefined where it has what these do not stand for, such as half a character. */
export function storeBatch(columns: StoredColumns): readonly Uint8Array[] | undefined {
  const { length, modificationTime: time, positions, partitions, vectors } = columns
  const recorded = [...partitions.columns]
  if (!recorded.every(([name, { texts }]) => isText(name) && texts.every(isText))) return undefined
  if (time.kind === 'constant' && !isPlain(time.value)) return undefined
  const writer = new FrameWriter()
  addPaths(writer, 'path', columns.paths)
  writer.add('size', 'f64', columns.size)
  writer.add('records', 'f64', columns.recordCount)
  writer.add('key', 'u64', columns.key)
  if (time.kind === 'above') writer.add('time', 'u32', time.values)
  if (time.kind === 'plain') writer.add('time', 'f64', time.values)
  for (const [i, [, column]] of recorded.entries()) addPartition(writer, `partition${i}`, column)
  if (vectors !== undefined) addVectors(writer, vectors)
  const follow = length > 0 && positions[length - 1]! - positions[0]! === length - 1
  if (!follow) writer.add('position', 'u32', positions)
  const facts: StoredFacts = {
    length,
    oldest: Number.isFinite(columns.oldest) ? columns.oldest : null,
    time: { kind: time.kind, value: timeFact(time) },
    partitions: recorded.map(([name]) => name),
    position: follow ? positions[0]! : null,
  }
  return writer.finish(facts)
}

/** The batch that was stored. Throws where what is there could be none. */
export function readStored(frames: Frames): StoredColumns {
  const { length, oldest, time, partitions, position } = requireFacts(frames.facts)
  return {
    length,
    paths: readPaths(frames, 'path', length),
    size: frames.array('size', 'f64', length),
    recordCount: frames.array('records', 'f64', length),
    key: frames.array('key', 'u64', length),
    modificationTime: readTime(frames, time, length),
    oldest: oldest ?? Number.POSITIVE_INFINITY,
    partitions: new PartitionColumns(
      new Map(partitions.map((name, i) => [name, readPartition(frames, `partition${i}`, length)])),
      length,
    ),
    vectors: frames.has('vector.rows') ? readVectors(frames, length) : undefined,
    positions:
      position === null ? frames.array('position', 'u32', length) : everyRow(length, position),
  }
}

function isText(text: Recorded): boolean {
  return text === undefined || text === null || !/\p{Surrogate}/u.test(text)
}

/** True for what JSON gives back as it was. */
function isPlain(value: number): boolean {
  return Number.isFinite(value) && !Object.is(value, -0)
}

function timeFact(time: PackedNumbers): number | null {
  if (time.kind === 'constant') return time.value
  return time.kind === 'above' ? time.base : null
}

function readTime(
  frames: Frames,
  { kind, value }: StoredFacts['time'],
  length: number,
): PackedNumbers {
  switch (kind) {
    case 'constant':
      return { kind, value: value! }
    case 'above':
      return { kind, base: value!, values: frames.array('time', 'u32', length) }
    case 'plain':
      return { kind, values: frames.array('time', 'f64', length) }
  }
}

/** Code 0 stands for nothing recorded; of the texts, null is one too. */
function addPartition(
  writer: FrameWriter,
  name: string,
  { codes, texts }: RecordedPartition,
): void {
  const builder = new BytesBuilder(texts.length)
  for (const text of texts) builder.append(text ?? null)
  addColumn(writer, `${name}.texts`, builder.finish())
  writer.add(
    `${name}.recorded`,
    'u8',
    Uint8Array.from(texts, text => (text === undefined ? 0 : 1)),
  )
  writer.add(`${name}.codes`, 'u32', codes)
}

function readPartition(frames: Frames, name: string, length: number): RecordedPartition {
  const recorded = frames.array(`${name}.recorded`, 'u8')
  const column = readColumn(frames, `${name}.texts`, recorded.length)
  if (column?.kind !== 'bytes') throw unlike(`the texts of ${name}`)
  const texts = Array.from(recorded, (isRecorded, i): Recorded => {
    if (isRecorded === 0) return undefined
    return isValid(column, i) ? readString(column, i) : null
  })
  const codes = frames.array(`${name}.codes`, 'u32', length)
  if (!codes.every(code => code < texts.length)) throw unlike(`the codes of ${name}`)
  return { codes, texts }
}

function addVectors(writer: FrameWriter, { arrays }: VectorColumns): void {
  writer.add('vector.rows', 'u32', arrays.rows)
  addColumn(writer, 'vector.type', arrays.storageType)
  addColumn(writer, 'vector.path', arrays.path)
  writer.add('vector.offset', 'f64', arrays.offset)
  writer.add('vector.size', 'f64', arrays.size)
  writer.add('vector.cardinality', 'f64', arrays.cardinality)
}

function readVectors(frames: Frames, length: number): VectorColumns {
  const rows = frames.array('vector.rows', 'u32')
  const ascend = rows.every((row, i) => row < length && (i === 0 || row > rows[i - 1]!))
  if (!ascend) throw unlike('the rows of vectors')
  const count = rows.length
  const text = (name: string): BytesColumn => readBytesColumn(frames, `vector.${name}`, count)
  const numbers = (name: string) => frames.array(`vector.${name}`, 'f64', count)
  return new VectorColumns({
    rows,
    storageType: text('type'),
    path: text('path'),
    offset: numbers('offset'),
    size: numbers('size'),
    cardinality: numbers('cardinality'),
  })
}

function requireFacts(facts: unknown): StoredFacts {
  const found = facts as Partial<StoredFacts> | null
  const { length, oldest, time, partitions, position } = found ?? {}
  const isNumber = (value: unknown) => typeof value === 'number' && Number.isFinite(value)
  const holds =
    Number.isSafeInteger(length) &&
    length! >= 0 &&
    (oldest === null || isNumber(oldest)) &&
    (position === null || (Number.isSafeInteger(position) && position! >= 0)) &&
    Array.isArray(partitions) &&
    partitions.every(name => typeof name === 'string') &&
    new Set(partitions).size === partitions.length &&
    isTime(time)
  if (!holds) throw unlike('the facts of a batch')
  return found as StoredFacts
}

function isTime(time: StoredFacts['time'] | undefined): boolean {
  if (time?.kind === 'plain') return true
  return (time?.kind === 'constant' || time?.kind === 'above') && Number.isFinite(time.value)
}

function unlike(what: string): Error {
  return new Error(`${what}: not as they were stored`)
}
