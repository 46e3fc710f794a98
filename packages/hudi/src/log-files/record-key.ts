import { type Column, isValid, readBytes, type Schema, TableError } from '@spillway/core'
import type { AvroObject } from '@spillway/encoding'
import { unsupported } from '../config/merge-rule.js'
import type { TableConfig } from '../config/table-config.js'

const RECORD_KEY = '_hoodie_record_key'

/** Where a row's record key comes from. */
export interface KeyRule {
  /** Columns of a base file it is read from. */
  readonly columns: readonly string[]
  ofRecord(record: AvroObject): string
  /** The key of a row with these values in the key columns. */
  ofValues(values: readonly unknown[]): string
  ofColumns(columnOf: (name: string) => Column | undefined, path: string): (row: number) => string
  /** The key of a row whose key in a delete block is `key`: writers have composed that already. */
  ofDelete(key: string): string
}

/** The meta column, or with virtual keys what the table's key generator makes of the key columns. */
export function keyRule(config: TableConfig, schema: Schema): KeyRule {
  if (config.metaFields) return columnKey(RECORD_KEY)
  const { recordKeyFields } = config
  if (recordKeyFields.length === 0) {
    throw unsupported('virtual keys of unknown columns (hoodie.populate.meta.fields is false)')
  }
  for (const name of recordKeyFields) requireSpelled(name, schema)
  const [field, ...more] = recordKeyFields
  if (more.length > 0) return composedKey(recordKeyFields)
  return config.composesKeys ? singleComposedKey(field!) : columnKey(field!)
}

/** Key generators print other types in ways that differ between versions of Hudi. */
function requireSpelled(name: string, schema: Schema): void {
  const type = schema.find([name])?.[0].type
  if (type === 'string' || type === 'int' || type === 'long') return
  throw unsupported(
    `virtual keys with ${name}, which is ${type === undefined ? 'no column at the top level' : 'neither a string nor an integer'}`,
  )
}

/** Keys that one column holds as they are. */
export function columnKey(name: string): KeyRule {
  return {
    columns: [name],
    ofRecord: record => keyText(record[name], name),
    ofValues: ([value]) => keyText(value, name),
    ofColumns(columnOf, path) {
      const column = requireColumn(columnOf, name, path)
      return row => {
        const text = columnText(column, row, name)
        if (text === null) throw unsupported(`record keys in ${name} that are null`)
        return text
      }
    },
    ofDelete: key => key,
  }
}

/** `a:1,b:x`, as Hudi's KeyGenUtils composes keys of several columns. */
function composedKey(names: readonly string[]): KeyRule {
  const compose = (textOf: (name: string, i: number) => string | null) =>
    names.map((name, i) => `${name}:${spelled(textOf(name, i))}`).join(',')
  return {
    columns: names,
    ofRecord: record => compose(name => nullableText(record[name], name)),
    ofValues: values => compose((name, i) => nullableText(values[i], name)),
    ofColumns(columnOf, path) {
      const columns = names.map(name => requireColumn(columnOf, name, path))
      return row => compose((name, i) => columnText(columns[i]!, row, name))
    },
    ofDelete: key => key,
  }
}

/** Some versions of Hudi put the name before the value of a single column too, and some do not. */
function singleComposedKey(name: string): KeyRule {
  return {
    ...columnKey(name),
    ofDelete(key) {
      if (!key.startsWith(`${name}:`)) return key
      throw unsupported(`deletes of virtual keys that may be spelled '${name}:value' or 'value'`)
    },
  }
}

function spelled(text: string | null): string {
  return text === null ? '__null__' : text === '' ? '__empty__' : text
}

function requireColumn(
  columnOf: (name: string) => Column | undefined,
  name: string,
  path: string,
): Column {
  const column = columnOf(name)
  if (column !== undefined) return column
  throw new TableError('TABLE_CORRUPT', `the base file ${path} has no column ${name}`, {
    context: { path, column: name },
  })
}

function nullableText(value: unknown, name: string): string | null {
  return value === null || value === undefined ? null : keyText(value, name)
}

function keyText(value: unknown, name: string): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value))) {
    return String(value)
  }
  throw unsupported(`record keys in ${name} that are no strings or integers`)
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

function columnText(column: Column, row: number, name: string): string | null {
  if (!isValid(column, row)) return null
  if (column.kind === 'dictionary') return columnText(column.values, column.codes[row]!, name)
  if (column.kind === 'bytes') return utf8.decode(readBytes(column, row))
  if (column.kind === 'float64') throw unsupported(`record keys in ${name} that are floating point`)
  return String(column.values[row])
}
