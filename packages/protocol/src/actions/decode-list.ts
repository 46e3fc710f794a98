import type { JsonValue } from '@spillway/core'
import { TableError } from '@spillway/core'
import type { WireSchema, WireShare, WireTable } from './actions.js'
import { isObject, type JsonObject, lenientBody, lenientTexts } from './lenient-body.js'
import {
  Fault,
  informative,
  type Kind,
  listOf,
  mapOf,
  OBJECT,
  readAs,
  STRING,
  shape,
} from './shape.js'

/** Shares, schemas or tables: what the items of a listing are. */
export type ListItem<Item> = Kind<Item>

export const SHARE = shape<WireShare>({
  name: STRING,
  id: informative(STRING),
  displayName: informative(STRING),
  comment: informative(STRING),
  properties: informative(mapOf(STRING)),
})

export const SCHEMA = shape<WireSchema>({ name: STRING, share: STRING })

export const TABLE = shape<WireTable>({
  name: STRING,
  schema: STRING,
  share: STRING,
  shareId: informative(STRING),
  id: informative(STRING),
  location: informative(STRING),
  auxiliaryLocations: informative(listOf(STRING)),
  accessModes: informative(listOf(STRING)),
})

/**
 * One page of a listing. `common` is what was asked for: it is put into each item that leaves it out, and an item that says
 * something else is of another list. Throws `TABLE_CORRUPT` with the member that is wrong.
 */
export function decodeList<Item>(
  page: JsonObject,
  item: ListItem<Item>,
  common: Readonly<Record<string, string>> = {},
): { readonly items: readonly Item[]; readonly nextPageToken: string | undefined } {
  const items = checked(page.items ?? [], ITEMS, 'items')
  return {
    items: items.map((each, i) => checked(commonTo(each, common), item, `items[${i}]`)),
    nextPageToken: tokenOf(page),
  }
}

/** Names are told in any case. */
function commonTo(item: JsonObject, common: Readonly<Record<string, string>>): JsonObject {
  const said = written(item)
  for (const [member, asked] of Object.entries(common)) {
    const found = said[member]
    if (typeof found !== 'string' || asked.toLowerCase() === found.toLowerCase()) continue
    throw new TableError(
      'TABLE_CORRUPT',
      `the server's answer cannot be used: ${member} ${JSON.stringify(asked)} was asked for, ${member} ${JSON.stringify(found.slice(0, 200))} came`,
      { context: { field: member } },
    )
  }
  return { ...common, ...said }
}

const ITEMS = listOf(OBJECT)

/** One object of an answer, which errors call `place`. */
export function decodeItem<Item>(body: JsonObject, item: ListItem<Item>, place: string): Item {
  return checked(written(body), item, place)
}

/** The object that was asked for by the names in `asked`. */
export function decodeAsked<Item>(
  body: JsonObject,
  item: ListItem<Item>,
  asked: Readonly<Record<string, string>>,
): Item {
  return checked(commonTo(body, asked), item, 'answer')
}

/** Whoever reads a listing keeps all of its tokens, to find one that comes again. No request line is longer. */
const TOKEN: Kind<string> = {
  expected: 'a string of at most 16384 characters',
  accepts: (value): value is string => typeof value === 'string' && value.length <= 16_384,
}

/** Some servers send an empty token on the last page. */
function tokenOf(page: JsonObject): string | undefined {
  const token = page.nextPageToken ?? page.next_page_token ?? ''
  return checked(token, TOKEN, 'nextPageToken') || undefined
}

/** PROTOCOL.md wraps the share; not every server does. */
export function decodeShare(body: JsonObject): WireShare {
  return checked(written(checked(body.share ?? body, OBJECT, 'share')), SHARE, 'share')
}

/** Members as the protocol spells them, without those that are null, and with properties of any kind as texts. */
function written(object: JsonObject): JsonObject {
  const members = Object.entries(lenientBody(object)).filter(([, value]) => value !== null)
  return Object.fromEntries(
    members.map(([name, value]) => [
      name,
      TEXTS.has(name) && isObject(value) ? lenientTexts(value) : value,
    ]),
  )
}

/** Maps of texts. */
const TEXTS: ReadonlySet<string> = new Set(['properties', 'metadata'])

function checked<T>(value: JsonValue, kind: Kind<T>, place: string): JsonValue & T {
  const found = readAs(value, kind, place)
  if (!(found instanceof Fault)) return found
  throw new TableError('TABLE_CORRUPT', `the server's answer cannot be used: ${found.reason}`, {
    context: { field: found.place },
  })
}
