import { TableError } from '@spillway/core'
import { AvroCursor } from './avro-cursor.js'
import { type AvroFile, located } from './avro-file.js'
import type { AvroRecord, AvroType } from './avro-schema.js'
import { type AvroReader, type AvroValue, compileAvroReader, enterRecord } from './avro-value.js'
import { type AvroWeight, avroWeight, entryWeight } from './avro-weight.js'
import { awaited, inSlices, Pace, Slices, type Steps } from './slices.js'

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
  const row = valueReader(file.schema, weight)
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

type StepReader = (cursor: AvroCursor) => Steps<AvroValue>
type StepReaders = Map<AvroType, StepReader>

/** Values of one type: those that are short are read at once. */
type ValueReader = (
  | { readonly isLong: false; readonly read: AvroReader }
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
    ? { isLong: false, read: compileAvroReader(type), ...shared }
    : { isLong: true, read: steps, ...shared }
}

function* readOne(cursor: AvroCursor, reader: ValueReader): Steps<AvroValue> {
  return reader.isLong ? yield* reader.read(cursor) : reader.read(cursor)
}

interface Items {
  readonly count: number
  readonly take: (value: AvroValue) => void
}

function* readItems(cursor: AvroCursor, reader: ValueReader, { count, take }: Items): Steps<void> {
  const least = reader.weight.values * STEP_BYTES_A_VALUE
  for (let i = 0; i < count; i++) {
    const start = cursor.pos
    take(reader.isLong ? yield* reader.read(cursor) : reader.read(cursor))
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
  return function* (cursor) {
    const map = new Map<string, AvroValue>()
    const next = () => cursor.readBlockCount(value.weight)
    for (let count = next(); count > 0; count = next()) {
      cursor.hold(count * value.weight.values)
      for (let i = 0; i < count; i++) {
        const key = cursor.readString()
        yield* readItems(cursor, value, { count: 1, take: each => map.set(key, each) })
      }
    }
    return map
  }
}

function recordSteps(type: AvroRecord, known: StepReaders): StepReader {
  const fields: (readonly [string, ValueReader])[] = []
  const steps: StepReader = function* (cursor) {
    enterRecord(cursor)
    const record = Object.create(null) as Record<string, AvroValue>
    for (const [name, field] of fields) {
      record[name] = field.isLong ? yield* field.read(cursor) : field.read(cursor)
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
