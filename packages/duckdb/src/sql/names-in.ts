import type { JsonValue } from '@spillway/core'
import type { Connection } from '@spillway/rows'
import { leadingWords } from './leading-words.js'
import { tokenAt } from './split-sql.js'
import { member, syntaxTree } from './syntax-tree.js'

/** The parts of a name as they are written, without quotes: `[catalog, schema, table]`, or the end of it. */
export type SqlName = readonly string[]

/** Names of tables that a statement spells out; of what is no SELECT all names, whatever they mean. */
export async function namesIn(sql: string, parser: Connection): Promise<readonly SqlName[]> {
  // PRAGMA takes names as strings, and no plan of it says which.
  if (leadingWords(sql, 1) === 'PRAGMA' || /\bpragma_/i.test(sql)) {
    return spelledNames(sql.replaceAll("'", ' '))
  }
  const tree = await syntaxTree(sql, parser)
  const names = tree === undefined ? spelledNames(sql) : tablesOf(tree)
  return [...new Map(names.map(name => [JSON.stringify(name), name])).values()]
}

function tablesOf(node: JsonValue): SqlName[] {
  if (typeof node !== 'object' || node === null) return []
  const inside = (Array.isArray(node) ? node : Object.values(node)).flatMap(tablesOf)
  if (member(node, 'type') !== 'BASE_TABLE') return inside
  const parts = ['catalog_name', 'schema_name', 'table_name'].map(key => member(node, key))
  return [parts.filter(part => typeof part === 'string' && part !== '') as SqlName, ...inside]
}

const WORD = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y

/** Names and words joined by dots, outside of strings and comments. */
export function spelledNames(sql: string): SqlName[] {
  const names: string[][] = []
  let isOpen = false
  for (let at = 0; at < sql.length; ) {
    const { end, isSql } = tokenAt(sql, at)
    const word = wordAt(sql, at, end)
    if (word !== undefined) {
      if (isOpen) names.at(-1)!.push(word.text)
      else names.push([word.text])
      isOpen = false
    } else if (isSql) isOpen = sql[at] === '.' && names.length > 0 && isBehindName(sql, at)
    at = word?.end ?? end
  }
  return names
}

/** Words that a name of a table follows. */
const BEFORE_TABLES = /^(?:FROM|JOIN|DESCRIBE|SUMMARIZE|TABLE)$/i

/** Of the spelled names those that stand where only a table can, or the one that all of the text is. */
export function spelledTables(sql: string): readonly SqlName[] {
  const names = spelledNames(sql)
  if (names.length === 1) return names
  return names.filter((_, i) => {
    const [word = '', ...more] = names[i - 1] ?? []
    const isCompared = names[i - 2]?.join('.').toUpperCase() === 'DISTINCT'
    return more.length === 0 && BEFORE_TABLES.test(word) && !isCompared
  })
}

/** A dot goes on with a name only behind one: not behind a bracket, a string or a number. */
function isBehindName(sql: string, dot: number): boolean {
  return /[\w"$\u0080-\uffff]\s*$/.test(sql.slice(Math.max(0, dot - 64), dot))
}

function wordAt(sql: string, at: number, end: number) {
  if (sql[at] === '"') return { text: sql.slice(at + 1, end - 1).replaceAll('""', '"'), end }
  WORD.lastIndex = at
  const [text] = WORD.exec(sql) ?? []
  return text === undefined ? undefined : { text, end: at + text.length }
}
