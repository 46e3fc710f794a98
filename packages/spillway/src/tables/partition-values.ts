import type { DataFile, Field, JsonObject, PartitionField, Snapshot, Value } from '@spillway/core'
import { valueJson } from '@spillway/rows'

/** Partition values of a file by the names recipients see: a Delta table's own text, else values as JSON. */
export function partitionValues(file: DataFile, snapshot: Snapshot): JsonObject {
  const spec = snapshot.partitionSpecs.get(file.specId)
  if (spec === undefined) return {}
  const own = file.delta?.partitionValues
  const entries = spec.fields.map((field, i) => {
    const source = snapshot.schema.fields.find(({ id }) => id === field.sourceIds[0])
    if (own === undefined) return [field.name, valueText(file.partition[i] ?? null, field, source)]
    return [source?.name ?? field.name, own.get(source?.physicalName ?? field.name) ?? null]
  })
  return Object.fromEntries(entries) as JsonObject
}

/** Years, months, hours and buckets are numbers, days are dates; an identity has its column's type. */
function valueText(value: Value | null, field: PartitionField, source: Field | undefined) {
  if (value === null) return null
  const typed = field.transform.kind === 'identity' || field.transform.kind === 'truncate'
  if (typed && source !== undefined) return valueJson(value, source.type)
  if (field.transform.kind === 'day') return valueJson(Number(value), 'date')
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : String(value)
}
