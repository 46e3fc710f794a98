import {
  childrenOf,
  corrupt,
  type DataType,
  type Field,
  isPrimitive,
  Pace,
  type PrimitiveType,
  type Steps,
  TableError,
} from '@spillway/core'
import { type LongJsonObject, type LongJsonValue, valueText } from '@spillway/encoding'
import { parseDefault } from './default-value.js'

const NAMED: ReadonlySet<string> = new Set([
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'date',
  'time',
  'timestamp',
  'timestamptz',
  'timestamp_ns',
  'timestamptz_ns',
  'string',
  'uuid',
  'binary',
])
const MAX_DEPTH = 200

/** Every schema that a table is known to have had, by its id. */
export interface SchemaHistory {
  readonly schemas: ReadonlyMap<number, readonly Field[]>
  /** False where earlier schemas are known to be missing. True proves nothing: the newest may be one of the first. */
  readonly isHistoryWhole: boolean
}

/** The fields of a schema (spec, Appendix C, "Schemas"), in steps. */
export function parseFields(json: LongJsonValue | undefined): Steps<readonly Field[]> {
  return new SchemaReader().fields(json, 0)
}

/** Fields that are looked at in a step: about a millisecond. */
const STEP_BYTES = 64 * 1024

class SchemaReader {
  readonly #pace: Pace

  constructor() {
    this.#pace = new Pace(STEP_BYTES)
  }

