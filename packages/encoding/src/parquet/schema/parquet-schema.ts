import { isUtf8 } from 'node:buffer'
import { atOnce, type Steps } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import { integer, type ThriftStruct, type ThriftValue, text } from '../../thrift/thrift.js'
import { leafType, logicalTypeOf, requireSuited } from './parquet-annotation.js'
import type {
  ParquetLeafInfo,
  ParquetNode,
  ParquetPhysicalType,
  ParquetRepetition,
} from './parquet-types.js'

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

/** `schemaInSteps` at once. */
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
    fieldId,
    logicalType,
    children: [],
  }
}

function leafInfo(element: ThriftStruct, node: ParquetNode, here: Above): ParquetLeafInfo {
  const physicalType = PHYSICAL[integer(element.get(1)) ?? -1]
  if (physicalType === undefined) throw new FormatError(`leaf ${node.name} has no physical type`)
  requireSuited(node.name, physicalType, node.logicalType)
  const typeLength = integer(element.get(2))
  if (physicalType === 'FIXED_LEN_BYTE_ARRAY' && !(typeLength !== undefined && typeLength > 0)) {
    throw new FormatError(`leaf ${node.name} has no length for its fixed-length bytes`)
  }
  return {
    path: here.path,
    physicalType,
    type: leafType(physicalType, node.logicalType, typeLength),
    logicalType: node.logicalType,
    typeLength,
    fieldId: node.fieldId,
    maxDefinition: here.definition,
    maxRepetition: here.repetition,
    repeatedDefinition: here.repeatedDefinition,
  }
}

/** Names are UTF-8 (parquet.thrift, SchemaElement): of another nobody knows which column of the table it is. */
function nameOf(value: ThriftValue | undefined): string {
  if (value instanceof Uint8Array && !isUtf8(value)) {
    throw new FormatError(`a column whose name is no UTF-8: ${JSON.stringify(text(value))}`)
  }
  return text(value)
}
