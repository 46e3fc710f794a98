import {
  type DataType,
  type PartitionSpec,
  physicalKind,
  TableError,
  type Value,
} from '@spillway/core'
import {
  type AvroField,
  type AvroObject,
  type AvroRecord,
  type AvroValue,
  valueText,
} from '@spillway/encoding'
import { decodeUnscaled, parseUuid, unitsPerDay } from '../bounds/single-value.js'

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
const utf8Bytes = new TextEncoder()

/**
 * The fields of a manifest's tuple that hold the fields of its spec: matched by id; in manifests without ids (version 1)
 * by name, then by position.
 */
export function tupleFields(
  type: AvroRecord | undefined,
  spec: PartitionSpec,
): readonly (AvroField | undefined)[] {
  const fields = type?.fields ?? []
  if (fields.some(({ id }) => id !== undefined)) {
    const byId = firstOf(fields, ({ id }) => id)
    return spec.fields.map(({ id }) => byId.get(id))
  }
  const byName = firstOf(fields, ({ name }) => name)
  const isAligned = fields.length === spec.fields.length
  return spec.fields.map(({ name }, i) => byName.get(name) ?? (isAligned ? fields[i] : undefined))
}

function firstOf<Key>(
  fields: readonly AvroField[],
  keyOf: (field: AvroField) => Key,
): ReadonlyMap<Key, AvroField> {
  const found = new Map<Key, AvroField>()
  for (const field of fields) if (!found.has(keyOf(field))) found.set(keyOf(field), field)
  return found
}

/**
 * Reads the values of tuples, one per field of the spec. A tuple lacks only what is void (spec, "Partition Evolution"): without
 * any other field it is not of this spec, or its ids are damaged, and null would be a value that the file does not have.
 * `types` are the fields' own types where they are known; a value of an unknown transform stays as Avro gave it.
 */
export function partitionReader(
  type: AvroRecord | undefined,
  layout: { readonly spec: PartitionSpec; readonly types: readonly (DataType | undefined)[] },
): (tuple: AvroObject) => readonly (Value | null)[] {
  const { spec, types } = layout
  const found = tupleFields(type, spec)
  for (const [position, { id, name, transform }] of spec.fields.entries()) {
    if (found[position] !== undefined || transform.kind === 'void') continue
    throw new TableError(
      'TABLE_CORRUPT',
      `expected the partition value ${name} (field id ${id}) of spec ${spec.id} in a manifest, found ${namesOf(type)}`,
    )
  }
  return tuple =>
    found.map((field, i) =>
      field === undefined ? null : convert(tuple[field.name]!, types[i], spec.fields[i]!.name),
    )
}

function namesOf(type: AvroRecord | undefined): string {
  const fields = type?.fields.map(({ name, id }) => `${name} (${id ?? 'no field id'})`) ?? []
  return fields.join(', ') || 'no partition values'
}

function convert(value: AvroValue, type: DataType | undefined, name: string): Value | null {
  if (value === null) return null
  if (type === undefined) return plainValue(value)
  const converted = toType(value, type)
  if (converted !== undefined) return converted
  throw new TableError(
    'TABLE_CORRUPT',
    `expected partition value ${name} of type ${typeof type === 'string' ? type : type.kind}, found ${String(value)}`,
  )
}

/** A value of an unknown transform, which is only ever compared for equality. */
function plainValue(value: AvroValue): Value {
  if (typeof value === 'object') return value instanceof Uint8Array ? value : valueText(value)
  return value
}

function toType(value: AvroValue, type: DataType): Value | undefined {
  if (typeof type === 'object') {
    if (type.kind === 'decimal')
      return value instanceof Uint8Array ? decodeUnscaled(value) : undefined
    return type.kind === 'fixed' && value instanceof Uint8Array ? value : undefined
  }
  switch (type) {
    case 'string':
      return value instanceof Uint8Array ? utf8.decode(value) : textOf(value)
    case 'binary':
      return typeof value === 'string' ? utf8Bytes.encode(value) : bytesOf(value)
    case 'uuid':
      return typeof value === 'string' ? parseUuid(value) : bytesOf(value)
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined
    default:
      return numberOf(value, type)
  }
}

function textOf(value: AvroValue): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function bytesOf(value: AvroValue): Uint8Array | undefined {
  return value instanceof Uint8Array ? value : undefined
}

/** An int in a wider column was written before its promotion: of a long the same number, of a timestamp a date. */
function numberOf(value: AvroValue, type: DataType): Value | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  if (physicalKind(type) !== 'int64') return Number(value)
  if (!Number.isInteger(Number(value))) return undefined
  const units = typeof value === 'number' ? unitsPerDay(type) : 1n
  return BigInt(value) * units
}

/** Text that two tuples of one spec share exactly when the spec calls them equal: NaN equals NaN, -0 is not 0. */
export function tupleKey(values: readonly (Value | null)[]): string {
  return values.map(valueKey).join('\u001f')
}

function valueKey(value: Value | null): string {
  if (value === null) return 'n'
  if (value instanceof Uint8Array) return `x${Buffer.from(value).toString('hex')}`
  if (Object.is(value, -0)) return '-0'
  // Escaped, so that no text can hold the separator.
  if (typeof value === 'string') return `s${JSON.stringify(value)}`
  return String(value)
}
