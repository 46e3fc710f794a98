import { type DataType, type Field, TableError } from '@spillway/core'
import type { SqlType } from '@spillway/rows'
import type { ResultColumn } from '../share/attached-share.js'
import { memberNames } from './member-names.js'

/** Types of results that DuckDB's files do not have, or that have another type here. */
const SCALARS: ReadonlyMap<string, DataType> = new Map<string, DataType>([
  ['BOOLEAN', 'boolean'],
  ['TINYINT', 'int'],
  ['SMALLINT', 'int'],
  ['INTEGER', 'int'],
  ['UTINYINT', 'int'],
  ['USMALLINT', 'int'],
  ['UINTEGER', 'long'],
  ['BIGINT', 'long'],
  ['UBIGINT', { kind: 'decimal', precision: 20, scale: 0 }],
  ['HUGEINT', { kind: 'decimal', precision: 38, scale: 0 }],
  ['FLOAT', 'float'],
  ['DOUBLE', 'double'],
  ['DATE', 'date'],
  ['TIME', 'time'],
  ['TIMESTAMP', 'timestamp'],
  ['TIMESTAMPTZ', 'timestamptz'],
  ['TIMESTAMP_NS', 'timestamp_ns'],
  ['VARCHAR', 'string'],
  ['JSON', 'string'],
  ['ENUM', 'string'],
  ['BLOB', 'binary'],
  ['UUID', 'uuid'],
  // Values of these come as DuckDB's text, which says all of them.
  ['INTERVAL', 'string'],
  ['TIMETZ', 'string'],
  ['NULL', { kind: 'opaque', name: 'void' }],
])

/** The columns of a result as fields; a type without one is refused with the cast that would do. */
export function resultFields(columns: readonly ResultColumn[]): readonly Field[] {
  let ids = 0
  const field = (name: string, type: SqlType): Field => ({
    id: ++ids,
    name,
    physicalName: name,
    type: dataType(name, type),
    nullable: true,
  })
  const dataType = (name: string, type: SqlType): DataType => {
    switch (type.kind) {
      case 'scalar': {
        const known = SCALARS.get(type.name)
        if (known !== undefined) return known
        throw new TableError(
          'UNSUPPORTED_FEATURE',
          `column ${name} is ${type.name}, which has no exact value here: CAST it to VARCHAR in the SQL`,
          { context: { column: name, type: type.name } },
        )
      }
      case 'decimal':
        return type
      case 'list':
        return { kind: 'list', element: field('element', type.element) }
      case 'map':
        return { kind: 'map', key: field('key', type.key), value: field('value', type.value) }
      case 'struct':
        return { kind: 'struct', fields: type.fields.map(each => field(each.name, each.type)) }
    }
  }
  // Arrow's tables find columns by name as well.
  const names = memberNames(columns.map(({ name }) => name))
  return columns.map(({ type }, i) => field(names[i]!, type))
}
