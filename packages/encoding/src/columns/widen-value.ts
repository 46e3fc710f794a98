import { type DataType, MICROS_PER_DAY, physicalKind, typeName, type Value } from '@spillway/core'

const NANOS_PER_MICRO = 1000n

/**
 * A value written as `from` in a column that is `to` now: the promotions of Delta's type widening and of Iceberg's
 * and Hudi's schema evolution. Undefined where the change is none of them, so that the bound is unknown.
 */
export function widenValue(value: Value, from: DataType, to: DataType): Value | undefined {
  if (typeName(from) === typeName(to)) return value
  const sameBytes = ['string', 'binary', 'uuid']
  const toKind = physicalKind(to)
  if (sameBytes.includes(typeName(from)) || typeName(from).startsWith('fixed')) {
    return toKind === 'bytes' ? sameAs(value, to) : undefined
  }
  if (from === 'float' && to === 'double') return value
  if (from === 'int') return fromInteger(BigInt(value as number), to)
  if (from === 'long') return to === 'int' ? undefined : fromLong(value as bigint, to)
  if (from === 'date') return fromDate(BigInt(value as number), to)
  if (typeof from === 'object' && from.kind === 'decimal') {
    return fromDecimal(value as bigint, from.scale, to)
  }
  return fromTimestamp(value, from, to)
}

/** Strings and bytes with the same content; their order is the same. */
function sameAs(value: Value, to: DataType): Value | undefined {
  if (to === 'string') return typeof value === 'string' ? value : decodeText(value as Uint8Array)
  if (typeof to === 'object' && to.kind === 'decimal') return undefined
  return typeof value === 'string' ? new TextEncoder().encode(value) : value
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function fromInteger(value: bigint, to: DataType): Value | undefined {
  return to === 'float' ? undefined : fromLong(value, to)
}

function fromLong(value: bigint, to: DataType): Value | undefined {
  if (to === 'long') return value
  if (to === 'double') return BigInt(Number(value)) === value ? Number(value) : undefined
  if (typeof to === 'object' && to.kind === 'decimal') return value * 10n ** BigInt(to.scale)
  return undefined
}

function fromDate(days: bigint, to: DataType): Value | undefined {
  if (to === 'timestamp') return days * MICROS_PER_DAY
  return to === 'timestamp_ns' ? days * MICROS_PER_DAY * NANOS_PER_MICRO : undefined
}

function fromDecimal(unscaled: bigint, scale: number, to: DataType): Value | undefined {
  if (typeof to !== 'object' || to.kind !== 'decimal' || to.scale < scale) return undefined
  return unscaled * 10n ** BigInt(to.scale - scale)
}

/** A zone flag that writers disagree about does not change the instant's number; nanoseconds only gain digits. */
function fromTimestamp(value: Value, from: DataType, to: DataType): Value | undefined {
  const micros = ['timestamp', 'timestamptz']
  const nanos = ['timestamp_ns', 'timestamptz_ns']
  const [source, target] = [typeName(from), typeName(to)]
  if (micros.includes(source) && micros.includes(target)) return value
  if (nanos.includes(source) && nanos.includes(target)) return value
  if (micros.includes(source) && nanos.includes(target)) return (value as bigint) * NANOS_PER_MICRO
  return undefined
}
