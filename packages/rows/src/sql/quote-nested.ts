import { type DataType, isPrimitive, TableError, type Value } from '@spillway/core'
import { quoteText, quoteValue } from './sql-text.js'
import { fieldName, isVoid, type Naming, sqlTypeText } from './sql-type.js'

/**
 * A value of any type as SQL. Lists are arrays, maps arrays of [key, value] or Maps, structs arrays by position or
 * objects by field name.
 */
export function quoteNested(value: unknown, type: DataType, naming: Naming): string {
  const name = sqlTypeText(type, naming)
  if (value === null || value === undefined) return `CAST(NULL AS ${name})`
  if (isPrimitive(type)) {
    if (typeof type === 'object' && type.kind === 'opaque') {
      return isVoid(type.name) ? `CAST(NULL AS ${name})` : quoteText(String(value))
    }
    return quoteValue(value as Value, type)
  }
  switch (type.kind) {
    case 'list': {
      const items = asArray(value).map(item => quoteNested(item, type.element.type, naming))
      return `CAST([${items.join(', ')}] AS ${name})`
    }
    case 'map': {
      const entries = value instanceof Map ? [...value] : asArray(value).map(asArray)
      const keys = entries.map(([key]) => quoteNested(key, type.key.type, naming))
      const values = entries.map(([, each]) => quoteNested(each, type.value.type, naming))
      return `CAST(MAP([${keys.join(', ')}], [${values.join(', ')}]) AS ${name})`
    }
    case 'struct': {
      const parts = type.fields.map((field, i) => {
        const part = Array.isArray(value)
          ? value[i]
          : (value as Record<string, unknown>)[field.name]
        return `${fieldName(field.name, i, naming)} := ${quoteNested(part, field.type, naming)}`
      })
      return `struct_pack(${parts.join(', ')})`
    }
  }
}

function asArray(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new TableError('INTERNAL', 'a nested value is not an array')
}
