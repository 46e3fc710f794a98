import { type DataType, type Field, typeName } from '@spillway/core'

/** A type with everything inside it: `struct<a: int, b: list<string not null>>`. */
export function typeText(type: DataType): string {
  if (typeof type === 'string') return type
  switch (type.kind) {
    case 'struct':
      return `struct<${type.fields.map(field => `${field.name}: ${fieldText(field)}`).join(', ')}>`
    case 'list':
      return `list<${fieldText(type.element)}>`
    case 'map':
      return `map<${typeText(type.key.type)}, ${fieldText(type.value)}>`
    default:
      return typeName(type)
  }
}

function fieldText({ type, nullable }: Field): string {
  return `${typeText(type)}${nullable ? '' : ' not null'}`
}
