import type { Field } from '@spillway/core'
import { quoteName, quoteText, sqlTypeText } from '@spillway/rows'
import { shownBy } from './show-as.js'

/** What stands for a shared table in plans, and wherever it is read in another way than through `query`. */
export interface Stub {
  /** A word that no other table of the connection has, by which plans tell its scans and columns. */
  readonly name: string
  readonly fields: readonly Field[]
  /** A query with the table's columns and types, which fails when it is run. */
  readonly sql: string
}

/** DuckDB knows no relation without columns: a table that has none shows its rows by one that is nobody's. */
export const NO_COLUMNS = 'CAST(NULL AS INTEGER) AS "no columns"'

/** What the stub's file holds: the error that DuckDB shows quotes it. */
export const STUB_TEXT =
  'This table is shared: give the SQL to query() of what attachShare returned, which fetches what it reads'

/**
 * `path` is a CSV file of STUB_TEXT, whose first column is declared to be a number: planning and describing it work,
 * and scanning it is always an error. Never an empty table.
 */
export function stubOf(name: string, fields: readonly Field[], path: string): Stub {
  const columns = fields.map((field, i) => `'${name}_c${i}': ${quoteText(typeText(field))}`)
  const select = fields.map((field, i) => `${name}_c${i} AS ${quoteName(field.name)}`)
  if (select.length === 0) select.push(NO_COLUMNS)
  const options = `auto_detect=false, header=false, delim=chr(1), quote='', escape='', null_padding=true, strict_mode=false`
  const all = [`'${name}': 'BIGINT'`, ...columns].join(', ')
  const scan = `read_csv(${quoteText(path)}, ${options}, columns={${all}})`
  return { name, fields, sql: `SELECT ${select.join(', ')} FROM ${scan} WHERE ${name} IS NOT NULL` }
}

/** What SQL names: what the variable says while a query runs, else what the expression `otherwise` gives. */
export function switchedTo(variable: string, otherwise: string): string {
  return `FROM query(coalesce(${shownBy(quoteText(variable))}, ${otherwise}))`
}

/**
 * A query that cannot be planned and says `message`, an expression: the name of a table that is not there. Of all errors
 * those about names are the ones that leave a transaction as it was.
 */
export function failingWith(message: string): string {
  return `'FROM "' || replace(${message}, '"', '""') || '"'`
}

/** DuckDB's type of a column as shared tables show it. */
export function typeText(field: Field): string {
  return sqlTypeText(field.type, 'logical')
}
