import {
  clockNanos,
  ExactNumber,
  epochDay,
  NANOS_PER_DAY,
  type PrimitiveType,
  TableError,
  type Value,
} from '@spillway/core'
import type { LongJsonValue } from '@spillway/encoding'
import { parseHex, parseUuid } from '../bounds/single-value.js'

/**
 * A default in the spec's JSON single-value serialization. Null, and a struct's default (whose fields carry their
 * own), are undefined.
 */
export function parseDefault(
  json: LongJsonValue | undefined,
  type: PrimitiveType,
): Value | undefined {
  if (json === undefined || json === null) return undefined
  const value = typeof type === 'string' ? parseNamed(json, type) : parseSized(json, type)
  if (value !== undefined && fits(value, type)) return value
  throw new TableError(
    'TABLE_CORRUPT',
    `expected a default of type ${typeof type === 'string' ? type : type.kind}, found ${JSON.stringify(String(json))}`,
  )
}

function parseSized(json: LongJsonValue, type: Exclude<PrimitiveType, string>): Value | undefined {
  if (type.kind === 'fixed')
    return typeof json === 'string' ? parseHex(json, type.length) : undefined
  return type.kind === 'decimal' ? parseDecimal(json, type.scale) : undefined
}

function parseNamed(json: LongJsonValue, type: Extract<PrimitiveType, string>): Value | undefined {
  switch (type) {
    case 'boolean':
      return typeof json === 'boolean' ? json : undefined
    case 'int':
      return typeof json === 'number' && Number.isInteger(json) ? json : undefined
    case 'long':
      return typeof json === 'bigint' || Number.isInteger(json) ? BigInt(json as number) : undefined
    case 'float':
    case 'double':
      return parseFloating(json, type)
    case 'string':
      return typeof json === 'string' ? json : undefined
    case 'uuid':
      return typeof json === 'string' ? parseUuid(json) : undefined
    case 'binary':
      return typeof json === 'string' ? parseHex(json) : undefined
    default:
      return typeof json === 'string' ? parseTemporal(json, type) : undefined
  }
}

function parseFloating(json: LongJsonValue, type: 'float' | 'double'): number | undefined {
  const text = json instanceof ExactNumber ? json.text : json
  if (typeof text === 'object' || typeof text === 'boolean') return undefined
  const value = Number(text)
  return type === 'float' ? Math.fround(value) : value
}

function parseDecimal(json: LongJsonValue, scale: number): bigint | undefined {
  const match = /^([+-]?)(\d*)\.?(\d*)$/.exec(String(json))
  if (match === null || typeof json === 'object') return undefined
  const fraction = match[3]!.replace(/0+$/, '')
  if (fraction.length > scale) return undefined
  const digits = BigInt(`${match[2]}${fraction.padEnd(scale, '0')}` || '0')
  return match[1] === '-' ? -digits : digits
}

function parseTemporal(
  text: string,
  type: 'date' | 'time' | 'timestamp' | 'timestamptz' | 'timestamp_ns' | 'timestamptz_ns',
): Value | undefined {
  if (type === 'time') return wholeUnits(clockNanos(text), 'micros')
  const match = /^([+-]?\d{4,})-(\d\d)-(\d\d)(?:[T ](.*?)(Z|[+-]\d\d(?::?\d\d)?)?)?$/.exec(text)
  if (match === null) return undefined
  const days = epochDay(Number(match[1]), Number(match[2]), Number(match[3]))
  if (days === undefined || type === 'date') return days
  const clock = clockNanos(match[4] ?? '00:00')
  const offset = offsetNanos(match[5])
  if (clock === undefined || offset === undefined) return undefined
  const nanos = BigInt(days) * NANOS_PER_DAY + clock - offset
  return wholeUnits(nanos, type.endsWith('_ns') ? 'nanos' : 'micros')
}

/** Digits beyond the type's are cut. */
function wholeUnits(nanos: bigint | undefined, unit: 'micros' | 'nanos'): bigint | undefined {
  if (nanos === undefined || unit === 'nanos') return nanos
  return (nanos - (((nanos % 1000n) + 1000n) % 1000n)) / 1000n
}

/** No zone is further from UTC than 18 hours. */
function offsetNanos(zone: string | undefined): bigint | undefined {
  const match = /^([+-])(\d\d):?(\d\d)?$/.exec(zone ?? '')
  if (match === null) return 0n
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? 0)
  if (minutes > 18 * 60 || Number(match[3] ?? 0) > 59) return undefined
  return BigInt(match[1] === '-' ? -minutes : minutes) * 60_000_000_000n
}

/** True for what a column of this type can hold. */
function fits(value: Value, type: PrimitiveType): boolean {
  if (typeof type === 'object') {
    if (type.kind !== 'decimal') return true
    const unscaled = value as bigint
    return (unscaled < 0n ? -unscaled : unscaled) < 10n ** BigInt(type.precision)
  }
  if (type === 'int' || type === 'date') return value === ((value as number) | 0)
  return typeof value !== 'bigint' || value === BigInt.asIntN(64, value)
}
