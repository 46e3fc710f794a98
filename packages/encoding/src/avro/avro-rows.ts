import { awaited, inSlices, Pace, Slices, type Steps, TableError } from '@spillway/core'
import { located } from '../bytes/located.js'
import { AvroCursor } from './avro-cursor.js'
import type { AvroFile } from './avro-file.js'
import type { AvroRecord, AvroType } from './avro-type.js'
import { type AvroReader, type AvroValue, compileAvroReader, enterRecord } from './avro-value.js'
import { type AvroWeight, avroWeight, entryWeight } from './avro-weight.js'

/** Objects of rows take so much for each value in them, and for themselves. */
const VALUE_BYTES = 40
/** What is decoded between two looks at the clock: about a millisecond. */
const STEP_BYTES = 64 * 1024
/** What a value takes of a step, however few bytes it has. */
const STEP_BYTES_A_VALUE = 8

/**
 * What `take` makes of every row of a file, in slices, for files small enough to hold as objects. A row may be of any size: a
 * commit is one.
 */
export function readAvroRows<T>(file: AvroFile, take: (row: AvroValue) => T): Promise<T[]> {
  return inSlices(rowsInSteps(file, take), new Slices(), next => located(file.path, next))
}

function* rowsInSteps<T>(file: AvroFile, take: (row: AvroValue) => T): Steps<T[]> {
  const weight = avroWeight(file.schema)
  file.inflation('rows').take(file.rowCount * (1 + weight.values) * VALUE_BYTES)
  const row = rowReader(file.schema, weight)
  const found: T[] = []
  for (const block of file.blocks) {
    const { rowCount } = block
    const bytes = file.inflateLater(block)
    const rows = bytes instanceof Uint8Array ? bytes : yield* awaited(bytes)
    const cursor = new AvroCursor(rows, file.budgets)
    yield* readItems(cursor, row, { count: rowCount, take: value => found.push(take(value)) })
    if (cursor.pos !== rows.length) {
      throw new TableError(
        'TABLE_CORRUPT',
        `expected ${rowCount} rows in a block of ${rows.length} bytes, which end at ${cursor.pos}`,
      )
    }
  }
  return found
}

/** Reads one value of `type` at a cursor, in steps. */
export function avroValueSteps(type: AvroType): (cursor: AvroCursor) => Steps<AvroValue> {
  const reader = valueReader(type, avroWeight(type))
  return cursor => readOne(cursor, reader)
}

/** A row's own texts may be long though it has no lists. */
function rowReader(type: AvroType, weight: AvroWeight): ValueReader {
  const known: StepReaders = new Map()
  if (type.kind !== 'record' || stepReader(type, known) !== undefined) {
    return valueReader(type, weight, known)
  }
  return { isLong: true, read: recordSteps(type, known), weight, pace: new Pace(STEP_BYTES) }
}

type StepReader = (cursor: AvroCursor) => Steps<AvroValue>
type StepReaders = Map<AvroType, StepReader>

/** Values of one type: those that are short are read at once, unless the one at hand is a text that is long. */
type ValueReader = (
  | {
      readonly isLong: false
      readonly read: AvroReader
      readonly text: TextReader | undefined
    }
  | { readonly isLong: true; readonly read: StepReader }
) & { readonly weight: AvroWeight; readonly pace: Pace }

function valueReader(
  type: AvroType,
  weight: AvroWeight,
  known: StepReaders = new Map(),
): ValueReader {
  const steps = stepReader(type, known)
  const shared = { weight, pace: new Pace(STEP_BYTES) }
  return steps === undefined
    ? { isLong: false, read: compileAvroReader(type), text: textReader(type), ...shared }
    : { isLong: true, read: steps, ...shared }
}

/** What finds a text to be long before it is read, and reads one that is. */
interface TextReader {
  readonly isLong: (cursor: AvroCursor) => boolean
  readonly read: StepReader
}

/** A reader of texts, and of unions that may be one: most often it or null. */
function textReader(type: AvroType): TextReader | undefined {
  if (type.kind === 'string') {
    return { isLong: cursor => cursor.isLongText, read: cursor => cursor.textSteps() }
  }
  if (type.kind !== 'union' || !type.branches.some(({ kind }) => kind === 'string'))
    return undefined
  const { branches } = type
  return {
    isLong(cursor) {
      const { pos } = cursor
      const { kind } = branches[cursor.readBranch(branches.length)]!
      const isLong = kind === 'string' && cursor.isLongText
      cursor.pos = pos
      return isLong
    },
    *read(cursor) {
      cursor.readBranch(branches.length)
      return yield* cursor.textSteps()
    },
  }
}

