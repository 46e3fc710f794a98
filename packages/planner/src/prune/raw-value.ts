import {
  compareBytes,
  type DataType,
  encodeWideDecimal,
  physicalKind,
  type Value,
} from '@spillway/core'
import type { Raw } from './kernels.js'
import { byteMembers, type Members } from './member-kernels.js'

const utf8 = new TextEncoder()

/** A bound value as the column of its type stores it. */
export function rawOf(value: Value, type: DataType): Raw {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value === 'string') return utf8.encode(value)
  if (typeof value === 'bigint' && physicalKind(type) === 'bytes') return encodeWideDecimal(value)
  return value
}

/** The values of an IN list, which bind gave one type, ascending and distinct. */
export function membersOf(values: readonly Value[], type: DataType): Members {
  const raw = values.map(value => rawOf(value, type))
  switch (physicalKind(type)) {
    case 'bytes':
      return byteMembers(distinct(raw.filter(isBytes).sort(compareBytes), compareBytes))
    case 'int64': {
      const sorted = BigInt64Array.from(raw.filter(each => typeof each === 'bigint')).sort()
      return {
        kind: 'int64',
        values: sorted.filter((each, i) => i === 0 || each !== sorted[i - 1]),
      }
    }
    default:
      return numberMembers(raw.filter(each => typeof each === 'number'))
  }
}

export function numberMembers(values: Iterable<number>): Members {
  const sorted = Float64Array.from(values).sort()
  return { kind: 'number', values: sorted.filter((each, i) => i === 0 || each !== sorted[i - 1]) }
}

function isBytes(value: Raw): value is Uint8Array {
  return value instanceof Uint8Array
}

function distinct<T>(sorted: readonly T[], compare: (a: T, b: T) => number): readonly T[] {
  return sorted.filter((each, i) => i === 0 || compare(each, sorted[i - 1]!) !== 0)
}
