import type { Connection } from '@spillway/rows'
import { spelledNames } from '../sql/names-in.js'

/** Where DuckDB looks for a name without a catalog, first to last. */
export interface PathEntry {
  readonly catalog: string
  readonly schema: string
}

/** What `USE` and `SET search_path` made of a session. */
export async function searchPath(session: Connection): Promise<readonly PathEntry[]> {
  const [row] = await session.all("SELECT current_setting('search_path')")
  return spelledNames(String(row?.[0] ?? '')).flatMap(([catalog, schema]) =>
    catalog !== undefined && schema !== undefined ? [{ catalog, schema }] : [],
  )
}
