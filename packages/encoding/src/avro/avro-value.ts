import { TableError } from '@spillway/core'
import { AvroCursor } from './avro-cursor.js'
import type { AvroRecord, AvroType } from './avro-type.js'
import { type AvroWeight, avroWeight, entryWeight } from './avro-weight.js'

/** An Avro value as JavaScript's: long as bigint, int as number, enum as its symbol, map as Map. */
export type AvroValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly AvroValue[]
  | ReadonlyMap<string, AvroValue>
  | AvroObject

/** A record. Without a prototype, so that any field name is only a field. */
export interface AvroObject {
  readonly [field: string]: AvroValue
}

/** Reads one value, and moves behind it. */
export type AvroReader = (cursor: AvroCursor) => AvroValue

const MAX_DEPTH = 200

/** One value without a container around it, and where it ended. */
export function readAvroValue(
  type: AvroType,
  bytes: Uint8Array,
  start = 0,
): { readonly value: AvroValue; readonly end: number } {
  const cursor = new AvroCursor(bytes)
  cursor.pos = start
  const value = compileAvroReader(type)(cursor)
  return { value, end: cursor.pos }
}

/** One level deeper in records, which may contain themselves. */
export function enterRecord(cursor: AvroCursor): void {
  if (++cursor.depth <= MAX_DEPTH) return
  throw new TableError('TABLE_CORRUPT', 'Avro data nests without end')
}

/** A closure that reads one value of `type`. */
export function compileAvroReader(
  type: AvroType,
  known: Map<AvroType, AvroReader> = new Map(),
): AvroReader {
  switch (type.kind) {
    case 'null':
      return () => null
    case 'boolean':
      return cursor => cursor.readBoolean()
    case 'int':
      return cursor => cursor.readLong()
    case 'long':
      return cursor => cursor.readBigLong()
    case 'float':
      return cursor => cursor.readFloat()
    case 'double':
      return cursor => cursor.readDouble()
    case 'bytes':
      return cursor => cursor.readBytes().slice()
    case 'string':
      return cursor => cursor.readString()
    case 'fixed':
      return cursor => cursor.bytes.slice(cursor.take(type.size), cursor.pos)
    case 'enum':
      return cursor => type.symbols[cursor.readBranch(type.symbols.length)]!
    case 'union': {
      const branches = type.branches.map(branch => compileAvroReader(branch, known))
      return cursor => branches[cursor.readBranch(branches.length)]!(cursor)
    }
    case 'array':
      return arrayReader(compileAvroReader(type.items, known), avroWeight(type.items))
    case 'map':
      return mapReader(compileAvroReader(type.values, known), entryWeight(type.values))
    case 'record':
      return recordReader(type, known)
  }
}

function arrayReader(item: AvroReader, weight: AvroWeight): AvroReader {
  return cursor => {
    const items: AvroValue[] = []
    for (
      let count = cursor.readBlockCount(weight);
      count > 0;
      count = cursor.readBlockCount(weight)
    ) {
      cursor.hold(count * weight.values)
      for (let i = 0; i < count; i++) items.push(item(cursor))
    }
    return items
  }
}

function mapReader(value: AvroReader, weight: AvroWeight): AvroReader {
  return cursor => {
    const map = new Map<string, AvroValue>()
    for (
      let count = cursor.readBlockCount(weight);
      count > 0;
      count = cursor.readBlockCount(weight)
    ) {
      cursor.hold(count * weight.values)
      for (let i = 0; i < count; i++) map.set(cursor.readString(), value(cursor))
    }
    return map
  }
}

function recordReader(type: AvroRecord, known: Map<AvroType, AvroReader>): AvroReader {
  const seen = known.get(type)
  if (seen !== undefined) return seen
  const fields: (readonly [string, AvroReader])[] = []
  const read: AvroReader = cursor => {
    enterRecord(cursor)
    const record = Object.create(null) as Record<string, AvroValue>
    for (const [name, field] of fields) record[name] = field(cursor)
    cursor.depth--
    return record
  }
  known.set(type, read)
  for (const field of type.fields) fields.push([field.name, compileAvroReader(field.type, known)])
  return read
}
