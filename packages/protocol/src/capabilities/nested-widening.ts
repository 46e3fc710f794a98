import { type JsonValue, parseJson, type TableMetadata } from '@spillway/core'

/**
 * True where a Delta table widened the type of something below a list or a map, as its schema records (PROTOCOL.md, "Type
 * Change Metadata"): delta-kernel in Python fails over the older files of such a table.
 */
export function widensNested({ deltaActions }: Pick<TableMetadata, 'deltaActions'>): boolean {
  if (!deltaActions?.metaData.includes('delta.typeChanges')) return false
  const { schemaString } = parseJson(deltaActions.metaData) as { readonly schemaString?: JsonValue }
  return changesBelow(parseJson(String(schemaString)), false)
}

interface SparkNode {
  readonly type?: JsonValue
  readonly fields?: readonly JsonValue[]
  readonly elementType?: JsonValue
  readonly keyType?: JsonValue
  readonly valueType?: JsonValue
  readonly metadata?: { readonly 'delta.typeChanges'?: JsonValue }
}

/** `nested`: `found`, a type or a field of Spark's schema JSON, is below a list or a map. */
function changesBelow(found: JsonValue | undefined, nested: boolean): boolean {
  if (typeof found !== 'object' || found === null) return false
  const { type, fields, elementType, keyType, valueType, metadata } = found as SparkNode
  const changes = metadata?.['delta.typeChanges']
  if (Array.isArray(changes) && (nested || changes.some(hasPath))) return true
  if (fields?.some(field => changesBelow(field, nested))) return true
  return (
    changesBelow(type, nested) ||
    [elementType, keyType, valueType].some(each => changesBelow(each, true))
  )
}

/** A change of what a list or a map holds is recorded with the column around it, and says where below it. */
function hasPath(change: JsonValue): boolean {
  return typeof change === 'object' && change !== null && 'fieldPath' in change
}
