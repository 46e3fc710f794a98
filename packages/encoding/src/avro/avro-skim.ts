import type { AvroCursor } from './avro-cursor.js'
import type { AvroType } from './avro-type.js'
import { avroWeight } from './avro-weight.js'

/** What passes over neighbouring values at once; false, with the cursor where it was, where they are not as nearly all are. */
export type AvroSkim = (cursor: AvroCursor) => boolean

const END = 0
const LONG = 1
const BYTES = 2
/** Followed by how many bytes. */
const FIXED = 3
/** Followed by the branch of a value, that of null, and where it goes on behind a null. */
const OPTIONAL = 4
/** Followed by the shape of an item. */
const ITEMS = 5

const MOST_NESTED = 8

/**
 * Passes over values of `types`, one after the other: a row's unwanted fields are most of its bytes, and a call for each costs more
 * than they do. Undefined where a type is none of those that rows of metadata are made of.
 */
export function compileAvroSkim(types: readonly AvroType[]): AvroSkim | undefined {
  const program: number[] = []
  if (!types.every(type => append(program, type, 0))) return undefined
  program.push(END)
  const steps = Int32Array.from(program)
  return cursor => isSkimmed(cursor, steps)
}

function append(program: number[], type: AvroType, nested: number): boolean {
  switch (type.kind) {
    case 'null':
      return true
    case 'boolean':
      program.push(FIXED, 1)
      return true
    case 'float':
      program.push(FIXED, 4)
      return true
    case 'double':
      program.push(FIXED, 8)
      return true
    case 'fixed':
      program.push(FIXED, type.size)
      return true
    case 'int':
    case 'long':
    case 'enum':
      program.push(LONG)
      return true
    case 'bytes':
    case 'string':
      program.push(BYTES)
      return true
    case 'union':
      return appendOptional(program, type.branches, nested)
    case 'array':
      return appendItems(program, type.items)
    case 'record':
      // One that contains itself has no end here.
      return (
        nested < MOST_NESTED && type.fields.every(field => append(program, field.type, nested + 1))
      )
    default:
      return false
  }
}

function appendOptional(program: number[], branches: readonly AvroType[], nested: number): boolean {
  const none = branches.findIndex(({ kind }) => kind === 'null')
  if (branches.length !== 2 || none < 0) return false
  const value = 1 - none
  // Branches are written as longs, whose sign is the lowest bit.
  program.push(OPTIONAL, 2 * value, 2 * none, 0)
  const behind = program.length - 1
  if (!append(program, branches[value]!, nested)) return false
  program[behind] = program.length
  return true
}

/** Lists of longs, of bytes, and Iceberg's maps, which are lists of a key and one of both. */
function appendItems(program: number[], items: AvroType): boolean {
  const { bytes, held } = avroWeight(items)
  const kinds = items.kind === 'record' ? items.fields.map(field => field.type.kind) : [items.kind]
  const last = kinds.at(-1)
  const isKeyed = last === 'bytes' || last === 'string'
  const longs = kinds.length - (isKeyed ? 1 : 0)
  // Items that no bytes stand for are counted by whoever passes over them one by one.
  const isKnown = held === 0 && bytes > 0 && bytes <= MOST_IN_SHAPE && longs <= MOST_IN_SHAPE
  if (!isKnown || !kinds.slice(0, longs).every(kind => kind === 'int' || kind === 'long'))
    return false
  program.push(ITEMS, (bytes << 16) | (longs << 1) | (isKeyed ? 1 : 0))
  return true
}

/** In the shape of an item: the least bytes that it has, the longs that it begins with, and whether bytes come behind them. */
const MOST_IN_SHAPE = 100

/**
 * Past the end a typed array yields undefined, which no comparison admits: nothing here goes on for longer than a count that was
 * held to the bytes that are left, and the end is looked at last.
 */
function isSkimmed(cursor: AvroCursor, program: Int32Array): boolean {
  const { bytes } = cursor
  let { pos } = cursor
  for (let at = 0; pos >= 0; ) {
    switch (program[at++]) {
      case LONG:
        while (bytes[pos]! >= 0x80) pos++
        pos++
        break
      case BYTES:
        pos = behindBytes(bytes, pos)
        break
      case FIXED:
        pos += program[at++]!
        break
      case OPTIONAL: {
        const branch = bytes[pos++]
        if (branch === program[at]) at += 3
        else if (branch === program[at + 1]) at = program[at + 2]!
        else return false
        break
      }
      case ITEMS:
        pos = behindItems(bytes, pos, program[at++]!)
        break
      default:
        if (pos > bytes.length) return false
        cursor.pos = pos
        return true
    }
  }
  return false
}

/** Where bytes or a text end, or else -1: lengths are of one byte nearly always, of two sometimes. */
function behindBytes(bytes: Uint8Array, start: number): number {
  let pos = start
  let length = bytes[pos++]!
  if (length >= 0x80) {
    const more = bytes[pos++]!
    if (!(more < 0x80)) return -1
    length = (length & 0x7f) | (more << 7)
  }
  return (length & 1) === 0 ? pos + (length >>> 1) : -1
}

/** Where a list ends, or else -1. */
function behindItems(bytes: Uint8Array, start: number, shape: number): number {
  const longs = (shape >> 1) & 0x7f
  const isKeyed = (shape & 1) === 1
  for (let pos = start; ; ) {
    let count = bytes[pos++]!
    if (count === 0) return pos
    if (count >= 0x80) {
      const more = bytes[pos++]!
      if (!(more < 0x80)) return -1
      count = (count & 0x7f) | (more << 7)
    }
    if (!(count > 0)) return -1
    // Less than none: the bytes of all of them follow.
    if ((count & 1) === 1) pos = behindBytes(bytes, pos)
    else {
      const items = count >>> 1
      if (!(items * (shape >> 16) <= bytes.length - pos)) return -1
      for (let left = items; left > 0 && pos >= 0; left--) {
        for (let more = longs; more > 0; more--) {
          while (bytes[pos]! >= 0x80) pos++
          pos++
        }
        if (isKeyed) pos = behindBytes(bytes, pos)
      }
    }
    if (pos < 0) return -1
  }
}
