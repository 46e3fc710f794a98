import {
  atOnce,
  corrupt,
  DEFAULT_BUDGETS,
  inSlices,
  isTableError,
  type ReadBudgets,
  requireWithin,
  type Steps,
  TableError,
} from '@spillway/core'
import { valueText } from '../json/exact-json.js'
import { longJsonInSteps } from '../json/long-json.js'
import type { AvroField, AvroPrimitive, AvroRecord, AvroType, WithLogical } from './avro-type.js'
import { columnCount } from './avro-weight.js'

const PRIMITIVES: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

/** Deeper schemas are refused: recursion on untrusted text must end before the stack does. */
const MAX_DEPTH = 100

const utf8 = new TextEncoder()

/** An Avro schema from its JSON (Avro 1.12, "Schema Declaration"). References to named types become the types. */
export function parseAvroSchema(text: string, budgets?: ReadBudgets): AvroType {
  return atOnce(avroTextInSteps(text, budgets))
}

/** `parseAvroSchema` in slices: for schemas that others wrote. */
export function parseAvroSchemaLater(text: string, budgets?: ReadBudgets): Promise<AvroType> {
  return inSlices(avroTextInSteps(text, budgets))
}

/** `parseAvroSchema` for work that goes on in steps. */
export function avroTextInSteps(text: string, budgets?: ReadBudgets): Steps<AvroType> {
  return avroSchemaInSteps(utf8.encode(text), budgets)
}

/** `avroTextInSteps` of a text in UTF-8. */
export function* avroSchemaInSteps(
  bytes: Uint8Array,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Steps<AvroType> {
  const schema = yield* new SchemaParser().parse(yield* jsonOf(bytes, budgets), '', 0)
  const observed = columnCount(schema)
  requireWithin(budgets, 'columns', { what: 'an Avro schema', observed, unit: 'columns' })
  return schema
}

function* jsonOf(bytes: Uint8Array, budgets: ReadBudgets): Steps<unknown> {
  try {
    return yield* longJsonInSteps(bytes, { budgets })
  } catch (cause) {
    if (!isTableError(cause) || cause.code !== 'TABLE_CORRUPT') throw cause
    throw new TableError('TABLE_CORRUPT', 'expected an Avro schema in JSON', { cause })
  }
}

/** Types that are taken in at once: some tenths of a millisecond. */
const TYPES_IN_A_STEP = 256

class SchemaParser {
  readonly #named = new Map<string, AvroType>()
  #types = 0;

  *parse(json: unknown, namespace: string, depth: number): Steps<AvroType> {
    if (depth > MAX_DEPTH) throw badSchema(`nested more than ${MAX_DEPTH} deep`)
    if (++this.#types % TYPES_IN_A_STEP === 0) yield
    if (typeof json === 'string') return this.#reference(json, namespace)
    if (Array.isArray(json)) {
      const branches: AvroType[] = []
      for (const branch of json as unknown[]) {
        branches.push(yield* this.parse(branch, namespace, depth + 1))
      }
      return { kind: 'union', branches }
    }
    if (typeof json !== 'object' || json === null) throw badSchema(`${valueText(json)} is no type`)
    return yield* this.#declared(json as Record<string, unknown>, namespace, depth)
  }

  #reference(name: string, namespace: string): AvroType {
    if (PRIMITIVES.has(name)) return { kind: name as AvroPrimitive }
    const found = this.#named.get(fullName(name, namespace)) ?? this.#named.get(name)
    if (found === undefined) throw badSchema(`the type ${JSON.stringify(name)} is not defined`)
    return found
  }

  *#declared(json: Record<string, unknown>, namespace: string, depth: number): Steps<AvroType> {
    const { type } = json
    const logical = logicalOf(json)
    switch (type) {
      case 'record':
      case 'error':
        return yield* this.#record(json, namespace, depth)
      case 'enum':
        return this.#define(json, namespace, name => ({
          kind: 'enum',
          name,
          symbols: symbols(json),
        }))
      case 'fixed':
        return this.#define(json, namespace, name => ({
          kind: 'fixed',
          name,
          size: count(json.size, 'size'),
          ...logical,
        }))
      case 'array':
        return {
          kind: 'array',
          items: yield* this.parse(json.items, namespace, depth + 1),
          ...identifier(json, 'element-id', 'elementId'),
          ...logical,
        }
      case 'map':
        return {
          kind: 'map',
          values: yield* this.parse(json.values, namespace, depth + 1),
          ...identifier(json, 'key-id', 'keyId'),
          ...identifier(json, 'value-id', 'valueId'),
        }
      default:
        if (typeof type === 'string' && PRIMITIVES.has(type)) {
          return { kind: type as AvroPrimitive, ...logical }
        }
        return yield* this.parse(type, namespace, depth + 1)
    }
  }

  *#record(json: Record<string, unknown>, namespace: string, depth: number): Steps<AvroType> {
    const name = fullName(String(json.name ?? ''), String(json.namespace ?? namespace))
    const fields: AvroField[] = []
    const record: AvroRecord = { kind: 'record', name, fields }
    // Known by its name before its fields are read: a record may contain itself.
    this.#named.set(name, record)
    if (!Array.isArray(json.fields))
      throw badSchema(`the record ${JSON.stringify(name)} has no fields`)
    const names = new Set<string>()
    const inner = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : ''
    for (const field of json.fields as unknown[]) {
      if (typeof field !== 'object' || field === null)
        throw badSchema(`a field of ${name} is no object`)
      const declared = field as Record<string, unknown>
      if (typeof declared.name !== 'string') throw badSchema(`a field of ${name} has no name`)
      if (names.has(declared.name)) throw badSchema(`${name} has two fields ${declared.name}`)
      names.add(declared.name)
      fields.push({
        name: declared.name,
        ...identifier(declared, 'field-id', 'id'),
        type: yield* this.parse(declared.type, inner, depth + 1),
      })
    }
    return record
  }

  #define(
    json: Record<string, unknown>,
    namespace: string,
    create: (name: string) => AvroType,
  ): AvroType {
    const name = fullName(String(json.name ?? ''), String(json.namespace ?? namespace))
    const type = create(name)
    this.#named.set(name, type)
    return type
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function symbols(json: Record<string, unknown>): readonly string[] {
  if (!Array.isArray(json.symbols) || json.symbols.some(symbol => typeof symbol !== 'string')) {
    throw badSchema('an enum has no list of symbols')
  }
  return json.symbols as string[]
}

function count(value: unknown, what: string): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw badSchema(`${what} is ${valueText(value)}`)
  }
  return value
}

function identifier<K extends string>(
  json: Record<string, unknown>,
  property: string,
  key: K,
): { [P in K]?: number } {
  const value = json[property]
  if (value === undefined) return {}
  return { [key]: count(value, property) } as { [P in K]?: number }
}

function logicalOf(json: Record<string, unknown>): WithLogical {
  const { logicalType, precision, scale } = json
  if (typeof logicalType !== 'string') return {}
  const adjust = json['adjust-to-utc']
  return {
    logical: {
      name: logicalType,
      ...(typeof precision === 'number' ? { precision } : {}),
      ...(typeof scale === 'number' ? { scale } : {}),
      ...(typeof adjust === 'boolean' ? { adjustToUtc: adjust } : {}),
    },
  }
}

function badSchema(reason: string): TableError {
  return corrupt('an Avro schema', reason)
}
