/** What stands in a schema of a configuration. */
export type SharedKind = 'table' | 'volume' | 'model' | 'skill' | 'skill-folder'

/** The list of a schema that has each kind. */
export const LIST_OF = {
  table: 'tables',
  volume: 'volumes',
  model: 'models',
  skill: 'skills',
  'skill-folder': 'skillFolders',
} as const satisfies Readonly<Record<SharedKind, string>>

/** Those that have names of their own. A folder of skills has none: its skills do. */
export const NAMED_KINDS = ['table', 'volume', 'model', 'skill'] as const

export type NamedKind = (typeof NAMED_KINDS)[number]

/** `a, b and c` */
export function listed(words: readonly string[], last: 'and' | 'or' = 'and'): string {
  const front = words.slice(0, -1)
  return front.length === 0 ? words.join('') : `${front.join(', ')} ${last} ${words.at(-1)}`
}
