import {
  type BoundPredicate,
  type ColumnStats,
  columnBuilder,
  type Field,
  type FilePartition,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  leafOf,
  type PartitionSpec,
  type Predicate,
  type StatsTable,
  TableError,
  type TableMetadata,
  type TablePart,
  type Value,
} from '@spillway/core'
import { bind, fieldsOf, matchesAll, prune, rewriteNot } from '@spillway/planner'

/**
 * A grant of some partitions, decided file by file from partition values alone: a value that is null, or that the
 * predicate says nothing about, is not granted, nor is a text that is no value: nothing shows that it belongs to the grant,
 * and a refusal would tell everybody else of the file. A value is the bounds of its column, so planning's own evaluator says
 * whether every row matches. Throws at once where files of any spec of the table, whether there are such or not, could
 * not be decided: a refusal that depended on files would tell of files.
 */
export function partitionGrant(predicate: Predicate, metadata: TableMetadata): TablePart {
  const { predicate: bound, unapplied } = bind(predicate, metadata.schema)
  const [problem] = unapplied
  if (problem !== undefined) throw refused(`${problem.predicate}: ${problem.reason}`)
  check(bound)
  const granted = rewriteNot(bound)
  const fields = fieldsOf(granted).map(leafOf)
  for (const spec of metadata.partitionSpecs.values()) {
    const missing = fields.find(field => identityPart(field, spec) < 0)
    if (missing !== undefined)
      throw refused(`${missing.name} is not a partition column of every file`)
  }
  const known = new Map<string, boolean>()
  return {
    holds(file) {
      const values = fields.map(field => certainValue(field, file, metadata))
      const key = keyOf(values)
      const found =
        known.get(key) ?? matchesAll(granted, partitionStats(fields, values), ONE_ROW).length === 1
      if (known.size >= MOST_KNOWN) known.clear()
      if (key.length <= LONGEST_KNOWN) known.set(key, found)
      return found
    },
    mayHold: (summaries, rows) => prune(granted, summaries, rows),
  }
}

/** Combinations of values of which it is remembered whether they are granted: many files have the same. */
const MOST_KNOWN = 4096
/** Characters of a combination that is remembered: a partition's value may be as long as a path. */
const LONGEST_KNOWN = 1024

function keyOf(values: readonly (Value | null | undefined)[]): string {
  const texts = values.map(value => {
    const text = Object.is(value, -0) ? '-0' : String(value)
    return `${typeof value} ${text.length} ${text}`
  })
  return texts.join(' ')
}

const ONE_ROW = Uint32Array.of(0)
const ONE_RECORD = Float64Array.of(1)

/** What the partition values of one file say about its rows. */
function partitionStats(
  fields: readonly Field[],
  values: readonly (Value | null | undefined)[],
): StatsTable {
  const columns = fields.map((field, i) => {
    const value = values[i]
    return [field.id, [value === undefined ? ANYTHING : exactly(value, field)]] as const
  })
  return { length: 1, recordCount: ONE_RECORD, columns: new Map(columns) }
}

/** Undefined where nothing is certain. */
function certainValue(
  field: Field,
  file: FilePartition,
  metadata: TableMetadata,
): Value | null | undefined {
  const value = partitionValue(field, file, metadata)
  return isDisputed(field, file) ? undefined : value
}

function partitionValue(
  field: Field,
  file: FilePartition,
  metadata: TableMetadata,
): Value | null | undefined {
  const index = identityPart(field, metadata.partitionSpecs.get(file.specId))
  if (index >= 0) return file.partition[index]
  throw refused(`${field.name} is not a partition column of every file`)
}

function identityPart(field: Field, spec: PartitionSpec | undefined): number {
  const parts = spec?.fields ?? []
  return parts.findIndex(
    ({ transform, sourceIds }) => transform.kind === 'identity' && sourceIds[0] === field.id,
  )
}

const ANYTHING: ColumnStats = { holds: Uint8Array.of(HOLDS_ANYTHING) }

/** The empty text of a Delta partition: null, says the protocol, but Spark reads it as it stands. */
function isDisputed({ physicalName }: Field, { delta }: FilePartition): boolean {
  return delta?.partitionValues.get(physicalName) === ''
}

function exactly(value: Value | null, field: Field): ColumnStats {
  if (value === null) return { holds: Uint8Array.of(HOLDS_NULLS) }
  if (Number.isNaN(value)) return { holds: Uint8Array.of(HOLDS_NANS) }
  const builder = columnBuilder(field.type, 1)
  if (builder === undefined) throw refused(`${field.name} cannot be shared by`)
  builder.append(value)
  const bound = builder.finish()
  return { holds: Uint8Array.of(HOLDS_VALUES), lower: bound, upper: bound }
}

/** A timestamp in a partition path has no zone of its own: which rows it holds is not certain enough to share by. */
function check(predicate: BoundPredicate): void {
  switch (predicate.kind) {
    case 'alwaysTrue':
    case 'alwaysFalse':
      return
    case 'unknown':
      throw refused(predicate.reason)
    case 'not':
      check(predicate.operand)
      return
    case 'and':
    case 'or':
      predicate.operands.forEach(check)
      return
    default:
      if (predicate.ref.path.length > 1 || leafOf(predicate.ref.path).type === 'timestamptz') {
        throw refused(`${leafOf(predicate.ref.path).name} cannot be shared by`)
      }
  }
}

/** What the filter says is the provider's: it stands in the context, which recipients are not told. */
function refused(reason: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    "the table is shared in part, and the provider's partition filter cannot be decided by the partition values of its files; ask your provider",
    { context: { feature: 'partitions', reason } },
  )
}
