import {
  atOnce,
  createSchema,
  type DataType,
  DEFAULT_BUDGETS,
  type Field,
  inSlices,
  isTableError,
  nextTurn,
  type PrimitiveType,
  type ReadBudgets,
  requireWithin,
  type Schema,
  type Steps,
  TableError,
} from '@spillway/core'
import { parseJsonWithin, parseLongJson } from '@spillway/encoding'
import { SENTENCE_CHARACTERS, shownText } from '../values/shown-text.js'
import { checkTypeChanges } from './type-changes.js'

/** How files name columns: as the schema does, by physical name, or by field id. */
export type ColumnMappingMode = 'none' | 'name' | 'id'

/** What Spark's schema JSON says about a column beyond its type. */
export interface ColumnTraits {
  /** CHAR(n) is padded and collated strings have another order: minima and maxima prove nothing about them. */
  readonly unordered: boolean
  /** Was a float once: statistics text written then is a float's, shorter than the double it stands for. */
  readonly widenedFromFloat: boolean
  /** The type is VOID: no file has the column, every value is null. */
  readonly alwaysNull: boolean
  /** Bits of a BYTE or SHORT: an integer that needs more is no value of the column. */
  readonly integerBits?: 8 | 16
}

export interface DeltaSchema {
  readonly schema: Schema
  /** Traits by field id. */
  readonly traits: ReadonlyMap<number, ColumnTraits>
}

type Json = null | boolean | number | string | readonly Json[] | JsonDocument
interface JsonDocument {
  readonly [key: string]: Json
}

const MAX_NESTING = 100

/** Spark schema JSON into fields, physical names as `mode` says. PROTOCOL.md, "Schema Serialization Format". */
export function parseSchema(
  schemaString: string,
  mode: ColumnMappingMode,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): DeltaSchema {
  const json = parseJsonWithin(schemaString, 'the schema of a Delta table', { budgets }) as Json
  return schemaOf(atOnce(surveyed(json, budgets)), mode)
}

/** Spark schema JSON of many columns into fields, in slices. */
export async function longSchema(
  schemaString: string,
  mode: ColumnMappingMode,
  budgets: ReadBudgets,
): Promise<DeltaSchema> {
  const json = await parseLongJson(utf8.encode(schemaString), { budgets }).catch(
    (cause: unknown) => {
      const isBroken = isTableError(cause) && cause.code === 'TABLE_CORRUPT'
      throw isBroken ? invalid(cause.message) : cause
    },
  )
  await nextTurn()
  const survey = await inSlices(surveyed(json as Json, budgets))
  await nextTurn()
  const schema = schemaOf(survey, mode)
  await nextTurn()
  return schema
}

const utf8 = new TextEncoder()

function schemaOf({ root, largestId }: Survey, mode: ColumnMappingMode): DeltaSchema {
  const parser = new SchemaParser(mode, largestId)
  const fields = parser.structFields(root, 0)
  parser.checkIds()
  return { schema: createSchema(fields), traits: parser.traits }
}

class SchemaParser {
  readonly traits = new Map<number, ColumnTraits>()
  readonly #mode: ColumnMappingMode
  readonly #seen = new Set<number>()
  #nextId: number
  #duplicate: number | undefined

  constructor(mode: ColumnMappingMode, largest: number) {
    this.#mode = mode
    // Elements, keys and values have no id of their own in every writer: they get numbers nobody else has.
    this.#nextId = mode === 'none' ? 1 : largest + 1
  }

  structFields(json: JsonDocument, depth: number): Field[] {
    if (depth > MAX_NESTING) throw invalid(`the schema is nested deeper than ${MAX_NESTING} levels`)
    if (!Array.isArray(json.fields)) throw invalid('a struct has no list of fields')
    return json.fields.map(field => this.#field(asObject(field, 'field'), depth))
  }

  checkIds(): void {
    if (this.#duplicate !== undefined) {
      throw invalid(`two columns have the column mapping id ${this.#duplicate}`)
    }
  }

  #field(json: JsonDocument, depth: number): Field {
    const { name } = json
    if (typeof name !== 'string') throw invalid('a field has no name')
    const metadata = isObject(json.metadata) ? json.metadata : {}
    const id = this.#id(metadata)
    const type = this.#type(json.type ?? null, name, depth)
    checkTypeChanges(metadata['delta.typeChanges'], name)
    const traits = columnTraits(json.type ?? null, metadata)
    if (traits !== undefined) this.traits.set(id, traits)
    return {
      id,
      name,
      physicalName: this.#physicalName(name, metadata),
      type,
      nullable: json.nullable !== false,
      ...(typeof metadata.comment === 'string' ? { comment: metadata.comment } : {}),
    }
  }

  #physicalName(name: string, metadata: JsonDocument): string {
    if (this.#mode === 'none') return name
    const physical = metadata['delta.columnMapping.physicalName']
    if (typeof physical === 'string') return physical
    throw invalid(`column ${shownText(name)} has no physical name under column mapping`)
  }

  #id(metadata: JsonDocument): number {
    const id = metadata['delta.columnMapping.id']
    if (this.#mode === 'none' || typeof id !== 'number') return this.#nextId++
    if (this.#seen.has(id)) this.#duplicate = id
    this.#seen.add(id)
    return id
  }

  #type(json: Json, name: string, depth: number): DataType {
    if (typeof json === 'string') return primitiveType(json, name)
    const type = asObject(json, `type of ${name}`)
    switch (type.type) {
      case 'struct':
        return { kind: 'struct', fields: this.structFields(type, depth + 1) }
      case 'array': {
        const element = this.#inner('element', type.elementType, type.containsNull, depth)
        return { kind: 'list', element }
      }
      case 'map': {
        const key = this.#inner('key', type.keyType, false, depth)
        const value = this.#inner('value', type.valueType, type.valueContainsNull, depth)
        return { kind: 'map', key, value }
      }
      case 'udt':
        return this.#type(type.sqlType ?? null, name, depth + 1)
      default:
        throw unsupported(
          `column ${shownText(name)} has the type ${shownText(String(type.type))}, which is not known`,
        )
    }
  }

