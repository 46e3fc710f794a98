import { TableError } from '@spillway/core'

/** What does not exist and what was not granted are told apart by nobody. */
export function notFound(
  kind: 'share' | 'schema' | 'table',
  params: Readonly<Record<string, string>>,
): TableError {
  const names = [params.share, params.schema, params.table].slice(0, DEPTH[kind])
  const shown = names.map(name => (name ?? '').slice(0, 255)).join('.')
  return new TableError(
    'NOT_FOUND',
    `${kind} '${shown}' does not exist or is not shared with you; ask your provider`,
  )
}

const DEPTH = { share: 1, schema: 2, table: 3 } as const
