import { TableError } from '@spillway/core'

/** The statements of a text, without the semicolons between them; quoted text, comments and $tags$ may hold some. */
export function splitStatements(sql: string): readonly string[] {
  const statements: string[] = []
  let start = 0
  let at = 0
  while (at < sql.length) {
    if (sql[at] === ';') {
      statements.push(sql.slice(start, at))
      start = at + 1
      at++
    } else at = tokenEnd(sql, at)
  }
  statements.push(sql.slice(start))
  return statements.filter(statement => !isBlank(statement))
}

function isBlank(statement: string): boolean {
  for (let at = 0; at < statement.length; ) {
    const isComment = statement.startsWith('--', at) || statement.startsWith('/*', at)
    if (!isComment && !/\s/.test(statement[at]!)) return false
    at = isComment ? tokenEnd(statement, at) : at + 1
  }
  return true
}

/** The end of what begins at `at`: a quoted text, a comment, or one character. */
function tokenEnd(sql: string, at: number): number {
  const rest = (end: number, length: number) => (end < 0 ? sql.length : end + length)
  if (sql.startsWith('--', at)) return rest(sql.indexOf('\n', at), 1)
  if (sql.startsWith('/*', at)) return commentEnd(sql, at)
  const quote = sql[at]!
  if (quote === "'" || quote === '"') {
    // A doubled quote is two texts beside each other, as far as their ends are concerned.
    const escapes = quote === "'" && /[eE]/.test(sql[at - 1] ?? '') && !/\w/.test(sql[at - 2] ?? '')
    return quotedEnd(sql, at, escapes)
  }
  if (quote !== '$') return at + 1
  const tag = /^\$([A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(sql.slice(at, at + 260))?.[0]
  return tag === undefined ? at + 1 : rest(sql.indexOf(tag, at + tag.length), tag.length)
}

function quotedEnd(sql: string, at: number, escapes: boolean): number {
  for (let end = at + 1; end < sql.length; end++) {
    if (escapes && sql[end] === '\\') end++
    else if (sql[end] === sql[at]) return end + 1
  }
  return sql.length
}

/** Block comments nest, as in PostgreSQL. */
function commentEnd(sql: string, start: number): number {
  let depth = 0
  for (let at = start; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++
      at++
    } else if (sql.startsWith('*/', at)) {
      depth--
      at++
      if (depth === 0) return at + 1
    }
  }
  return sql.length
}

/** Parameters belong to one statement. */
export function requireOne(statements: readonly string[]): void {
  if (statements.length === 1) return
  throw new TableError(
    'INVALID_REQUEST',
    `parameters go with one statement, found ${statements.length}`,
  )
}
