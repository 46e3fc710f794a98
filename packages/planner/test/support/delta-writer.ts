import {
  type DataType,
  type Field,
  isPrimitive,
  type Schema,
  type TableReader,
  typeName,
} from '@spillway/core'
import { deltaReader } from '@spillway/delta'
import { memoryStore } from '@spillway/storage'
import {
  filePath,
  keepingCache,
  type LogicalFile,
  type LogicalTable,
  onlyFenced,
  type Random,
  type TableWriter,
} from '@spillway/testkit'
import { deltaStats, partitionText } from './delta-stats.js'
import { type JsonTree, jsonObject, jsonText } from './raw-json.js'

export const LOCATION = 'memory:///delta-table'

/** Writes a Delta log and reads it back: what is proved is the reader's widening as well as the evaluator. */
export const deltaWriter: TableWriter = {
  name: 'delta log',
  types: [
    'boolean',
    'int',
    'long',
    'float',
    'double',
    'date',
    'timestamp',
    'timestamptz',
    'string',
    'string',
    'binary',
    { kind: 'decimal', precision: 5, scale: 2 },
    { kind: 'decimal', precision: 18, scale: 0 },
    { kind: 'decimal', precision: 38, scale: 10 },
  ],
  deletes: true,
  async write(table, random) {
    return openDeltaLog(table, random).snapshot({ location: LOCATION })
  },
}

/** A reader over the log of `table`. */
export function openDeltaLog(table: LogicalTable, random: Random): TableReader {
  const store = memoryStore({ objects: logObjects(table, random) })
  return deltaReader({ store: onlyFenced(store), cache: keepingCache() })
}

type Action = ReadonlyMap<string, JsonTree>

/** The log's files: a first commit with the table's own actions, then adds, some of them taken back and repeated. */
function logObjects(table: LogicalTable, random: Random): readonly (readonly [string, string])[] {
  const mode = random.pick(['none', 'name', 'id'] as const)
  const fields = mode === 'none' ? table.schema.fields : physicalFields(table.schema)
  const commits: Action[][] = [[protocol(), metaData(table, fields, mode)]]
  for (const [index, file] of table.files.entries()) {
    if (random.chance(0.3)) commits.push([])
    const add = addAction(file, index, { table, fields, random })
    if (file.deleted.size > 0 && random.chance(0.5)) {
      // A deletion vector that came later: the file as it was, then removed and added in one commit.
      const whole = addAction({ rows: file.rows, deleted: new Set() }, index, {
        table,
        fields,
        random,
      })
      commits.at(-1)!.push(whole)
      commits.push(random.chance(0.5) ? [remove(index), add] : [add, remove(index)])
    } else {
      if (random.chance(0.1))
        commits.at(-1)!.push(addAction(file, index, { table, fields, random }))
      if (random.chance(0.1)) commits.push([])
      commits.at(-1)!.push(add)
    }
  }
  if (random.chance(0.3)) {
    const ghost = table.files.length
    commits.at(-1)!.push(addAction(table.files[0]!, ghost, { table, fields, random, plain: true }))
    commits.push([remove(ghost)])
  }
  // No writer commits nothing, and an empty commit is one that was lost.
  const written = commits.filter(actions => actions.length > 0)
  return written.map((actions, version) => [
    `${LOCATION}/_delta_log/${String(version).padStart(20, '0')}.json`,
    actions.map(action => `${jsonText(action)}\n`).join(''),
  ])
}

function protocol(): Action {
  const features = ['columnMapping', 'deletionVectors', 'timestampNtz']
  return jsonObject([
    [
      'protocol',
      jsonObject([
        ['minReaderVersion', 3],
        ['minWriterVersion', 7],
        ['readerFeatures', features],
        ['writerFeatures', features],
      ]),
    ],
  ])
}

