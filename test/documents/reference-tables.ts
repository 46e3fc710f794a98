/** A node of a JSON Schema, as far as it is looked at. */
export interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly items?: SchemaNode
  readonly anyOf?: readonly SchemaNode[]
  readonly oneOf?: readonly SchemaNode[]
  readonly additionalProperties?: SchemaNode | boolean
  readonly default?: unknown
}

/** Every key below a node, dotted; `[]` stands behind one that holds a list, `{}` behind one whose keys are of one's choice. */
export function keysOf(node: SchemaNode, path = ''): readonly string[] {
  return [...new Set(membersOf(node, path).map(([key]) => key))]
}

/** Keys with a default that says something: numbers and texts. */
export function defaultsOf(node: SchemaNode): readonly (readonly [string, unknown])[] {
  return membersOf(node, '')
    .filter(([, { default: value }]) => typeof value === 'number' || typeof value === 'string')
    .map(([key, { default: value }]) => [key, value] as const)
}

function membersOf(node: SchemaNode, path: string): readonly (readonly [string, SchemaNode])[] {
  const alternatives = [...(node.anyOf ?? []), ...(node.oneOf ?? [])]
  const own = Object.entries(node.properties ?? {}).flatMap(([name, member]) => {
    const key = `${path === '' ? '' : `${path}.`}${name}`
    const { additionalProperties: others } = member
    const named = typeof others === 'object' && others.properties ? others : undefined
    const listed = member.items !== undefined ? `${key}[]` : named === undefined ? key : `${key}{}`
    const isPlain = listed.includes('.') || listed === 'staging'
    const below = membersOf(member.items ?? named ?? member, listed)
    return [...(isPlain ? [[listed, member] as const] : []), ...below]
  })
  return [...own, ...alternatives.flatMap(each => membersOf(each, path))]
}

/**
 * The rows of the tables of a page whose first cell begins with a key, by key. A cell may have several; one that begins
 * with a dot is below the first.
 */
export function rowsOf(text: string): ReadonlyMap<string, string> {
  const rows = new Map<string, string>()
  for (const [line, cell] of text.matchAll(/^\| (`[^|]*?`[^|]*) \|.*$/gm)) {
    const keys = [...cell!.matchAll(/`([^`]+)`/g)].map(([, key]) => key!)
    const first = keys[0]!
    for (const key of keys) rows.set(key.startsWith('.') ? `${first}${key}` : key, line)
  }
  return rows
}
