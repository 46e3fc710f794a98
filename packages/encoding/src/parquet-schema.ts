import { isUtf8 } from 'node:buffer'
import type { PrimitiveType } from '@spillway/core'
import { FormatError } from './format-error.js'
import type {
  ParquetLeafInfo,
  ParquetLogicalType,
  ParquetNode,
  ParquetPhysicalType,
  ParquetRepetition,
} from './parquet-types.js'
import { atOnce, type Steps } from './slices.js'
import type { ThriftStruct, ThriftValue } from './thrift.js'

const PHYSICAL: readonly ParquetPhysicalType[] = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
]
const REPETITIONS: readonly ParquetRepetition[] = ['required', 'optional', 'repeated']
const UNITS = ['millis', 'micros', 'nanos'] as const
const MAX_DEPTH = 200
const ELEMENTS_A_STEP = 256

/** The tree of a footer's schema, and its leaves in their order. */
export interface ParquetSchema {
  readonly root: ParquetNode
  readonly leaves: readonly ParquetLeafInfo[]
}

/** Builds the tree and its leaves from the flat list of elements of the footer (depth first), a step after some of them. */
export function* schemaInSteps(elements: readonly ThriftStruct[]): Steps<ParquetSchema> {
  const reading = new SchemaReading(elements)
  const root = yield* reading.group({
    path: [],
    definition: 0,
    repetition: 0,
    repeatedDefinition: 0,
  })
  reading.end()
  return { root, leaves: reading.leaves }
}

/** The same at once. */
export function readSchema(elements: readonly ThriftStruct[]): ParquetSchema {
  return atOnce(schemaInSteps(elements))
}

class SchemaReading {
  readonly leaves: ParquetLeafInfo[] = []
  readonly #elements: readonly ThriftStruct[]
  #next = 0

  constructor(elements: readonly ThriftStruct[]) {
    this.#elements = elements
  }

