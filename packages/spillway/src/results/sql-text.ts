import { TableError } from '@spillway/core'
import { type SqlParameter, splitSql } from '@spillway/duckdb'
import { quoteName } from '@spillway/rows'

/** The one statement of `text`, without its semicolon. */
export function singleStatement(text: string): string {
  const { statements, rest } = splitSql(text)
  const all = rest.trim() === '' ? statements : [...statements, rest.trim()]
  if (all.length === 1) return all[0]!
  throw new TableError(
    'INVALID_REQUEST',
    all.length === 0
      ? 'expected SQL, found none'
      : `expected one statement, found ${all.length}; spillway shell runs many`,
  )
}

const HAS_ROWS = /^(SELECT|FROM|WITH|VALUES|TABLE)\b/i

/** The same statement for at most `rows` rows, so that whoever plans it knows; others are cut where they are read. */
export function limitedSql(sql: string, rows: number): string {
  return HAS_ROWS.test(withoutComments(sql)) ? `SELECT * FROM (\n${sql}\n) LIMIT ${rows}` : sql
}

/** A table's name as people write it, or SQL, as SQL; `catalogs` has the names of the shares. */
export function sqlOf(text: string, catalogs: ReadonlyMap<string, string>): string {
  const name = text.trim()
  for (const [share, catalog] of catalogs) {
    // No statement begins with a name and a dot.
    const [, schema, table] = /^([^.;]+)\.([^.;]+)$/.exec(afterShare(name, share)) ?? []
    if (schema !== undefined && table !== undefined) {
      return `FROM ${[catalog, schema, table].map(quoteName).join('.')}`
    }
  }
  // One word is no statement: DuckDB says, with its words about tables, that there is none of that name.
  return /^[^\s;()']+$/.test(name) ? `FROM ${name}` : singleStatement(text)
}

function afterShare(name: string, share: string): string {
  return name.startsWith(`${share}.`) ? name.slice(share.length + 1) : ''
}

function withoutComments(sql: string): string {
  return sql.replace(/^(\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)+/, '')
}

/** `name=value` of the command line: numbers, true, false and null are what they say, 'quotes' keep text. */
export function parametersOf(
  texts: readonly string[] = [],
): Readonly<Record<string, SqlParameter>> | undefined {
  if (texts.length === 0) return undefined
  return Object.fromEntries(
    texts.map(text => {
      const [, name, value] = /^\$?([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? []
      if (name !== undefined && value !== undefined) return [name, parameterValue(value)]
      throw new TableError('INVALID_REQUEST', `--param expects NAME=VALUE, found ${text}`)
    }),
  )
}

function parameterValue(text: string): SqlParameter {
  if (/^'.*'$/s.test(text)) return text.slice(1, -1).replaceAll("''", "'")
  if (/^-?\d+$/.test(text)) return BigInt(text)
  if (/^-?\d+\.\d+([eE][+-]?\d+)?$/.test(text)) return Number(text)
  const word = { true: true, false: false, null: null }[text.toLowerCase()]
  return word === undefined ? text : word
}
