import { TableError } from '@spillway/core'
import { splitSql } from './split-sql.js'

/** The statements of a text, without the semicolons between them; the last needs none. */
export function splitStatements(sql: string): readonly string[] {
  const { statements, rest } = splitSql(sql)
  return rest === '' ? statements : [...statements, rest]
}

/** Parameters belong to one statement. */
export function requireOne(statements: readonly string[]): void {
  if (statements.length === 1) return
  throw new TableError(
    'INVALID_REQUEST',
    `parameters go with one statement, found ${statements.length}`,
  )
}
