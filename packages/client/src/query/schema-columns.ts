import { isJsonObject, type JsonValue, parseJson } from '@spillway/core'

/** A column or a field of one, as far as files are understood by it. */
export interface SchemaColumn {
  readonly name: string
  /** What files and logs call it where columns are mapped; `name` otherwise. */
  readonly physicalName: string
  /** Spark's word for a plain type (`long`, `decimal(10,2)`); undefined for a nested one. */
  readonly type: string | undefined
  /** The fields of a struct. */
  readonly fields: readonly SchemaColumn[]
}

/** The columns of a `schemaString`; none where it cannot be read: whoever reads rows by it refuses it. */
export function schemaColumns(schemaString: string): readonly SchemaColumn[] {
  try {
    return columnsIn(parseJson(schemaString), MAX_DEPTH)
  } catch {
    return []
  }
}

/** Types nested deeper have no statistics of any writer. */
const MAX_DEPTH = 100

function columnsIn(schema: JsonValue | undefined, depth: number): readonly SchemaColumn[] {
  const fields = isJsonObject(schema) && depth > 0 ? schema.fields : undefined
  if (!Array.isArray(fields)) return []
  return fields.filter(isJsonObject).flatMap(({ name, type, metadata }) => {
    if (typeof name !== 'string') return []
    const physical = isJsonObject(metadata) && metadata['delta.columnMapping.physicalName']
    return {
      name,
      physicalName: typeof physical === 'string' ? physical : name,
      type: typeof type === 'string' ? type : undefined,
      fields: columnsIn(type, depth - 1),
    }
  })
}
