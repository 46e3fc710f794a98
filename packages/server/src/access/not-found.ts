import { TableError } from '@spillway/core'

/** What does not exist and what was not granted are told apart by nobody. */
export function notFound(
  kind: keyof typeof NAMES,
  params: Readonly<Record<string, string>>,
): TableError {
  const names = NAMES[kind].map(name => params[name] ?? '')
  const shown = names.map(name => name.slice(0, 255)).join('.')
  return new TableError(
    'NOT_FOUND',
    `${kind} '${shown}' does not exist or is not shared with you; ask your provider`,
  )
}

const NAMES = {
  share: ['share'],
  schema: ['share', 'schema'],
  table: ['share', 'schema', 'table'],
  volume: ['share', 'schema', 'volume'],
  skill: ['share', 'schema', 'skill'],
  model: ['share', 'schema', 'model'],
  'model version': ['share', 'schema', 'model', 'version'],
} as const
