import type { JsonValue } from '@spillway/core'
import { TableError } from '@spillway/core'
import type { WireSchema, WireShare, WireTable } from './actions.js'
import type { JsonObject } from './lenient-body.js'
import {
  faultAt,
  type Kind,
  listOf,
  mapOf,
  OBJECT,
  optional,
  type Shape,
  STRING,
  shape,
} from './shape.js'

/** Shares, schemas or tables: what the items of a listing are. */
export type ListItem<Item> = Shape<Item>

export const SHARE = shape<WireShare>({
  name: STRING,
  id: optional(STRING),
  displayName: optional(STRING),
  comment: optional(STRING),
  properties: optional(mapOf(STRING)),
})

export const SCHEMA = shape<WireSchema>({ name: STRING, share: STRING })

export const TABLE = shape<WireTable>({
  name: STRING,
  schema: STRING,
  share: STRING,
  shareId: optional(STRING),
  id: optional(STRING),
  location: optional(STRING),
  auxiliaryLocations: optional(listOf(STRING)),
  accessModes: optional(listOf(STRING)),
})

/**
 * One page of a listing. `common` is put into each item that leaves it out. Throws `TABLE_CORRUPT` with the member that
 * is wrong.
 */
export function decodeList<Item>(
  page: JsonObject,
  item: ListItem<Item>,
  common: Readonly<Record<string, string>> = {},
): { readonly items: readonly Item[]; readonly nextPageToken: string | undefined } {
  const items = checked(page.items ?? [], ITEMS, 'items')
  return {
    items: items.map((each, i) => checked({ ...common, ...written(each) }, item, `items[${i}]`)),
    nextPageToken: tokenOf(page),
  }
}

const ITEMS = listOf(OBJECT)

/** Some servers send an empty token on the last page. */
function tokenOf(page: JsonObject): string | undefined {
  const token = page.nextPageToken ?? page.next_page_token ?? ''
  return checked(token, STRING, 'nextPageToken') || undefined
}

/** PROTOCOL.md wraps the share; not every server does. */
export function decodeShare(body: JsonObject): WireShare {
  return checked(written(checked(body.share ?? body, OBJECT, 'share')), SHARE, 'share')
}

/** Without the members that are null. */
function written(object: JsonObject): JsonObject {
  const members = Object.entries(object)
  if (members.every(([, value]) => value !== null)) return object
  return Object.fromEntries(members.filter(([, value]) => value !== null))
}

function checked<T>(value: JsonValue, kind: Kind<T>, place: string): JsonValue & T {
  if (kind.accepts(value)) return value
  const { reason, place: field } = faultAt(value, kind, place)
  throw new TableError('TABLE_CORRUPT', `the server's answer cannot be used: ${reason}`, {
    context: { field },
  })
}
