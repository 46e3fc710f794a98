import { TableError } from '@spillway/core'
import type { AvroCursor } from './avro-cursor.js'
import { compileAvroSkim } from './avro-skim.js'
import type { AvroField, AvroRecord, AvroType } from './avro-type.js'
import { type AvroWeight, avroWeight, entryWeight } from './avro-weight.js'

/** Moves a cursor over one value, handing what was asked for to sinks. */
export type AvroStep = (cursor: AvroCursor) => void

/**
 * Where a wanted value goes. Nothing is called for null, so a reader resets its row before each record. Bytes are
 * handed on as positions: a sink copies what it keeps.
 */
export type AvroSink =
  /** int, long within 2^53, float, double, boolean (0 or 1). */
  | { readonly kind: 'number'; readonly value: (value: number) => void }
  /** Any long. */
  | { readonly kind: 'bigint'; readonly value: (value: bigint) => void }
  /** string, bytes, fixed. */
  | { readonly kind: 'bytes'; readonly value: AvroBytes }
  /** The encoding itself of whatever it is, union branch included. */
  | { readonly kind: 'raw'; readonly value: AvroBytes }
  /** With `partial`, the cursor stops after the last wanted field: for rows read by their position. */
  | {
      readonly kind: 'record'
      readonly fields: ReadonlyMap<AvroField, AvroSink>
      readonly partial?: boolean
    }
  /** Each item of an array; `end` after the last. */
  | { readonly kind: 'items'; readonly item: AvroSink; readonly end: () => void }

type AvroBytes = (bytes: Uint8Array, start: number, end: number) => void

const MAX_DEPTH = 200

/**
 * One closure that reads a value of `type` and feeds `sink`, with everything else passed over byte-wise. The plan is
 * made once from the writer's schema, so that a row costs its wanted fields and a few jumps.
 */
export function compileAvroScan(type: AvroType, sink: AvroSink): AvroStep {
  if (sink.kind === 'raw') return rawStep(type, sink.value)
  if (type.kind === 'union') {
    const branches = type.branches.map(branch =>
      branch.kind === 'null' ? nothing : compileAvroScan(branch, sink),
    )
    return cursor => branches[cursor.readBranch(branches.length)]!(cursor)
  }
  switch (sink.kind) {
    case 'number':
      return numberStep(type, sink.value)
    case 'bigint':
      if (type.kind !== 'int' && type.kind !== 'long') throw mismatch('a long', type)
      return cursor => sink.value(cursor.readBigLong())
    case 'bytes':
      return bytesStep(type, sink.value)
    case 'record':
      if (type.kind !== 'record') throw mismatch('a record', type)
      return recordStep(type, sink.fields, sink.partial ?? false)
    case 'items':
      if (type.kind !== 'array') throw mismatch('an array', type)
      return itemsStep(compileAvroScan(type.items, sink.item), avroWeight(type.items), sink.end)
  }
}

function nothing(): void {}

function rawStep(type: AvroType, value: AvroBytes): AvroStep {
  const skip = passOver([type])
  return cursor => {
    const start = cursor.pos
    skip(cursor)
    cursor.check()
    value(cursor.bytes, start, cursor.pos)
  }
}

function numberStep(type: AvroType, value: (value: number) => void): AvroStep {
  switch (type.kind) {
    case 'int':
    case 'long':
      return cursor => value(cursor.readLong())
    case 'boolean':
      return cursor => value(cursor.readBoolean() ? 1 : 0)
    case 'float':
      return cursor => value(cursor.readFloat())
    case 'double':
      return cursor => value(cursor.readDouble())
    default:
      throw mismatch('a number', type)
  }
}

function bytesStep(type: AvroType, value: AvroBytes): AvroStep {
  if (type.kind === 'fixed') {
    const { size } = type
    return cursor => {
      const start = cursor.take(size)
      value(cursor.bytes, start, start + size)
    }
  }
  if (type.kind !== 'string' && type.kind !== 'bytes') throw mismatch('bytes', type)
  return cursor => {
    const length = cursor.readLength()
    const start = cursor.pos
    cursor.pos = start + length
    value(cursor.bytes, start, start + length)
  }
}

function recordStep(
  type: AvroRecord,
  fields: ReadonlyMap<AvroField, AvroSink>,
  partial: boolean,
): AvroStep {
  const read = partial
    ? type.fields.slice(0, type.fields.findLastIndex(field => fields.has(field)) + 1)
    : type.fields
  const steps: AvroStep[] = []
  let passed: AvroType[] = []
  for (const { type: inner, sink } of read.map(field => ({ ...field, sink: fields.get(field) }))) {
    if (sink === undefined) passed.push(inner)
    else {
      steps.push(passOver(passed), compileAvroScan(inner, sink))
      passed = []
    }
  }
  steps.push(passOver(passed))
  return sequence(steps.filter(step => step !== nothing))
}

