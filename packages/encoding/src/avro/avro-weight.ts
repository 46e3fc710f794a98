import type { AvroType } from './avro-type.js'

/** What a value of a type takes at least, whatever it is. */
export interface AvroWeight {
  /** Encoded bytes. */
  readonly bytes: number
  /** Values in it, itself too: what a reader goes through, be they encoded in no bytes. */
  readonly values: number
  /** Values that no bytes bound where it is an item of a list. Asked for at every list of every row, and nearly always none. */
  readonly held: number
}

/** The weight of what takes so many bytes and values. */
export function weightOf(bytes: number, values: number): AvroWeight {
  return { bytes, values, held: bytes === 0 ? values : unbackedValues({ bytes, values }) }
}

type Known = Map<AvroType, AvroWeight>

const NOTHING = weightOf(0, 0)

/**
 * The least that a value of `type` weighs: counts that files claim are held to it. Named types count wherever they are
 * referred to, so that a schema that doubles itself level by level is found out by its sum and not by reading it; a type
 * inside itself weighs nothing.
 */
export function avroWeight(type: AvroType, known: Known = new Map()): AvroWeight {
  const before = known.get(type)
  if (before !== undefined) return before
  known.set(type, NOTHING)
  const weight = weigh(type, known)
  known.set(type, weight)
  return weight
}

/** An entry of a map: its key is a text. */
export function entryWeight(values: AvroType): AvroWeight {
  const value = avroWeight(values)
  return weightOf(value.bytes + 1, value.values + 1)
}

/** Values of one of them that no bytes stand for: nulls by the hundred, records of nothing. */
export function unbackedValues({ bytes, values }: Pick<AvroWeight, 'bytes' | 'values'>): number {
  return Math.max(0, values - 2 * bytes - 1)
}

function weigh(type: AvroType, known: Known): AvroWeight {
  switch (type.kind) {
    case 'null':
      return weightOf(0, 1)
    case 'float':
      return weightOf(4, 1)
    case 'double':
      return weightOf(8, 1)
    case 'fixed':
      return weightOf(type.size, 1)
    case 'record': {
      let bytes = 0
      let values = 1
      for (const field of type.fields) {
        const inner = avroWeight(field.type, known)
        bytes += inner.bytes
        values += inner.values
      }
      return weightOf(bytes, values)
    }
    default:
      // The branch of a union, the count of a list and the length of a text take a byte.
      return weightOf(1, 1)
  }
}

/** Columns that a schema comes to, named types counted wherever they are referred to. */
export function columnCount(type: AvroType, known: Map<AvroType, number> = new Map()): number {
  // Of the types that have others in them, records alone are referred to.
  if (type.kind !== 'record') return columnsIn(type, inner => columnCount(inner, known))
  const before = known.get(type)
  if (before !== undefined) return before
  known.set(type, 0)
  const columns = columnsIn(type, inner => columnCount(inner, known))
  known.set(type, columns)
  return columns
}

function columnsIn(type: AvroType, count: (inner: AvroType) => number): number {
  switch (type.kind) {
    case 'record':
      return type.fields.reduce((sum, field) => sum + 1 + count(field.type), 0)
    case 'union':
      return type.branches.reduce((sum, branch) => sum + count(branch), 0)
    case 'array':
      return 1 + count(type.items)
    case 'map':
      return 2 + count(type.values)
    default:
      return 0
  }
}
