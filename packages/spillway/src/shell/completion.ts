/** Names that SQL may go on with: whole tables, and the columns of those that are spoken of. */
export interface Names {
  /** `share.schema.table`. */
  readonly tables: readonly string[]
  readonly columns: readonly string[]
  readonly commands: readonly string[]
}

const KEYWORDS = [
  ...['SELECT', 'FROM', 'WHERE', 'GROUP BY', 'ORDER BY', 'HAVING', 'LIMIT', 'JOIN', 'LEFT JOIN'],
  ...['ON', 'USING', 'AND', 'OR', 'NOT', 'IN', 'BETWEEN', 'LIKE', 'IS NULL', 'IS NOT NULL', 'AS'],
  ...['DISTINCT', 'COUNT(*)', 'SUM(', 'AVG(', 'MIN(', 'MAX(', 'WITH', 'UNION ALL', 'DESCRIBE'],
] as const

/** What the word at the end of `line` may become, and that word, as `node:readline` asks for it. */
export function complete(line: string, names: Names): [string[], string] {
  const word = /[^\s,()=<>+*/;]*$/.exec(line)![0]
  if (word.startsWith('.') && line.trim() === word) {
    return [names.commands.filter(each => each.startsWith(word)), word]
  }
  if (word === '') return [[], word]
  const dotted = nextParts(word, names.tables)
  const found = [
    ...dotted,
    ...matching(word, names.columns),
    ...(word.includes('.') ? [] : matching(word, KEYWORDS)),
  ]
  return [[...new Set(found)], word]
}

/** Tables part by part: `ci` becomes `city.`, `city.p` becomes `city.public.`; a table's own name finds it whole. */
function nextParts(word: string, tables: readonly string[]): readonly string[] {
  const found = new Set<string>()
  for (const table of tables) {
    if (!startsWith(table, word)) {
      if (startsWith(table.slice(table.lastIndexOf('.') + 1), word)) found.add(table)
      continue
    }
    const dot = table.indexOf('.', word.length)
    found.add(dot < 0 ? table : table.slice(0, dot + 1))
  }
  return [...found]
}

/** Keywords are finished in the case that they were begun in. */
function matching(word: string, names: readonly string[]): readonly string[] {
  const lower = word === word.toLowerCase()
  return names
    .filter(name => startsWith(name, word))
    .map(name => (lower && name === name.toUpperCase() ? name.toLowerCase() : name))
}

function startsWith(name: string, start: string): boolean {
  return name.toLowerCase().startsWith(start.toLowerCase())
}

/** Tables that the text speaks of, by their whole names. */
export function tablesIn(text: string, tables: readonly string[]): readonly string[] {
  const folded = text.toLowerCase().replaceAll('"', '')
  return tables.filter(table => folded.includes(table.toLowerCase()))
}
