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
  type Value,
} from '@spillway/core'
import { bind, fieldsOf, matchesAll, rewriteNot } from '@spillway/planner'

/** True for a file all of whose rows a recipient was granted. */
export type PartitionGrant = (file: FilePartition) => boolean

/**
 * A grant of some partitions, decided file by file from partition values alone: a value that is null, or that the
 * predicate says nothing about, is not granted, nor is a text that is no value: nothing shows that it belongs to the grant,
 * and a refusal would tell everybody else of the file. A value is the bounds of its column, so planning's own evaluator says
 * whether every row matches. Throws at once where files of any spec of the table, whether there are such or not, could
 * not be decided: a refusal that depended on files would tell of files.
 */
export function partitionGrant(predicate: Predicate, metadata: TableMetadata): PartitionGrant {
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
  return file => matchesAll(granted, partitionStats(file, fields, metadata), ONE_ROW).length === 1
}

const ONE_ROW = Uint32Array.of(0)
const ONE_RECORD = Float64Array.of(1)

/** What its partition values say about the rows of one file. */
function partitionStats(
  file: FilePartition,
  fields: readonly Field[],
  metadata: TableMetadata,
): StatsTable {
  const columns = new Map<number, readonly ColumnStats[]>()
  for (const field of fields) {
    const value = partitionValue(field, file, metadata)
    const isCertain = value !== undefined && !isDisputed(field, file)
    const proved = exactly(value ?? null, field)
    columns.set(field.id, [isCertain ? proved : ANYTHING])
  }
  return { length: 1, recordCount: ONE_RECORD, columns }
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
