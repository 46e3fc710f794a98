import type { Field, TableMetadata } from '@spillway/core'

/**
 * Iceberg and Hudi write their partition columns into the data files as well; Delta, a Hive-style directory of Parquet
 * files and Hudi tables that drop them do not.
 */
export function partitionFields(metadata: TableMetadata): readonly Field[] {
  const { native, schema } = metadata
  if (native.format === 'delta') return inOrderOfSpec(metadata)
  if (native.format !== 'parquet' && !dropsPartitionColumns(metadata)) return []
  const names = new Set<number>()
  for (const spec of metadata.partitionSpecs.values()) {
    for (const { transform, sourceIds } of spec.fields) {
      if (transform.kind === 'identity') names.add(sourceIds[0]!)
    }
  }
  const unspelt = metadata.unspeltPartitions
  return schema.fields.filter(({ id }) => names.has(id) && !unspelt?.has(id))
}

/** Delta's one spec is in the order of the metaData action. */
function inOrderOfSpec({ partitionSpecs, schema }: TableMetadata): readonly Field[] {
  const ids = [...partitionSpecs.values()].flatMap(({ fields }) =>
    fields.map(({ sourceIds }) => sourceIds[0]),
  )
  return ids.flatMap(id => schema.fields.find(field => field.id === id) ?? [])
}

function dropsPartitionColumns({ properties }: TableMetadata): boolean {
  return properties.get('hoodie.datasource.write.drop.partition.columns') === 'true'
}