function* readOne(cursor: AvroCursor, reader: ValueReader): Steps<AvroValue> {
  if (reader.isLong) return yield* reader.read(cursor)
  return reader.text?.isLong(cursor) ? yield* reader.text.read(cursor) : reader.read(cursor)
}

/** True where the value at hand is read in one step. */
function isShort(
  cursor: AvroCursor,
  reader: ValueReader,
): reader is ValueReader & { readonly isLong: false } {
  return !reader.isLong && !reader.text?.isLong(cursor)
}

interface Items {
  readonly count: number
  readonly take: (value: AvroValue) => void
}

function* readItems(cursor: AvroCursor, reader: ValueReader, { count, take }: Items): Steps<void> {
  const least = reader.weight.values * STEP_BYTES_A_VALUE
  for (let i = 0; i < count; i++) {
    const start = cursor.pos
    take(isShort(cursor, reader) ? reader.read(cursor) : yield* readOne(cursor, reader))
    if (reader.pace.isOver(cursor.pos - start + least)) yield
  }
}

/** Undefined where a value of `type` is short: lists, maps and what contains itself alone have no end that a schema tells. */
function stepReader(type: AvroType, known: StepReaders): StepReader | undefined {
  const seen = known.get(type)
  if (seen !== undefined) return seen
  if (!mayBeLong(type, new Set())) return undefined
  switch (type.kind) {
    case 'union': {
      const branches = type.branches.map(branch => valueReader(branch, avroWeight(branch), known))
      return cursor => readOne(cursor, branches[cursor.readBranch(branches.length)]!)
    }
    case 'array':
      return listSteps(valueReader(type.items, avroWeight(type.items), known))
    case 'map':
      return mapSteps(valueReader(type.values, entryWeight(type.values), known))
    case 'record':
      return recordSteps(type, known)
    default:
      return undefined
  }
}

function mayBeLong(type: AvroType, seen: Set<AvroType>): boolean {
  switch (type.kind) {
    case 'array':
    case 'map':
      return true
    case 'union':
      return type.branches.some(branch => mayBeLong(branch, seen))
    case 'record':
      // What contains itself is among those that are met twice.
      if (seen.has(type)) return true
      seen.add(type)
      return type.fields.some(field => mayBeLong(field.type, seen))
    default:
      return false
  }
}

function listSteps(item: ValueReader): StepReader {
  return function* (cursor) {
    const items: AvroValue[] = []
    const next = () => cursor.readBlockCount(item.weight)
    for (let count = next(); count > 0; count = next()) {
      cursor.hold(count * item.weight.values)
      yield* readItems(cursor, item, { count, take: value => items.push(value) })
    }
    return items
  }
}

function mapSteps(value: ValueReader): StepReader {
  const pace = new Pace(STEP_BYTES)
  return function* (cursor) {
    const map = new Map<string, AvroValue>()
    const next = () => cursor.readBlockCount(value.weight)
    for (let count = next(); count > 0; count = next()) {
      cursor.hold(count * value.weight.values)
      for (let i = 0; i < count; i++) {
        const start = cursor.pos
        const key = cursor.isLongText ? yield* cursor.textSteps() : cursor.readString()
        // Values may be short, or nothing, where keys are long.
        if (pace.isOver(cursor.pos - start)) yield
        yield* readItems(cursor, value, { count: 1, take: each => map.set(key, each) })
      }
    }
    return map
  }
}

function recordSteps(type: AvroRecord, known: StepReaders): StepReader {
  const fields: (readonly [string, ValueReader])[] = []
  const pace = new Pace(STEP_BYTES)
  const steps: StepReader = function* (cursor) {
    enterRecord(cursor)
    const record = Object.create(null) as Record<string, AvroValue>
    for (const [name, field] of fields) {
      if (!isShort(cursor, field)) {
        record[name] = yield* readOne(cursor, field)
        continue
      }
      const start = cursor.pos
      record[name] = field.read(cursor)
      if (pace.isOver(cursor.pos - start)) yield
    }
    cursor.depth--
    return record
  }
  known.set(type, steps)
  for (const { name, type: inner } of type.fields) {
    fields.push([name, valueReader(inner, avroWeight(inner), known)])
  }
  return steps
}