  *fields(json: LongJsonValue | undefined, depth: number): Steps<readonly Field[]> {
    if (!Array.isArray(json)) throw badSchema('it has no list of fields')
    const fields: Field[] = []
    for (const each of json as readonly LongJsonValue[]) {
      const object = asObject(each, 'a field')
      const { id, name } = object
      if (typeof id !== 'number' || typeof name !== 'string')
        throw badSchema('a field has no id or name')
      fields.push(fieldOf(object, { id, name, type: yield* this.#type(object.type, depth + 1) }))
      if (this.#pace.isOver(0)) yield
    }
    return fields
  }

  /** A type as table metadata spells it. */
  *#type(json: LongJsonValue | undefined, depth: number): Steps<DataType> {
    if (depth > MAX_DEPTH) throw badSchema(`nested more than ${MAX_DEPTH} deep`)
    if (typeof json === 'string') return parsePrimitive(json)
    const object = asObject(json, 'a type')
    switch (object.type) {
      case 'struct':
        return { kind: 'struct', fields: yield* this.fields(object.fields, depth + 1) }
      case 'list':
        return { kind: 'list', element: yield* this.#child(object, 'element', depth) }
      case 'map':
        return {
          kind: 'map',
          key: yield* this.#child(object, 'key', depth),
          value: yield* this.#child(object, 'value', depth),
        }
      default:
        throw badSchema(`${valueText(object.type)} is no type`)
    }
  }

  *#child(object: LongJsonObject, name: 'element' | 'key' | 'value', depth: number): Steps<Field> {
    const id = object[`${name}-id`]
    if (typeof id !== 'number') throw badSchema(`${name}-id is missing`)
    const nullable = name !== 'key' && object[`${name}-required`] !== true
    const type = yield* this.#type(object[name], depth + 1)
    return { id, name, physicalName: name, type, nullable }
  }
}

function fieldOf(
  { required, doc, 'initial-default': initial }: LongJsonObject,
  { id, name, type }: { readonly id: number; readonly name: string; readonly type: DataType },
): Field {
  const initialDefault = isPrimitive(type) ? parseDefault(initial, type) : undefined
  return {
    id,
    name,
    physicalName: name,
    type,
    nullable: required !== true,
    ...(typeof doc === 'string' ? { comment: doc } : {}),
    initialDefault,
  }
}

/** How many fields there are in a schema's document, nested ones and those of lists and maps too, counted in steps. */
export function* columnCount(fields: readonly LongJsonValue[]): Steps<number> {
  const pace = new Pace(STEP_BYTES)
  let columns = 0
  const pending: Iterator<LongJsonValue>[] = [fields.values()]
  for (let from = pending.at(-1); from !== undefined; from = pending.at(-1)) {
    const { done, value: at } = from.next()
    if (done) pending.pop()
    else if (Array.isArray(at)) {
      columns += at.length
      pending.push((at as readonly LongJsonValue[]).values())
    } else if (typeof at === 'object' && at !== null) {
      const { type, fields: inner, element, key, value } = at as LongJsonObject
      columns += (element === undefined ? 0 : 1) + (key === undefined ? 0 : 2)
      const below = [type, inner, element, key, value].filter(each => typeof each === 'object')
      if (below.length > 0) pending.push((below as LongJsonValue[]).values())
    }
    if (pace.isOver(0)) yield
  }
  return columns + fields.length
}

function parsePrimitive(text: string): PrimitiveType {
  if (NAMED.has(text)) return text as PrimitiveType
  const fixed = /^fixed\[\s*(\d+)\s*\]$/.exec(text)
  if (fixed !== null) return { kind: 'fixed', length: Number(fixed[1]) }
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(-?\d+)\s*\)$/.exec(text)
  if (decimal !== null) return parseDecimalType(Number(decimal[1]), Number(decimal[2]))
  if (/^(?:unknown|variant|geometry|geography)\b/.test(text)) return { kind: 'opaque', name: text }
  throw new TableError('UNSUPPORTED_FEATURE', `the Iceberg type ${JSON.stringify(text)}`)
}

function parseDecimalType(precision: number, scale: number): PrimitiveType {
  if (precision < 1 || precision > 38) throw badSchema(`decimal(${precision}, ${scale})`)
  return { kind: 'decimal', precision, scale }
}

/**
 * Every field, nested ones too, each before those below it, with what `below` made of the field around it: `above` at the top.
 * A generator, so that whoever walks over tens of thousands can do so in steps.
 */
export function* everyField<Above>(
  fields: readonly Field[],
  above: Above,
  below: (field: Field, above: Above) => Above,
): Generator<readonly [Field, Above]> {
  for (const field of fields) {
    yield [field, above]
    const children = childrenOf(field.type)
    if (children !== undefined) yield* everyField(children, below(field, above), below)
  }
}

/** `type` with `change` made to the fields right below it, in steps. */
export function* mapFields(
  type: DataType,
  change: (fields: readonly Field[]) => Steps<readonly Field[]>,
): Steps<DataType> {
  if (isPrimitive(type)) return type
  switch (type.kind) {
    case 'struct':
      return { ...type, fields: yield* change(type.fields) }
    case 'list':
      return { ...type, element: (yield* change([type.element]))[0]! }
    case 'map': {
      const [key, value] = yield* change([type.key, type.value])
      return { ...type, key: key!, value: value! }
    }
  }
}

/** Fields that are looked at, and no more, in a step: about a millisecond. */
export const FIELDS_IN_A_STEP = 2048

/** Every field of a schema by its id, nested ones too, in steps. */
export function* fieldsById(fields: readonly Field[]): Steps<ReadonlyMap<number, Field>> {
  const found = new Map<number, Field>()
  for (const [field] of everyField(fields, undefined, () => undefined)) {
    if (found.has(field.id)) throw badSchema(`two fields have the id ${field.id}`)
    found.set(field.id, field)
    if (found.size % FIELDS_IN_A_STEP === 0) yield
  }
  return found
}

function asObject(json: LongJsonValue | undefined, what: string): LongJsonObject {
  if (typeof json === 'object' && json !== null && !Array.isArray(json))
    return json as LongJsonObject
  throw badSchema(`${what} is ${valueText(json)}`)
}

function badSchema(reason: string): TableError {
  return corrupt('an Iceberg schema', reason)
}