  *group(above: Above): Steps<ParquetNode> {
    const { element, node, here } = this.#begin(above)
    const childCount = integer(element.get(5)) ?? 0
    const left = this.#elements.length - this.#next
    if (childCount < 0 || childCount > left) {
      throw new FormatError(`a group of ${childCount} children, ${left} are left`)
    }
    const children: ParquetNode[] = []
    for (let i = 0; i < childCount; i++) {
      const isGroup = (integer(this.#elements[this.#next]?.get(5)) ?? 0) !== 0
      children.push(isGroup ? yield* this.group(here) : this.#leaf(here))
      if (i % ELEMENTS_A_STEP === ELEMENTS_A_STEP - 1) yield
    }
    return { ...node, children }
  }

  end(): void {
    if (this.#next !== this.#elements.length) {
      throw new FormatError('schema elements outside the root')
    }
  }

  #leaf(above: Above): ParquetNode {
    const { element, node, here } = this.#begin(above)
    this.leaves.push(leafInfo(element, node, here))
    return { ...node, leaf: this.leaves.length - 1 }
  }

  #begin(above: Above) {
    const index = this.#next++
    const element = this.#elements[index]
    if (element === undefined) throw new FormatError('the schema ends inside a group')
    if (above.path.length > MAX_DEPTH) throw new FormatError('the schema is nested too deep')
    const isRoot = index === 0
    // Old writers name no root.
    if (!isRoot && !element.has(4)) throw new FormatError('a schema element without a name')
    const node = nodeOf(element, index)
    return { element, node, here: isRoot ? above : below(above, node) }
  }
}

interface Above {
  readonly path: readonly string[]
  readonly definition: number
  readonly repetition: number
  readonly repeatedDefinition: number
}

function below(above: Above, node: ParquetNode): Above {
  const isRepeated = node.repetition === 'repeated'
  const definition = above.definition + (node.repetition === 'required' ? 0 : 1)
  return {
    path: [...above.path, node.name],
    definition,
    repetition: above.repetition + (isRepeated ? 1 : 0),
    repeatedDefinition: isRepeated ? definition : above.repeatedDefinition,
  }
}

function nodeOf(element: ThriftStruct, index: number): ParquetNode {
  const repetition = index === 0 ? 'required' : REPETITIONS[integer(element.get(3)) ?? 0]
  if (repetition === undefined) throw new FormatError('an unknown repetition type')
  const fieldId = integer(element.get(9))
  const logicalType = logicalTypeOf(element)
  return {
    name: nameOf(element.get(4)),
    element: index,
    repetition,
    ...(fieldId === undefined ? {} : { fieldId }),
    ...(logicalType === undefined ? {} : { logicalType }),
    children: [],
  }
}

function leafInfo(element: ThriftStruct, node: ParquetNode, here: Above): ParquetLeafInfo {
  const physicalType = PHYSICAL[integer(element.get(1)) ?? -1]
  if (physicalType === undefined) throw new FormatError(`leaf ${node.name} has no physical type`)
  requireSuited(physicalType, node)
  const typeLength = integer(element.get(2))
  if (physicalType === 'FIXED_LEN_BYTE_ARRAY' && !(typeLength !== undefined && typeLength > 0)) {
    throw new FormatError(`leaf ${node.name} has no length for its fixed-length bytes`)
  }
  return {
    path: here.path,
    physicalType,
    type: leafType(physicalType, node.logicalType, typeLength),
    ...(node.logicalType === undefined ? {} : { logicalType: node.logicalType }),
    ...(typeLength === undefined ? {} : { typeLength }),
    ...(node.fieldId === undefined ? {} : { fieldId: node.fieldId }),
    maxDefinition: here.definition,
    maxRepetition: here.repetition,
    repeatedDefinition: here.repeatedDefinition,
  }
}

const TEXTS: readonly string[] = ['string', 'enum', 'json', 'bson', 'uuid', 'float16', 'interval']
const WHOLE_NUMBERS: readonly string[] = ['date', 'time', 'timestamp', 'integer']

/** Texts lie in byte arrays and moments in whole numbers (LogicalTypes.md): values of another kind would be misread. */
function requireSuited(physical: ParquetPhysicalType, { name, logicalType }: ParquetNode): void {
  const { kind = 'none' } = logicalType ?? {}
  const isBytes = physical === 'BYTE_ARRAY' || physical === 'FIXED_LEN_BYTE_ARRAY'
  const isWhole = physical === 'INT32' || physical === 'INT64'
  if ((!TEXTS.includes(kind) || isBytes) && (!WHOLE_NUMBERS.includes(kind) || isWhole)) return
  throw new FormatError(`leaf ${name} is ${kind}, in values that are ${physical}`)
}

/**
 * The type that a leaf's values are read as. Milliseconds become microseconds, INT96 too (its nanoseconds are cut);
 * unsigned integers the next wider type.
 */
export function leafType(
  physical: ParquetPhysicalType,
  logical: ParquetLogicalType | undefined,
  typeLength = 0,
): PrimitiveType {
  switch (logical?.kind) {
    case 'decimal':
      return { kind: 'decimal', precision: logical.precision, scale: logical.scale }
    case 'string':
    case 'enum':
    case 'json':
      return 'string'
    case 'uuid':
      return 'uuid'
    case 'date':
      return 'date'
    case 'float16':
      return 'float'
    case 'interval':
      return { kind: 'opaque', name: 'interval' }
    case 'null':
      return { kind: 'opaque', name: 'void' }
    case 'time':
      return logical.unit === 'nanos' ? { kind: 'opaque', name: 'time_ns' } : 'time'
    case 'timestamp':
      return timestampType(logical.unit === 'nanos', logical.utc)
    case 'integer':
      if (logical.bits === 64) {
        return logical.signed ? 'long' : { kind: 'decimal', precision: 20, scale: 0 }
      }
      return logical.bits === 32 && !logical.signed ? 'long' : 'int'
    default:
      return plainType(physical, typeLength)
  }
}

function timestampType(nanos: boolean, utc: boolean): PrimitiveType {
  if (nanos) return utc ? 'timestamptz_ns' : 'timestamp_ns'
  return utc ? 'timestamptz' : 'timestamp'
}

function plainType(physical: ParquetPhysicalType, typeLength: number): PrimitiveType {
  switch (physical) {
    case 'BOOLEAN':
      return 'boolean'
    case 'INT32':
      return 'int'
    case 'INT64':
      return 'long'
    case 'INT96':
      return 'timestamptz'
    case 'FLOAT':
      return 'float'
    case 'DOUBLE':
      return 'double'
    case 'BYTE_ARRAY':
      return 'binary'
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'fixed', length: typeLength }
  }
}

