import {
  childrenOf,
  createSchema,
  type DataType,
  type Field,
  type PrimitiveType,
  type ReadBudgets,
  type Schema,
  type Steps,
  TableError,
} from '@spillway/core'
import { type AvroLogical, type AvroType, avroTextInSteps } from '@spillway/encoding'

const META_FIELDS = new Set([
  '_hoodie_commit_time',
  '_hoodie_commit_seqno',
  '_hoodie_record_key',
  '_hoodie_partition_path',
  '_hoodie_file_name',
  '_hoodie_operation',
])

/** Columns that are taken in at once: some tenths of a millisecond. */
const COLUMNS_IN_A_STEP = 256

/** The table's columns, Hudi's own left out. Ids count in schema order: they mean nothing in another version. */
export function* readTableSchema(
  avro: string,
  options: {
    readonly path: string
    readonly partitionFields: readonly string[]
    readonly budgets: ReadBudgets | undefined
  },
): Steps<Schema> {
  const type = yield* avroTextInSteps(avro, options.budgets)
  if (type.kind !== 'record') {
    throw new TableError('TABLE_CORRUPT', `the table's schema is no Avro record but ${type.kind}`, {
      context: { path: options.path },
    })
  }
  const numbered = new FieldNumbering()
  const fields: Field[] = []
  for (const field of type.fields) {
    if (isMetaField(field.name)) continue
    fields.push(numbered.field(field.name, field.type))
    if (fields.length % COLUMNS_IN_A_STEP === 0) yield
  }
  return createSchema(withPartitionFields(fields, options.partitionFields))
}

/**
 * Columns that a schema declares as null and nothing else. A bootstrap takes the type of a partition column from one
 * folder: where that is the folder of null, Hudi reads null in all of them.
 */
export function* nullColumns(avro: string, budgets?: ReadBudgets): Steps<ReadonlySet<string>> {
  const type = yield* avroTextInSteps(avro, budgets)
  const fields = type.kind === 'record' ? type.fields : []
  return new Set(
    fields.filter(field => splitNull(field.type).present.kind === 'null').map(({ name }) => name),
  )
}

/** A table that drops partition columns from its files may drop them from its schema too. */
export function withPartitionFields(
  fields: readonly Field[],
  partitionFields: readonly string[],
): readonly Field[] {
  const missing = partitionFields.filter(
    name => !name.includes('.') && !fields.some(field => sameName(field.name, name)),
  )
  let id = idsOf(fields).reduce((most, each) => Math.max(most, each), 0)
  const added = missing.map((name): Field => {
    id++
    return { id, name, physicalName: name, type: 'string', nullable: true }
  })
  return [...fields, ...added]
}

function idsOf(fields: readonly Field[]): readonly number[] {
  return fields.flatMap(({ id, type }) => [id, ...idsOf(childrenOf(type) ?? [])])
}

/** True for the columns that Hudi adds to every row. */
export function isMetaField(name: string): boolean {
  return META_FIELDS.has(name)
}

/** True where names are the same without regard to case, as Hudi's readers find columns. */
export function sameName(a: string, b: string): boolean {
  return a === b || a.toLowerCase() === b.toLowerCase()
}

/** Levels of nesting that are read of a table's schema, as many as of any Avro schema. */
const MAX_DEPTH = 100

class FieldNumbering {
  #last = 0
  #depth = 0

  field(name: string, type: AvroType): Field {
    // A record may contain itself in Avro; a table cannot.
    if (++this.#depth > MAX_DEPTH) {
      throw new TableError('TABLE_CORRUPT', `the table's schema nests more than ${MAX_DEPTH} deep`)
    }
    const id = ++this.#last
    const { present, nullable } = splitNull(type)
    const field = { id, name, physicalName: name, type: this.#type(present), nullable }
    this.#depth--
    return field
  }

  #type(type: AvroType): DataType {
    switch (type.kind) {
      case 'record':
        return { kind: 'struct', fields: type.fields.map(f => this.field(f.name, f.type)) }
      case 'array':
        return { kind: 'list', element: this.field('element', type.items) }
      case 'map':
        return {
          kind: 'map',
          key: this.field('key', { kind: 'string' }),
          value: this.field('value', type.values),
        }
      case 'union':
        return { kind: 'opaque', name: 'union' }
      default:
        return avroPrimitive(type)
    }
  }
}

/** A union with null, or any other type, as what it holds and whether it may be null. */
export function splitNull(type: AvroType): {
  readonly present: AvroType
  readonly nullable: boolean
} {
  if (type.kind === 'null') return { present: type, nullable: true }
  if (type.kind !== 'union') return { present: type, nullable: false }
  const others = type.branches.filter(branch => branch.kind !== 'null')
  const present = others.length === 1 ? others[0]! : ({ kind: 'union', branches: others } as const)
  return { present, nullable: others.length < type.branches.length }
}

/** The column type of an Avro type without nesting. */
export function avroPrimitive(type: AvroType): PrimitiveType {
  switch (type.kind) {
    case 'int':
      return intType(type.logical)
    case 'long':
      return longType(type.logical)
    case 'bytes':
      return decimalType(type.logical) ?? 'binary'
    case 'fixed':
      return decimalType(type.logical) ?? { kind: 'fixed', length: type.size }
    case 'enum':
      return 'string'
    case 'null':
      // Recipients have no type that holds nothing but null: it is what Parquet writers make of such columns.
      return 'int'
    case 'boolean':
    case 'float':
    case 'double':
    case 'string':
      return type.kind
    default:
      return { kind: 'opaque', name: type.kind }
  }
}

function intType(logical: AvroLogical | undefined): PrimitiveType {
  if (logical?.name === 'date') return 'date'
  return logical?.name === 'time-millis' ? 'time' : 'int'
}

function longType(logical: AvroLogical | undefined): PrimitiveType {
  switch (logical?.name) {
    case 'timestamp-millis':
    case 'timestamp-micros':
      return 'timestamptz'
    case 'local-timestamp-millis':
    case 'local-timestamp-micros':
      return 'timestamp'
    case 'timestamp-nanos':
      return 'timestamptz_ns'
    case 'local-timestamp-nanos':
      return 'timestamp_ns'
    case 'time-micros':
      return 'time'
    default:
      return 'long'
  }
}

function decimalType(logical: AvroLogical | undefined): PrimitiveType | undefined {
  if (logical?.name !== 'decimal' || logical.precision === undefined) return undefined
  return { kind: 'decimal', precision: logical.precision, scale: logical.scale ?? 0 }
}