/** Passes over values of `types`: at once those that are as nearly all are, and else one by one, which says what is wrong. */
function passOver(types: readonly AvroType[]): AvroStep {
  if (types.length === 0) return nothing
  const one = sequence(types.map(type => compileAvroSkip(type)))
  const skim = compileAvroSkim(types)
  if (skim === undefined) return one
  return cursor => {
    if (!skim(cursor)) one(cursor)
  }
}

function sequence(steps: readonly AvroStep[]): AvroStep {
  return cursor => {
    for (let i = 0; i < steps.length; i++) steps[i]!(cursor)
  }
}

function itemsStep(item: AvroStep, weight: AvroWeight, end: () => void): AvroStep {
  return cursor => {
    for (
      let count = cursor.readBlockCount(weight);
      count > 0;
      count = cursor.readBlockCount(weight)
    ) {
      for (let i = 0; i < count; i++) item(cursor)
      cursor.check()
    }
    end()
  }
}

/** A closure that passes over one value of `type`. */
export function compileAvroSkip(
  type: AvroType,
  known: Map<AvroType, AvroStep> = new Map(),
): AvroStep {
  switch (type.kind) {
    case 'null':
      return nothing
    case 'boolean':
      return skipFixed(1)
    case 'int':
    case 'long':
    case 'enum':
      return cursor => cursor.skipLong()
    case 'float':
      return skipFixed(4)
    case 'double':
      return skipFixed(8)
    case 'bytes':
    case 'string':
      return cursor => cursor.skipBytes()
    case 'fixed':
      return skipFixed(type.size)
    case 'union': {
      const branches = type.branches.map(branch => compileAvroSkip(branch, known))
      return cursor => branches[cursor.readBranch(branches.length)]!(cursor)
    }
    case 'array':
      return skipItems(type.items, known)
    case 'map':
      return skipBlocks(
        each(sequence([compileAvroSkip({ kind: 'string' }), compileAvroSkip(type.values, known)])),
        entryWeight(type.values),
      )
    case 'record':
      return skipRecord(type, known)
  }
}

function skipFixed(size: number): AvroStep {
  return cursor => {
    cursor.pos += size
  }
}

/** A record may contain itself: inside, it is found in `known`. */
function skipRecord(type: AvroRecord, known: Map<AvroType, AvroStep>): AvroStep {
  const seen = known.get(type)
  if (seen !== undefined) return seen
  let step: AvroStep = nothing
  known.set(type, cursor => {
    if (++cursor.depth > MAX_DEPTH)
      throw new TableError('TABLE_CORRUPT', 'Avro data nests without end')
    step(cursor)
    cursor.depth--
  })
  step = sequence(
    type.fields.map(field => compileAvroSkip(field.type, known)).filter(one => one !== nothing),
  )
  return step
}

/** Iceberg's maps are arrays of an int key and a long or bytes: most of a manifest's bytes, so they get their own loops. */
function skipItems(items: AvroType, known: Map<AvroType, AvroStep>): AvroStep {
  if (items.kind === 'record' && items.fields.length === 2) {
    const [key, value] = items.fields.map(field => field.type.kind)
    if (key === 'int' && (value === 'long' || value === 'int'))
      return skipBlocks((cursor, count) => cursor.skipLongs(2 * count), avroWeight(items))
    if (key === 'int' && (value === 'bytes' || value === 'string'))
      return skipBlocks((cursor, count) => cursor.skipKeyedBytes(count), avroWeight(items))
  }
  return skipBlocks(each(compileAvroSkip(items, known)), avroWeight(items))
}

/** Passes over so many items. */
type SkipItems = (cursor: AvroCursor, count: number) => void

function each(item: AvroStep): SkipItems {
  return (cursor, count) => {
    for (let left = count; left > 0; left--) item(cursor)
  }
}

function skipBlocks(skip: SkipItems, weight: AvroWeight): AvroStep {
  return cursor => {
    for (let count = cursor.readLong(); count !== 0; count = cursor.readLong()) {
      if (count < 0) cursor.take(cursor.readLong())
      else skip(cursor, cursor.plausible(count, weight))
      cursor.check()
    }
  }
}

function mismatch(expected: string, found: AvroType): TableError {
  return new TableError('TABLE_CORRUPT', `expected ${expected} in Avro data, found ${found.kind}`)
}
