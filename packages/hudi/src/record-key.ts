import { type Column, isValid, readBytes, TableError } from '@spillway/core'
import type { AvroObject } from '@spillway/encoding'
import { unsupported } from './merge-rule.js'
import type { TableConfig } from './table-config.js'

const RECORD_KEY = '_hoodie_record_key'

/** Where a row's record key comes from. */
export interface KeyRule {
  /** Columns of a base file it is read from. */
  readonly columns: readonly string[]
  ofRecord(record: AvroObject): string
  /** Of the key column's value in a row. */
  ofValue(value: unknown): string
  ofColumns(columnOf: (name: string) => Column | undefined, path: string): (row: number) => string
}

/** The meta column, or with virtual keys the key column itself. */
export function keyRule(config: TableConfig): KeyRule {
  if (config.metaFields) return columnKey(RECORD_KEY)
  const [field, ...more] = config.recordKeyFields
  if (field === undefined || more.length > 0) {
    throw unsupported(
      `virtual keys of ${config.recordKeyFields.length} columns (hoodie.populate.meta.fields is false)`,
    )
  }
  return columnKey(field)
}

/** Keys that one column holds as they are. */
export function columnKey(name: string): KeyRule {
  return {
    columns: [name],
    ofRecord: record => keyText(record[name], name),
    ofValue: value => keyText(value, name),
    ofColumns(columnOf, path) {
      const column = columnOf(name)
      if (column === undefined) {
        throw new TableError('TABLE_CORRUPT', `the base file ${path} has no column ${name}`, {
          context: { path, column: name },
        })
      }
      return row => columnText(column, row, name)
    },
  }
}

function keyText(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    return String(value)
  }
  throw unsupported(`record keys in ${name} that are no strings or integers`)
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function columnText(column: Column, row: number, name: string): string {
  if (!isValid(column, row)) throw unsupported(`record keys in ${name} that are null`)
  if (column.kind === 'dictionary') return columnText(column.values, column.codes[row]!, name)
  if (column.kind === 'bytes') return utf8.decode(readBytes(column, row))
  if (column.kind === 'float64') throw unsupported(`record keys in ${name} that are floating point`)
  return String(column.values[row])
}
