import { type JsonValue, parseJson } from '@spillway/core'
import { type Connection, quoteText } from '@spillway/rows'

/** DuckDB's syntax tree of a SELECT; undefined where it has none. */
export async function syntaxTree(sql: string, parser: Connection): Promise<JsonValue | undefined> {
  const [row] = await parser.all(`SELECT json_serialize_sql(${quoteText(sql)}::VARCHAR)`)
  const tree = parsedJson(String(row?.[0] ?? '{}'))
  const statements = member(tree, 'statements')
  return member(tree, 'error') === false && Array.isArray(statements) ? statements[0] : undefined
}

/** DuckDB writes infinities as no JSON has them. */
const INFINITY = /("(?:[^"\\]|\\.)*")|Infinity/g

function parsedJson(text: string): JsonValue | undefined {
  try {
    return parseJson(
      text.includes('Infinity')
        ? text.replace(INFINITY, (_, quoted?: string) => quoted ?? '1e999')
        : text,
    )
  } catch {
    return undefined
  }
}

export function member(value: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  return (value as { readonly [key: string]: JsonValue })[name]
}
