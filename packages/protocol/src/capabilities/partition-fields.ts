import type { Field, TableMetadata } from '@spillway/core'

/** Identity partition columns that some data file may lack. */
export function partitionFields(metadata: TableMetadata): readonly Field[] {
  const { deltaActions, partitionValues, schema } = metadata
  if (deltaActions !== undefined) return inOrderOfSpec(metadata)
  if (partitionValues === 'files') return []
  const names = new Set<number>()
  for (const spec of metadata.partitionSpecs.values()) {
    for (const { transform, sourceIds } of spec.fields) {
      if (transform.kind === 'identity') names.add(sourceIds[0]!)
    }
  }
  const unspelt = metadata.unspeltPartitions
  return schema.fields.filter(({ id }) => names.has(id) && !unspelt?.has(id))
}

/** A Delta log's one spec is in the order of its metaData action. */
function inOrderOfSpec({ partitionSpecs, schema }: TableMetadata): readonly Field[] {
  const ids = [...partitionSpecs.values()].flatMap(({ fields }) =>
    fields.map(({ sourceIds }) => sourceIds[0]),
  )
  return ids.flatMap(id => schema.fields.find(field => field.id === id) ?? [])
}