  #inner(name: string, json: Json | undefined, nullable: Json | undefined, depth: number): Field {
    if (depth > MAX_NESTING) throw invalid(`the schema is nested deeper than ${MAX_NESTING} levels`)
    const id = this.#nextId++
    const type = this.#type(json ?? null, name, depth + 1)
    return { id, name, physicalName: name, type, nullable: nullable !== false }
  }
}

const PRIMITIVES: ReadonlyMap<string, PrimitiveType> = new Map<string, PrimitiveType>([
  ['string', 'string'],
  ['long', 'long'],
  ['bigint', 'long'],
  ['integer', 'int'],
  ['int', 'int'],
  ['short', 'int'],
  ['byte', 'int'],
  ['float', 'float'],
  ['double', 'double'],
  ['boolean', 'boolean'],
  ['binary', 'binary'],
  ['date', 'date'],
  ['timestamp', 'timestamptz'],
  ['timestamp_ntz', 'timestamp'],
  ['variant', { kind: 'opaque', name: 'variant' }],
  ['void', { kind: 'opaque', name: 'void' }],
  ['null', { kind: 'opaque', name: 'void' }],
  ['decimal', { kind: 'decimal', precision: 10, scale: 0 }],
])

function primitiveType(name: string, column: string): PrimitiveType {
  const known = PRIMITIVES.get(name)
  if (known !== undefined) return known
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(-?\d+)\s*\)$/.exec(name)
  if (decimal !== null) return decimalType(Number(decimal[1]), Number(decimal[2]), column)
  if (/^(char|varchar)\(\d+\)$/.test(name)) return 'string'
  // Interval types are not gated by a feature; geometry and geography are, and are passed on.
  if (/^(interval\b|geometry\b|geography\b)/.test(name)) return { kind: 'opaque', name }
  throw unsupported(
    `column ${shownText(column)} has the type ${shownText(name)}, which is not known`,
  )
}

function decimalType(precision: number, scale: number, column: string): PrimitiveType {
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    throw invalid(`column ${column} has the type decimal(${precision},${scale})`)
  }
  return { kind: 'decimal', precision, scale }
}

function columnTraits(type: Json, metadata: JsonDocument): ColumnTraits | undefined {
  const alwaysNull = type === 'void' || type === 'null'
  const declared = metadata.__CHAR_VARCHAR_TYPE_STRING
  const padded = [type, declared].some(name => typeof name === 'string' && name.startsWith('char('))
  const unordered = padded || isCollated(metadata.__COLLATIONS)
  const widenedFromFloat = wasFloat(metadata['delta.typeChanges'])
  const integerBits = type === 'byte' ? 8 : type === 'short' ? 16 : undefined
  if (!alwaysNull && !unordered && !widenedFromFloat && integerBits === undefined) return undefined
  return { alwaysNull, unordered, widenedFromFloat, ...(integerBits && { integerBits }) }
}

function isCollated(collations: Json | undefined): boolean {
  if (collations === undefined || collations === null) return false
  if (!isObject(collations)) return true
  return Object.values(collations).some(
    name => typeof name !== 'string' || !/(^|\.)UTF8_BINARY$/.test(name),
  )
}

function wasFloat(changes: Json | undefined): boolean {
  if (!Array.isArray(changes)) return false
  return changes.some(change => isObject(change) && change.fromType === 'float')
}

/** Values of a schema that are looked at in about a millisecond. */
const VALUES_IN_A_STEP = 8192

interface Survey {
  readonly root: JsonDocument
  /** The largest column mapping id that is taken. */
  readonly largestId: number
}

/** Refuses what is no struct, or has too many columns: those of structs count, and what is in lists and maps too. */
function* surveyed(json: Json, budgets: ReadBudgets): Steps<Survey> {
  const root = asObject(json, 'schema')
  if (root.type !== 'struct') throw invalid('the top level of the schema is not a struct')
  let columns = 0
  let largestId = 0
  const pending: Json[] = [json]
  let looked = 0
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (++looked % VALUES_IN_A_STEP === 0) yield
    if (Array.isArray(at)) for (const each of at as readonly Json[]) pending.push(each)
    else if (isObject(at)) {
      columns += columnsOf(at)
      const id = at['delta.columnMapping.id']
      if (typeof id === 'number') largestId = Math.max(largestId, id)
      for (const key of Object.keys(at)) pending.push(at[key]!)
    }
  }
  requireWithin(budgets, 'columns', { what: 'the schema', observed: columns, unit: 'columns' })
  return { root, largestId }
}

function columnsOf({ name, type }: JsonDocument): number {
  if (typeof name === 'string') return 1
  return type === 'array' ? 1 : type === 'map' ? 2 : 0
}

function isObject(json: Json | undefined): json is JsonDocument {
  return typeof json === 'object' && json !== null && !Array.isArray(json)
}

function asObject(json: Json | undefined, what: string): JsonDocument {
  if (isObject(json)) return json
  throw invalid(`expected a JSON object for the ${what}`)
}

function invalid(message: string): TableError {
  return new TableError(
    'TABLE_CORRUPT',
    `invalid Delta schema: ${shownText(message, SENTENCE_CHARACTERS)}`,
  )
}

function unsupported(message: string): TableError {
  return new TableError('UNSUPPORTED_FEATURE', shownText(message, SENTENCE_CHARACTERS))
}
