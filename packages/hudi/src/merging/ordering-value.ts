import { type Field, physicalKind, type Value } from '@spillway/core'
import { widenValue } from '@spillway/encoding'
import { unsupported } from '../config/merge-rule.js'

/** An ordering value of a delete, which comes in a wrapper, as a value of the ordering column. */
export function orderingValue(value: unknown, field: Field | undefined): Value | null {
  if (value === null) return null
  if (field === undefined)
    throw unsupported('a delete with more ordering values than the table has fields')
  const converted = convert(value, field)
  if (converted !== undefined) return converted
  throw unsupported(`a delete whose ordering value is not of the type of ${field.name}`)
}

function convert(value: unknown, { type }: Field): Value | undefined {
  if (isDecimal(value)) {
    const from = { kind: 'decimal', precision: 38, scale: value.scale } as const
    if (typeof type !== 'object' || type.kind !== 'decimal') return undefined
    const divisor = 10n ** BigInt(Math.max(0, value.scale - type.scale))
    if (value.unscaled % divisor !== 0n) return undefined
    return type.scale <= value.scale
      ? value.unscaled / divisor
      : widenValue(value.unscaled, from, type)
  }
  if (typeof value === 'bigint') {
    return physicalKind(type) === 'int64' ? value : widenValue(value, 'long', type)
  }
  if (typeof value === 'number') {
    if (physicalKind(type) === 'int32') return value
    return type === 'double' || type === 'float' ? value : widenValue(value, 'int', type)
  }
  if (typeof value === 'string') return type === 'string' ? value : undefined
  if (typeof value === 'boolean') return type === 'boolean' ? value : undefined
  return value instanceof Uint8Array && physicalKind(type) === 'bytes' ? value : undefined
}

function isDecimal(value: unknown): value is { readonly unscaled: bigint; readonly scale: number } {
  return typeof value === 'object' && value !== null && 'unscaled' in value
}
