import { createHash } from 'node:crypto'
import type { Page, PageRequest } from '@spillway/core'

/** Sorted by `key`, the lower-case name: what lists are ordered and paged by. */
export interface Keyed {
  readonly key: string
}

export function byKey(a: Keyed, b: Keyed): number {
  return a.key < b.key ? -1 : a.key > b.key ? 1 : 0
}

/** Schema names hold no dot, but a control character sorts a schema's items before those of a longer name. */
export function keyInSchema(schema: string, name: string): string {
  return `${schema.toLowerCase()}\u0000${name.toLowerCase()}`
}

export function pageOf<Entry extends Keyed, Item>(
  entries: readonly Entry[],
  { after, maxResults }: PageRequest,
  toItem: (entry: Entry) => Item,
): Page<Item> {
  const rest = after === undefined ? entries : entries.filter(({ key }) => key > after)
  const page = rest.slice(0, maxResults)
  const items = page.map(toItem)
  return rest.length > page.length ? { items, next: page.at(-1)!.key } : { items }
}

/** An id that is the same in every replica and after every restart: a UUID made of the names. */
export function stableId(...names: readonly string[]): string {
  const hex = createHash('sha256')
    .update(names.map(name => name.toLowerCase()).join('\u0000'))
    .digest('hex')
  const variant = ((Number.parseInt(hex[16]!, 16) & 3) | 8).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20, 32),
  ].join('-')
}
