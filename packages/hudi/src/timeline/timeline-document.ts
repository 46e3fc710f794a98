import { DEFAULT_BUDGETS, isTableError, type ReadBudgets, TableError } from '@spillway/core'
import { documentBytes, openAvroFile, parseLongJson, readAvroRows } from '@spillway/encoding'

/** The top-level entries of any document of the timeline: JSON in layout 1, an Avro container in layout 2. */
export async function readTimelineDocument(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Promise<ReadonlyMap<string, unknown>> {
  if (bytes.length === 0) return new Map()
  if (bytes[0] === 0x4f && bytes[1] === 0x62 && bytes[2] === 0x6a) {
    // To the end: bytes behind the rows are refused there.
    const rows = await readAvroRows(await openAvroFile(bytes, path, budgets), row => row)
    if (rows.length > 1) throw badInstant(path, `expected one document, found ${rows.length}`)
    return entriesOf(rows[0], path)
  }
  try {
    return entriesOf(
      await parseLongJson(await documentBytes(bytes, path, budgets), { path, budgets }),
      path,
    )
  } catch (cause) {
    if (isTableError(cause) && cause.code !== 'TABLE_CORRUPT') throw cause
    throw new TableError('TABLE_CORRUPT', `${path} is neither JSON nor an Avro file`, {
      context: { path },
      cause,
    })
  }
}

const NO_ENTRIES: ReadonlyMap<string, unknown> = new Map()
const NO_NAMES: readonly string[] = []

/** The entries of a JSON object, an Avro record or an Avro map; none of null. */
export function entriesOf(value: unknown, path: string): ReadonlyMap<string, unknown> {
  if (value === null || value === undefined) return NO_ENTRIES
  if (value instanceof Map) return value
  if (typeof value === 'object' && !Array.isArray(value)) return new Map(Object.entries(value))
  throw new TableError('TABLE_CORRUPT', `expected an object in ${path}, found ${typeof value}`, {
    context: { path },
  })
}

/** A text that is not blank; undefined for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The items of a list; none of null. */
export function listOf(value: unknown, path: string): readonly unknown[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return value
  throw badInstant(path, `expected a list, found ${typeof value}`)
}

/** Names that a list must be all of: one of another type would be a file that is not there. */
export function namesOf(value: unknown, path: string): readonly string[] {
  const list = listOf(value, path)
  if (list.length === 0) return NO_NAMES
  return list.map(name => {
    if (typeof name === 'string') return name
    throw badInstant(
      path,
      `expected a list of names, found ${name === null ? 'null' : typeof name} in it`,
    )
  })
}

export function badInstant(path: string, reason: string): TableError {
  return new TableError('TABLE_CORRUPT', `${reason} (${path})`, { context: { path } })
}
