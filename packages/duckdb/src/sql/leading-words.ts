import { tokenAt } from './split-sql.js'

const WORD = /[A-Za-z_]\w*/y

/** The first words of a statement in capitals, behind whatever comments and brackets stand before and between them. */
export function leadingWords(sql: string, count: number): string {
  const words: string[] = []
  for (let at = 0; at < sql.length && words.length < count; ) {
    WORD.lastIndex = at
    const [word] = WORD.exec(sql) ?? []
    const { end, isSql } = tokenAt(sql, at)
    if (word !== undefined) words.push(word.toUpperCase())
    else if (isSql && (sql[at] !== '(' || words.length > 0)) break
    at = word === undefined ? end : at + word.length
  }
  return words.join(' ')
}