function metaData(
  { partitionedBy }: LogicalTable,
  fields: readonly Field[],
  mode: 'none' | 'name' | 'id',
): Action {
  const partitionColumns = fields
    .filter(({ id }) => partitionedBy.includes(id))
    .map(({ name }) => name)
  return jsonObject([
    [
      'metaData',
      jsonObject([
        ['id', 'soundness'],
        [
          'format',
          jsonObject([
            ['provider', 'parquet'],
            ['options', new Map()],
          ]),
        ],
        ['schemaString', jsonText(structText(fields, mode !== 'none'))],
        ['partitionColumns', partitionColumns],
        [
          'configuration',
          jsonObject([['delta.columnMapping.mode', mode === 'none' ? undefined : mode]]),
        ],
        ['createdTime', 0],
      ]),
    ],
  ])
}

/** Every field, nested ones too, under a name that says nothing about its logical one. */
function physicalFields({ fields }: Pick<Schema, 'fields'>): readonly Field[] {
  return fields.map(field => {
    const { type } = field
    const isStruct = typeof type === 'object' && type.kind === 'struct'
    const inner: DataType = isStruct ? { kind: 'struct', fields: physicalFields(type) } : type
    return { ...field, physicalName: `col-${field.id}`, type: inner }
  })
}

function structText(fields: readonly Field[], mapped: boolean): JsonTree {
  const members = fields.map(field =>
    jsonObject([
      ['name', field.name],
      ['type', typeText(field.type, mapped)],
      ['nullable', true],
      ['metadata', mapped ? mapping(field) : new Map()],
    ]),
  )
  return jsonObject([
    ['type', 'struct'],
    ['fields', members],
  ])
}

function mapping(field: Field): JsonTree {
  return jsonObject([
    ['delta.columnMapping.id', field.id],
    ['delta.columnMapping.physicalName', field.physicalName],
  ])
}

const SPARK_NAMES: ReadonlyMap<DataType, string> = new Map<DataType, string>([
  ['int', 'integer'],
  ['timestamp', 'timestamp_ntz'],
  ['timestamptz', 'timestamp'],
])

function typeText(type: DataType, mapped: boolean): JsonTree {
  if (isPrimitive(type)) return SPARK_NAMES.get(type) ?? typeName(type)
  if (typeof type === 'object' && type.kind === 'struct') return structText(type.fields, mapped)
  return jsonObject([
    ['type', 'array'],
    ['elementType', 'integer'],
    ['containsNull', true],
  ])
}

interface AddContext {
  readonly table: LogicalTable
  readonly fields: readonly Field[]
  readonly random: Random
  readonly plain?: boolean
}

function addAction(file: LogicalFile, index: number, context: AddContext): Action {
  const { table, fields, random, plain } = context
  const partition = fields.filter(({ id }) => table.partitionedBy.includes(id))
  const values = partition.map(field => {
    const value = file.rows[0]?.get(field.id) ?? null
    return [keyOf(field, fields, random), partitionText(value, field.type, random)] as const
  })
  const columns = fields.filter(({ id }) => !table.partitionedBy.includes(id))
  const hasVector = file.deleted.size > 0 && plain !== true
  return jsonObject([
    [
      'add',
      jsonObject([
        ['path', filePath(index)],
        ['partitionValues', jsonObject(values)],
        ['size', 1000 + index],
        ['modificationTime', 0],
        ['dataChange', true],
        ['stats', deltaStats(file, columns, random)],
        ['deletionVector', hasVector ? vector(file.deleted.size) : undefined],
      ]),
    ],
  ])
}

/** Some writers key partition values in another case than the schema's. */
function keyOf({ physicalName }: Field, fields: readonly Field[], random: Random): string {
  const other = physicalName.toUpperCase()
  const isTaken = fields.some(field => field.physicalName === other)
  return isTaken || random.chance(0.8) ? physicalName : other
}

/** The descriptor of PROTOCOL.md's example: planning needs its cardinality, not its bitmap. */
function vector(cardinality: number): JsonTree {
  return jsonObject([
    ['storageType', 'u'],
    ['pathOrInlineDv', 'ab^-aqEH.-t@S}K{vb[*k^'],
    ['offset', 4],
    ['sizeInBytes', 40],
    ['cardinality', cardinality],
  ])
}

function remove(index: number): Action {
  return jsonObject([
    [
      'remove',
      jsonObject([
        ['path', filePath(index)],
        ['deletionTimestamp', 0],
        ['dataChange', true],
      ]),
    ],
  ])
}
