import type { DataType } from '../schema/schema.js'

/** The kinds of column that hold values plainly. */
export type PhysicalKind = 'int32' | 'float64' | 'int64' | 'bytes'

/** How a type lies in a Column; undefined for nested and opaque types, which have no bounds. */
export function physicalKind(type: DataType): PhysicalKind | undefined {
  if (typeof type === 'string') {
    switch (type) {
      case 'boolean':
      case 'int':
      case 'date':
        return 'int32'
      case 'float':
      case 'double':
        return 'float64'
      case 'string':
      case 'binary':
      case 'uuid':
        return 'bytes'
      default:
        return 'int64'
    }
  }
  switch (type.kind) {
    case 'fixed':
      return 'bytes'
    case 'decimal':
      return type.precision <= 18 ? 'int64' : 'bytes'
    default:
      return undefined
  }
}