function logicalTypeOf(element: ThriftStruct): ParquetLogicalType | undefined {
  const union = element.get(10)
  if (union instanceof Map) {
    for (const [id, value] of union as ThriftStruct) {
      const type = unionMember(id, value instanceof Map ? (value as ThriftStruct) : new Map())
      if (type !== undefined) return type
    }
  }
  return convertedType(element)
}

/** LogicalType of parquet.thrift; a member we do not know leaves the converted type to decide. */
function unionMember(id: number, value: ThriftStruct): ParquetLogicalType | undefined {
  const simple = SIMPLE_MEMBERS.get(id)
  if (simple !== undefined) return { kind: simple }
  switch (id) {
    case 5:
      return decimal(integer(value.get(2)), integer(value.get(1)))
    case 7:
    case 8:
      return {
        kind: id === 7 ? 'time' : 'timestamp',
        utc: value.get(1) === true,
        unit: unitOf(value.get(2)),
      }
    case 10:
      return {
        kind: 'integer',
        bits: integer(value.get(1)) ?? 32,
        signed: value.get(2) !== false,
      }
    default:
      return undefined
  }
}

type SimpleKind = Exclude<ParquetLogicalType['kind'], 'decimal' | 'time' | 'timestamp' | 'integer'>

const SIMPLE_MEMBERS: ReadonlyMap<number, SimpleKind> = new Map<number, SimpleKind>([
  [1, 'string'],
  [2, 'map'],
  [3, 'list'],
  [4, 'enum'],
  [6, 'date'],
  [11, 'null'],
  [12, 'json'],
  [13, 'bson'],
  [14, 'uuid'],
  [15, 'float16'],
  [16, 'variant'],
  [17, 'geometry'],
  [18, 'geography'],
])

function unitOf(value: ThriftValue | undefined): 'millis' | 'micros' | 'nanos' {
  const id = value instanceof Map ? ([...value.keys()][0] as number) : 0
  const unit = UNITS[id - 1]
  if (unit === undefined) throw new FormatError('a time without a unit')
  return unit
}

function decimal(precision: number | undefined, scale: number | undefined): ParquetLogicalType {
  if (precision === undefined || precision < 1) throw new FormatError('a decimal without precision')
  return { kind: 'decimal', precision, scale: scale ?? 0 }
}

/** Early writers' columns of nothing but nulls; the number is free since. */
const OLD_NULL = 25

/** ConvertedType of parquet.thrift, by number. It gets no more of them: another one is damage, or says what we do not know. */
function convertedType(element: ThriftStruct): ParquetLogicalType | undefined {
  const id = integer(element.get(6))
  switch (id) {
    case 0:
      return { kind: 'string' }
    case 1:
    case 2:
      return { kind: 'map' }
    case 3:
      return { kind: 'list' }
    case 4:
      return { kind: 'enum' }
    case 5:
      return decimal(integer(element.get(8)), integer(element.get(7)))
    case 6:
      return { kind: 'date' }
    case 7:
    case 8:
      return { kind: 'time', unit: id === 7 ? 'millis' : 'micros', utc: true }
    case 9:
    case 10:
      return { kind: 'timestamp', unit: id === 9 ? 'millis' : 'micros', utc: true }
    case 11:
    case 12:
    case 13:
    case 14:
      return { kind: 'integer', bits: 8 << (id - 11), signed: false }
    case 15:
    case 16:
    case 17:
    case 18:
      return { kind: 'integer', bits: 8 << (id - 15), signed: true }
    case 19:
      return { kind: 'json' }
    case 20:
      return { kind: 'bson' }
    case 21:
      return { kind: 'interval' }
    case undefined:
    case OLD_NULL:
      return undefined
    default:
      throw new FormatError(`an unknown converted type (${id}), and no logical type`, {
        unsupported: true,
      })
  }
}

const utf8 = new TextDecoder()

/** A Thrift binary as text. */
/** Names are UTF-8 (parquet.thrift, SchemaElement): of another nobody knows which column of the table it is. */
function nameOf(value: ThriftValue | undefined): string {
  if (value instanceof Uint8Array && !isUtf8(value)) {
    throw new FormatError(`a column whose name is no UTF-8: ${JSON.stringify(text(value))}`)
  }
  return text(value)
}

export function text(value: ThriftValue | undefined): string {
  return value instanceof Uint8Array ? utf8.decode(value) : ''
}

/** A Thrift number; undefined for anything else, and for 64-bit numbers beyond 2^53. */
export function integer(value: ThriftValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined
}
