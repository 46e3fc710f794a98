import type { Value } from '@spillway/core'
import type { PartitionValue } from '../partitions/partition-values.js'
import type { TypedPartition } from '../partitions/typed-partition.js'
import type { DeltaMetadata } from '../schema/metadata.js'

/** What the partition of a file says. */
export interface PartitionRow {
  readonly partition: readonly (Value | null)[]
  /** By physical name. */
  readonly spelled: ReadonlyMap<string, string | null>
}

/**
 * Partitions of readable rows. Files of one partition come one after another: while values stay the same, the same object
 * is given, which also tells whoever writes them that they are the same.
 */
export function partitionRows(
  columns: readonly TypedPartition[],
  { partitionFields }: Pick<DeltaMetadata, 'partitionFields'>,
): (row: number) => PartitionRow {
  let values: readonly PartitionValue[] = []
  let last: PartitionRow | undefined
  return row => {
    if (last !== undefined && columns.every((column, i) => column.at(row) === values[i])) {
      return last
    }
    values = columns.map(column => column.at(row))
    last = {
      partition: values.map(({ value }) => value),
      spelled: new Map(values.map(({ spelled }, i) => [partitionFields[i]!.physicalName, spelled])),
    }
    return last
  }
}
