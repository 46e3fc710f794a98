import { type DataType, physicalKind, TableError, type Value } from '@spillway/core'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true })

/**
 * One value in the spec's binary single-value serialization, of a column whose type is `type` now; values written
 * before a promotion are shorter and are widened. Undefined for bytes that say nothing (NaN, a wrong length, a text that was
 * cut inside a character: whatever is put in its place may sort behind or before the values that it is to bound).
 */
export function decodeSingleValue(bytes: Uint8Array, type: DataType): Value | undefined {
  if (typeof type !== 'string') {
    if (type.kind === 'fixed') return bytes.slice()
    return type.kind === 'decimal' ? decodeDecimal(bytes, type.precision) : undefined
  }
  switch (type) {
    case 'string':
      return textOf(bytes)
    case 'binary':
      return bytes.slice()
    case 'uuid':
      return bytes.length === 16 ? bytes.slice() : undefined
    case 'boolean':
      return bytes.length === 1 ? bytes[0] !== 0 : undefined
    default:
      return decodeNumber(view(bytes), type)
  }
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes)
  } catch {
    return undefined
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function decodeNumber(bytes: DataView, type: Extract<DataType, string>): Value | undefined {
  switch (type) {
    case 'int':
    case 'date':
      return bytes.byteLength === 4 ? bytes.getInt32(0, true) : undefined
    case 'float':
    case 'double':
      return decodeFloat(bytes)
    default:
      return physicalKind(type) === 'int64' ? decodeLong(bytes, unitsPerDay(type)) : undefined
  }
}

/** What one int stands for in a column of 64 bits: itself, or a day in a column that was a date. */
export function unitsPerDay(type: DataType): bigint {
  if (typeof type !== 'string' || !type.startsWith('timestamp')) return 1n
  return type.endsWith('_ns') ? 86_400_000_000_000n : 86_400_000_000n
}

/** Writers of ORC files left NaN in bounds, which bounds nothing. */
function decodeFloat(bytes: DataView): number | undefined {
  const { byteLength } = bytes
  if (byteLength !== 4 && byteLength !== 8) return undefined
  const value = byteLength === 4 ? bytes.getFloat32(0, true) : bytes.getFloat64(0, true)
  return Number.isNaN(value) ? undefined : value
}

/** Four bytes are an int from before it became a long, or a date from before it became a timestamp. */
function decodeLong(bytes: DataView, unitsPerInt: bigint): bigint | undefined {
  if (bytes.byteLength === 8) return bytes.getBigInt64(0, true)
  return bytes.byteLength === 4 ? BigInt(bytes.getInt32(0, true)) * unitsPerInt : undefined
}

/** Two's complement, big-endian, of any length. */
export function decodeUnscaled(bytes: Uint8Array): bigint {
  let value = 0n
  for (const byte of bytes) value = (value << 8n) | BigInt(byte)
  return BigInt.asIntN(bytes.length * 8, value)
}

function decodeDecimal(bytes: Uint8Array, precision: number): bigint | undefined {
  if (bytes.length === 0 || bytes.length > 17) return undefined
  const value = decodeUnscaled(bytes)
  const limit = 10n ** BigInt(precision)
  return value > -limit && value < limit ? value : undefined
}

/** The bytes of a uuid in text. */
export function parseUuid(text: string): Uint8Array {
  return parseHex(text.replaceAll('-', ''), 16)
}

export function parseHex(text: string, length?: number): Uint8Array {
  if (!/^(?:[0-9a-fA-F]{2})*$/.test(text) || (length !== undefined && text.length !== 2 * length)) {
    throw new TableError(
      'TABLE_CORRUPT',
      `expected hexadecimal text, found ${JSON.stringify(text)}`,
    )
  }
  return Uint8Array.from(text.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}
