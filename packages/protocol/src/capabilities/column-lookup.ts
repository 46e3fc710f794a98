import {
  type ColumnLookup,
  type Field,
  isPrimitive,
  type MisreadTime,
  type PartitionSpec,
  type TableMetadata,
} from '@spillway/core'
import type { ResponseFormat } from '../actions/actions.js'
import { partitionFields as recordedPartitionFields } from './partition-fields.js'

/** What reads the answer, as far as its name tells: they differ in how they find columns. */
export type ReaderKind = 'python' | 'spark' | 'spillway' | 'other'

const READERS: readonly (readonly [RegExp, ReaderKind])[] = [
  [/^Delta-Sharing-Python\//, 'python'],
  [/^Delta-Sharing-Spark(?:-|\/)/i, 'spark'],
  [/^spillway/i, 'spillway'],
]

export function readerKind(userAgent: string | null | undefined): ReaderKind {
  return READERS.find(([pattern]) => pattern.test(userAgent ?? ''))?.[1] ?? 'other'
}

/** An answer, as far as it decides how columns are found. */
export interface AnswerKind {
  readonly format: ResponseFormat
  /** Reader features that the answer may use. */
  readonly features: ReadonlySet<string>
  readonly reader: ReaderKind
}

/**
 * True where an answer about files that only their footers describe declares column mapping by id. Files without ids can
 * only be read by name, so a table that says how to find those by name (its name mapping) is declared by name, until a
 * column is known to be called differently.
 */
export function mapsColumns(
  metadata: TableMetadata,
  { format, features }: Pick<AnswerKind, 'format' | 'features'>,
): boolean {
  const { columnMatching, shapesFrom } = metadata
  if (shapesFrom !== 'footers' || columnMatching.by !== 'id') return false
  if (format !== 'delta' || !features.has('columnMapping')) return false
  return metadata.features.has('columnMapping') || columnMatching.withoutIds !== 'mapping'
}

/**
 * How a recipient finds columns in the files of such a table; undefined where the table's metadata tells. Of a table
 * with a Delta log it counts for files that the table was made over: Spark and our own adapter read those as Delta does.
 */
export function columnLookup(
  metadata: TableMetadata,
  answer: AnswerKind,
): ColumnLookup | undefined {
  if (metadata.shapesFrom !== 'footers' && !readsLogOtherwise(metadata, answer)) return undefined
  const fields = declaredPartitionFields(metadata, answer)
  const showsFile = answer.format === 'parquet' && !['spark', 'spillway'].includes(answer.reader)
  return {
    by: findsById(metadata, answer) ? 'id' : 'name',
    fallbacks: FALLBACKS[answer.reader],
    ...(answer.reader === 'spark' && findsById(metadata, answer) && { namesBelow: true }),
    showsExtras: showsFile,
    prefersOwn: showsFile,
    changesMaps: answer.format === 'parquet' || ['spark', 'spillway'].includes(answer.reader),
    annotations: annotationsOf(answer),
    ...(answer.reader === 'python' && answer.format === 'parquet' && { unlisted: UNLISTED }),
    fromPartitions: new Set(fields.map(field => field.id)),
  }
}

function readsLogOtherwise({ deltaActions }: TableMetadata, { reader }: AnswerKind): boolean {
  return deltaActions !== undefined && reader !== 'spark' && reader !== 'spillway'
}

function findsById(metadata: TableMetadata, answer: AnswerKind): boolean {
  if (metadata.deltaActions === undefined) return mapsColumns(metadata, answer)
  return metadata.columnMatching.by === 'id' && answer.features.has('columnMapping')
}

const FALLBACKS: Readonly<Record<ReaderKind, ColumnLookup['fallbacks']>> = {
  python: ['each'],
  spark: ['never'],
  spillway: ['file'],
  other: ['each', 'file', 'never'],
}

const EVERYBODY = [
  'fixed',
  'uuid',
  'json',
  'int8',
  'int16',
  'int96',
  'aged_int96',
  'timestamp_millis',
]
/** Most values are the same in both calendars: who reads which of them wrongly, `misreadTimes` says. */
const OLD = ['old_calendar', 'old_int96']
const UNSIGNED = ['uint8', 'uint16', 'uint32', 'uint64']

/** Which types that the wire cannot say are read as the type it says instead: what each reader was seen to read. */
function annotationsOf({ format, reader }: AnswerKind): ReadonlySet<string> {
  return new Set([
    ...EVERYBODY,
    ...(reader === 'spark' ? [] : OLD),
    ...ALSO[reader === 'python' || reader === 'other' ? (`${reader}, ${format}` as const) : reader],
  ])
}

const ALSO = {
  'python, delta': ['timestamp_nanos'],
  'python, parquet': ['timestamp_nanos', 'float16', 'null', ...UNSIGNED],
  spillway: ['timestamp_nanos', 'float16', 'null', 'enum', 'bson', ...UNSIGNED],
  // Spark reads the marks of its old calendar itself, but others who do not say that they are Spark.
  spark: ['enum', 'bson', ...UNSIGNED],
  'other, delta': ['bson'],
  // Whoever goes by the file itself sees the same values in the file's own type.
  'other, parquet': ['timestamp_nanos', 'float16', 'null', 'bson', ...UNSIGNED],
} as const

/**
 * Moments in files that a reader takes for others. Arrow, in pandas as in delta-kernel, reads INT96 as nanoseconds and wraps
 * without a word what those cannot say; below a column pandas makes numbers of it, and below a list or a map delta-kernel
 * fails. Nobody but Spark, and our adapter, rebases days of the calendar that Spark 2 wrote. Whoever reads what an answer
 * declares cuts nanoseconds to microseconds; pandas shows the file's own in parquet format.
 */
export function misreadTimes({
  format,
  reader,
}: Pick<AnswerKind, 'format' | 'reader'>): ReadonlySet<MisreadTime> {
  if (reader === 'spark' || reader === 'spillway') return new Set(['nanos'])
  if (format === 'delta') return new Set(['int96', 'element_int96', 'old_calendar', 'nanos'])
  return new Set(
    reader === 'python'
      ? ['int96', 'nested_int96', 'old_calendar']
      : ['int96', 'old_calendar', 'nanos'],
  )
}

/** What pandas cannot make lists of. */
const UNLISTED: ReadonlySet<string> = new Set(['fixed', 'uuid'])

/**
 * Columns that recipients take from partition values. Of a table with a name mapping, which importing writes, the imported
 * files need not hold theirs. A column by which only some files are partitioned
 * is one where a file can be sent in parts, a vector for each of its values.
 */
export function declaredPartitionFields(
  metadata: TableMetadata,
  { format, features }: Pick<AnswerKind, 'format' | 'features'>,
): readonly Field[] {
  if (!isOverImported(metadata)) return recordedPartitionFields(metadata)
  const specs = [...metadata.partitionSpecs.values()]
  const inParts = format === 'delta' && features.has('deletionVectors')
  return metadata.schema.fields.filter(
    field =>
      hasPartitionText(field) &&
      (inParts && isGroupable(field)
        ? specs.some(spec => isIdentity(spec, field))
        : specs.every(spec => isIdentity(spec, field))),
  )
}

function isOverImported({ columnMatching, partitionValues }: TableMetadata): boolean {
  const hasMapping = columnMatching.by === 'id' && columnMatching.withoutIds === 'mapping'
  return hasMapping && partitionValues === 'files-or-metadata'
}

/** Zeros of either sign are one group and two values. */
function isGroupable({ type }: Field): boolean {
  return type !== 'float' && type !== 'double'
}

function isIdentity({ fields }: PartitionSpec, { id }: Field): boolean {
  return fields.some(
    ({ transform, sourceIds }) =>
      transform.kind === 'identity' && sourceIds.length === 1 && sourceIds[0] === id,
  )
}

const WITHOUT_TEXT: ReadonlySet<string> = new Set([
  'binary',
  'uuid',
  'time',
  'timestamp_ns',
  'timestamptz_ns',
])

/** Types whose partition values every recipient parses alike. */
function hasPartitionText({ type }: Field): boolean {
  if (!isPrimitive(type)) return false
  return typeof type === 'string' ? !WITHOUT_TEXT.has(type) : type.kind === 'decimal'
}
