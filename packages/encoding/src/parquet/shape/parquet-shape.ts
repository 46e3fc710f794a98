import { atOnce, type DataType, type Steps } from '@spillway/core'
import { oldCalendar } from '../footer/old-calendar.js'
import type { ParquetFooter } from '../footer/parquet-metadata.js'
import type { ParquetLeafInfo, ParquetNode } from '../schema/parquet-types.js'

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
  readonly fieldId?: number | undefined
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
  /** A date or moment that may lie before 1582 (1900 where clocks were not UTC's), in the calendar of Spark 2. */
  | 'old_calendar'
  /** The same in INT96: as the footer itself marks it, or as the age of its writer alone tells. */
  | 'old_int96'
  | 'aged_int96'

/** Lists and maps in the three-level form and in the older ones (parquet-format, "Backward-compatibility rules"). */
export function parquetShape(
  footer: Pick<
    ParquetFooter,
    'root' | 'leaves' | 'keyValue' | 'oldCalendar' | 'encrypted' | 'codecs'
  >,
): ParquetShape {
  return atOnce(parquetShapeInSteps(footer))
}

/** `parquetShape` in steps: files have 30,000 columns. */
export function* parquetShapeInSteps(
  footer: Parameters<typeof parquetShape>[0],
): Steps<ParquetShape> {
  const { encrypted, codecs } = footer
  const agedInt96 = oldCalendar(footer.keyValue)?.int96 === true
  return { columns: yield* shapeColumns({ ...footer, agedInt96 }), encrypted, codecs }
}

type Columns = Pick<ParquetFooter, 'root' | 'leaves'> &
  Partial<Pick<ParquetFooter, 'oldCalendar'>> & {
    /** True where INT96 is in the calendar of Spark 2. */
    readonly agedInt96?: boolean
  }

export function* shapeColumns(columns: Columns): Steps<readonly ParquetShapeNode[]> {
  const nodes: ParquetShapeNode[] = []
  for (const child of columns.root.children) {
    nodes.push(shapeNode(child, columns))
    if (nodes.length % COLUMNS_IN_A_STEP === 0) yield
  }
  return nodes
}

/** About a millisecond. */
export const COLUMNS_IN_A_STEP = 1024

function shapeNode(node: ParquetNode, columns: Columns): ParquetShapeNode {
  if (node.repetition === 'repeated') {
    // A repeated field outside a list or map group is a required list of required elements.
    const children = [plainNode(node, columns, false)]
    const { name, element } = node
    return { name, element, kind: 'list', nullable: false, repeated: true, children }
  }
  return plainNode(node, columns, node.repetition === 'optional')
}

/** The node as it stands, whatever its repetition. */
function plainNode(node: ParquetNode, columns: Columns, nullable: boolean): ParquetShapeNode {
  const { name, element, fieldId } = node
  const named = { name, element, fieldId, nullable }
  if (node.leaf !== undefined) return Object.assign(named, leafFacts(node.leaf, columns))
  const all = () => node.children.map(child => shapeNode(child, columns))
  if (node.logicalType?.kind === 'variant') {
    const type: DataType = { kind: 'opaque', name: 'variant' }
    return { ...named, kind: 'leaf', type, annotation: 'variant', children: all() }
  }
  const only = node.children.length === 1 ? node.children[0]! : undefined
  if (only?.repetition === 'repeated') {
    if (node.logicalType?.kind === 'list') {
      return { ...named, kind: 'list', children: [elementNode(node, only, columns)] }
    }
    const [key, value] = only.children
    if (node.logicalType?.kind === 'map' && key !== undefined && value !== undefined) {
      const children = [shapeNode(key, columns), shapeNode(value, columns)]
      return { ...named, kind: 'map', children }
    }
  }
  return { ...named, kind: 'struct', children: all() }
}

function elementNode(list: ParquetNode, repeated: ParquetNode, columns: Columns): ParquetShapeNode {
  const only = repeated.children.length === 1 ? repeated.children[0]! : undefined
  const isElement =
    only === undefined ||
    only.repetition === 'repeated' ||
    repeated.name === 'array' ||
    repeated.name === `${list.name}_tuple`
  return isElement ? plainNode(repeated, columns, false) : shapeNode(only, columns)
}

function leafFacts(
  index: number,
  columns: Columns,
): Pick<ParquetShapeNode, 'kind' | 'type' | 'annotation' | 'children'> {
  const { type } = columns.leaves[index]!
  const annotation = calendarOf(index, columns) ?? annotationOf(columns.leaves[index]!)
  const facts = { kind: 'leaf', type, children: [] } as const
  return annotation === undefined ? facts : { ...facts, annotation }
}

function calendarOf(
  index: number,
  { leaves, oldCalendar: marked, agedInt96 = false }: Columns,
): ParquetAnnotation | undefined {
  if (agedInt96 && annotationOf(leaves[index]!) === 'int96') {
    return marked?.has(index) ? 'old_int96' : 'aged_int96'
  }
  return marked?.has(index) ? 'old_calendar' : undefined
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
