import type { QuerySqlOptions } from '@spillway/duckdb'
import type { ShareSession } from '../recipient/share-session.js'

/**
 * Types that DuckDB's Parquet writer rounds (HUGEINT to doubles, intervals to milliseconds) or cuts (zones of times),
 * with what holds all of them. A value that a decimal has no room for is an error of the cast, not another value.
 */
const EXACT_TYPES: Readonly<Record<string, string>> = {
  HUGEINT: 'DECIMAL(38,0)',
  UHUGEINT: 'DECIMAL(38,0)',
  BIGNUM: 'VARCHAR',
  INTERVAL: 'VARCHAR',
  'TIME WITH TIME ZONE': 'VARCHAR',
  BIT: 'VARCHAR',
}

/** A type's name where DuckDB writes types, which is never before a name's own type; quoted names are passed over. */
const TYPE_NAMES = new RegExp(
  `"(?:[^"]|"")*"|\\b(${Object.keys(EXACT_TYPES).join('|')})(?=[,)[]|$)`,
  'g',
)

/** `sql` with every column in a type that Parquet keeps exactly. */
export async function parquetSelect(
  session: ShareSession,
  sql: string,
  options: QuerySqlOptions,
): Promise<string> {
  const columns = await describedColumns(session, sql, options)
  const exact = columns.map(({ type }) => exactType(type))
  if (exact.every((type, i) => type === columns[i]!.type)) return sql
  const names = columns.map((_, i) => `c${i}`)
  const list = columns.map(({ name, type }, i) => {
    const value = exact[i] === type ? names[i] : `CAST(${names[i]} AS ${exact[i]})`
    return `${value} AS "${name.replaceAll('"', '""')}"`
  })
  return `SELECT ${list.join(', ')} FROM (\n${sql}\n) t(${names.join(', ')})`
}

export function exactType(type: string): string {
  return type.replace(TYPE_NAMES, (text, name: string | undefined) =>
    name === undefined ? text : EXACT_TYPES[name]!,
  )
}

interface Described {
  readonly name: string
  readonly type: string
}

/** DESCRIBE binds the statement and reads nothing. */
async function describedColumns(
  session: ShareSession,
  sql: string,
  options: QuerySqlOptions,
): Promise<readonly Described[]> {
  const result = await session.query(`DESCRIBE (\n${sql}\n)`, options)
  try {
    const columns: Described[] = []
    for await (const block of result.rawRows()) {
      for (const [name, type] of block) columns.push({ name: String(name), type: String(type) })
    }
    return columns
  } finally {
    await result.close()
  }
}
