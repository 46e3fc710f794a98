import { TableError } from '@spillway/core'
import type { TurnKind } from '../connection/turns.js'
import { leadingWords } from './leading-words.js'
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

const READS = /^(?:SELECT|FROM|WITH|VALUES|TABLE|DESCRIBE|DESC|SHOW|SUMMARIZE)$/
const WRITES = /\b(?:INSERT|UPDATE|DELETE|MERGE|INTO|NEXTVAL|SETSEED)\b/i

/** A query by itself changes nothing that another one could see; of anything else the order matters. */
export function turnOf(statements: readonly string[]): TurnKind {
  const [only = '', ...more] = statements
  const reads = more.length === 0 && READS.test(leadingWords(only, 1)) && !WRITES.test(only)
  return reads ? 'together' : 'alone'
}
