import { type Field, type PartitionSpec, TableError } from '@spillway/core'
import type { TableConfig } from '../config/table-config.js'
import type { PartitionRun } from '../pruning/partition-handles.js'
import type { PartitionColumn, PathValue } from '../pruning/partition-path.js'

/** Partition columns and what each partition's path says about them. */
export interface Partitioning {
  readonly columns: readonly PartitionColumn[]
  readonly spec: PartitionSpec
  /** True where every path gives every column's exact value. */
  readonly exact: boolean
}

/** The wire's partition columns are identities; where a path is less than that, rows are read from the files alone. */
export function partitioningOf(
  columns: readonly PartitionColumn[],
  runs: readonly PartitionRun[],
  config: TableConfig,
): Partitioning {
  const exact =
    config.pathSpellings.every(spelling => spelling === 'plain') &&
    runs.every(run => run.values.every(values => values.every(value => value.kind === 'value')))
  if (config.dropPartitionColumns && !exact) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'the files lack the partition columns, and not every folder spells their values exactly',
      { context: { property: 'hoodie.datasource.write.drop.partition.columns' } },
    )
  }
  const fields = columns.map(({ field }, i) => ({
    id: 1000 + i,
    sourceIds: [field.id],
    name: field.name,
    transform: exact
      ? ({ kind: 'identity' } as const)
      : ({ kind: 'unknown', name: 'hudi-path' } as const),
  }))
  return { columns, exact, spec: { id: 0, fields } }
}

/** Partition columns whose exact values the folders spell. */
export function inFolders({ columns, exact }: Partitioning): readonly Field[] {
  return exact ? columns.map(({ field }) => field) : []
}

/** Values of the partition columns as a file states them: null where the path does not spell one exactly. */
export function partitionValues(values: readonly PathValue[], { exact }: Partitioning) {
  return values.map(value => (exact && value.kind === 'value' ? value.value : null))
}
