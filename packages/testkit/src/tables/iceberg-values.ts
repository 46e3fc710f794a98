import type { DataType, Value } from '@spillway/core'
import type { AvroWriter } from '../encodings/avro-writer.js'
import { fixedBytes } from '../encodings/single-value.js'

/** The Avro schema of a partition value (spec, Appendix A, "Avro"). `name` makes named types distinct. */
export function avroTypeOf(type: DataType, name: string): unknown {
  if (typeof type === 'object') {
    if (type.kind === 'fixed') return { type: 'fixed', name, size: type.length }
    if (type.kind !== 'decimal') throw new Error(`no Avro type for ${type.kind}`)
    const { precision, scale } = type
    return { type: 'fixed', name, size: 16, logicalType: 'decimal', precision, scale }
  }
  switch (type) {
    case 'date':
      return { type: 'int', logicalType: 'date' }
    case 'time':
      return { type: 'long', logicalType: 'time-micros' }
    case 'timestamp':
    case 'timestamptz':
      return {
        type: 'long',
        logicalType: 'timestamp-micros',
        'adjust-to-utc': type === 'timestamptz',
      }
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return {
        type: 'long',
        logicalType: 'timestamp-nanos',
        'adjust-to-utc': type === 'timestamptz_ns',
      }
    case 'uuid':
      return { type: 'fixed', name, size: 16, logicalType: 'uuid' }
    case 'binary':
      return 'bytes'
    default:
      return type
  }
}

/** A partition value as `avroTypeOf` describes it. */
export function writeAvroValue(out: AvroWriter, value: Value, type: DataType): void {
  if (typeof type === 'object') {
    out.raw(type.kind === 'decimal' ? fixedBytes(value as bigint, 16) : (value as Uint8Array))
    return
  }
  if (type === 'uuid') out.raw(value as Uint8Array)
  else if (type === 'boolean') out.boolean(value as boolean)
  else if (type === 'float') out.float(value as number)
  else if (type === 'double') out.double(value as number)
  else if (typeof value === 'string' || value instanceof Uint8Array) out.bytes(value)
  else out.long(value as number | bigint)
}
