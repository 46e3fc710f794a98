import type { DataType } from '@spillway/core'
import type { ParquetFooter, ParquetLeafInfo, ParquetNode } from './parquet-types.js'

/** What a file physically holds, as far as readers of the bytes can tell it apart from the table's own types. */
export interface ParquetShape {
  readonly columns: readonly ParquetShapeNode[]
  /** True where the pages of a column are encrypted: nobody reads them without its key. */
  readonly encrypted: boolean
  /** Codecs of its pages, by the names of parquet.thrift in lower case. */
  readonly codecs: readonly string[]
}

/** A column, or what is under one: a list has its element as its only child, a map its key and its value. */
export interface ParquetShapeNode {
  /** As the file spells it. */
  readonly name: string
  readonly element: number
  readonly fieldId?: number
  readonly kind: 'leaf' | 'struct' | 'list' | 'map'
  readonly nullable: boolean
  /** A list that is a repeated field without a list group around it. */
  readonly repeated?: true
  /** What the values are once read; leaves only. */
  readonly type?: DataType
  readonly annotation?: ParquetAnnotation
  readonly children: readonly ParquetShapeNode[]
}

/** Why readers that go by the file's own footer see another type than `type`. */
export type ParquetAnnotation =
  | 'int8'
  | 'int16'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'float16'
  | 'null'
  | 'enum'
  | 'json'
  | 'bson'
  | 'uuid'
  | 'fixed'
  | 'interval'
  | 'int96'
  | 'decimal>38'
  | 'time'
  | 'time_nanos'
  | 'timestamp_millis'
  | 'timestamp_nanos'
  | 'variant'
  | 'geometry'
  | 'geography'

/** Lists and maps in the three-level form and in the older ones (parquet-format, "Backward-compatibility rules"). */
export function parquetShape(
  footer: Pick<ParquetFooter, 'root' | 'leaves' | 'encrypted' | 'codecs'>,
): ParquetShape {
  const { encrypted, codecs } = footer
  return { columns: shapeColumns(footer), encrypted, codecs }
}

export function shapeColumns({
  root,
  leaves,
}: Pick<ParquetFooter, 'root' | 'leaves'>): readonly ParquetShapeNode[] {
  return root.children.map(child => shapeNode(child, leaves))
}

function shapeNode(node: ParquetNode, leaves: readonly ParquetLeafInfo[]): ParquetShapeNode {
  if (node.repetition === 'repeated') {
    // A repeated field outside a list or map group is a required list of required elements.
    const children = [plainNode(node, leaves, false)]
    const { name, element } = node
    return { name, element, kind: 'list', nullable: false, repeated: true, children }
  }
  return plainNode(node, leaves, node.repetition === 'optional')
}

/** The node as it stands, whatever its repetition. */
function plainNode(
  node: ParquetNode,
  leaves: readonly ParquetLeafInfo[],
  nullable: boolean,
): ParquetShapeNode {
  const { name, element, fieldId } = node
  const named = { name, element, ...(fieldId !== undefined && { fieldId }), nullable }
  if (node.leaf !== undefined) return { ...named, ...leafFacts(leaves[node.leaf]!), children: [] }
  const all = () => node.children.map(child => shapeNode(child, leaves))
  if (node.logicalType?.kind === 'variant') {
    const type: DataType = { kind: 'opaque', name: 'variant' }
    return { ...named, kind: 'leaf', type, annotation: 'variant', children: all() }
  }
  const only = node.children.length === 1 ? node.children[0]! : undefined
  if (only?.repetition === 'repeated') {
    if (node.logicalType?.kind === 'list') {
      return { ...named, kind: 'list', children: [elementNode(node, only, leaves)] }
    }
    const [key, value] = only.children
    if (node.logicalType?.kind === 'map' && key !== undefined && value !== undefined) {
      const children = [shapeNode(key, leaves), shapeNode(value, leaves)]
      return { ...named, kind: 'map', children }
    }
  }
  return { ...named, kind: 'struct', children: all() }
}

function elementNode(
  list: ParquetNode,
  repeated: ParquetNode,
  leaves: readonly ParquetLeafInfo[],
): ParquetShapeNode {
  const only = repeated.children.length === 1 ? repeated.children[0]! : undefined
  const isElement =
    only === undefined ||
    only.repetition === 'repeated' ||
    repeated.name === 'array' ||
    repeated.name === `${list.name}_tuple`
  return isElement ? plainNode(repeated, leaves, false) : shapeNode(only, leaves)
}

function leafFacts(leaf: ParquetLeafInfo): Pick<ParquetShapeNode, 'kind' | 'type' | 'annotation'> {
  const annotation = annotationOf(leaf)
  return { kind: 'leaf', type: leaf.type, ...(annotation !== undefined && { annotation }) }
}

function annotationOf({
  logicalType,
  physicalType,
}: ParquetLeafInfo): ParquetAnnotation | undefined {
  switch (logicalType?.kind) {
    case 'float16':
    case 'null':
    case 'enum':
    case 'json':
    case 'bson':
    case 'uuid':
    case 'interval':
    case 'geometry':
    case 'geography':
      return logicalType.kind
    case 'decimal':
      return logicalType.precision > 38 ? 'decimal>38' : undefined
    case 'integer':
      return integerAnnotation(logicalType.bits, logicalType.signed)
    case 'time':
      return logicalType.unit === 'nanos' ? 'time_nanos' : 'time'
    case 'timestamp':
      return logicalType.unit === 'micros' ? undefined : `timestamp_${logicalType.unit}`
    case undefined:
      if (physicalType === 'INT96') return 'int96'
      return physicalType === 'FIXED_LEN_BYTE_ARRAY' ? 'fixed' : undefined
    default:
      return undefined
  }
}

function integerAnnotation(bits: number, signed: boolean): ParquetAnnotation | undefined {
  const name = `${signed ? 'int' : 'uint'}${bits}`
  return INTEGERS.find(each => each === name)
}

const INTEGERS = ['int8', 'int16', 'uint8', 'uint16', 'uint32', 'uint64'] as const
