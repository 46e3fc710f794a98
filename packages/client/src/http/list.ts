import { JsonBoundError, type JsonValue, parseJson } from '@spillway/core'
import { decodeList, isObject, type JsonObject, type ListItem } from '@spillway/protocol/wire'
import { type HttpAnswer, readText, type SendRequest, unusable } from './http.js'

export interface ListOptions {
  readonly maxResults?: number
  readonly signal?: AbortSignal | undefined
  /** What the items have in common and some servers leave out: the share, the schema. */
  readonly common?: Readonly<Record<string, string>>
}

/** A listing that goes on longer is a server that makes its pages up. */
const MAX_PAGES = 10_000
const MAX_EMPTY_PAGES = 100

/** The items of a listing, page after page as they are asked for. */
export async function* listAll<Item>(
  send: SendRequest,
  { path, item }: { readonly path: string; readonly item: ListItem<Item> },
  { maxResults, signal, common }: ListOptions,
): AsyncGenerator<Item> {
  const pages = pageGuard('the list')
  for (let token: string | undefined, page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams()
    if (maxResults !== undefined) query.set('maxResults', String(maxResults))
    if (token !== undefined) query.set('pageToken', token)
    const suffix = query.size > 0 ? `?${query}` : ''
    const list = await send({ method: 'GET', path: path + suffix, signal }, readObject)
    const { items, nextPageToken } = decodeList(list, item, common)
    pages.check(token, items[0] && JSON.stringify(items[0], keepLongs))
    yield* items
    token = nextPageToken
    if (token === undefined) return
  }
  throw unusable(`the list has more than ${MAX_PAGES} pages`)
}

function keepLongs(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

export interface PageGuard {
  /** Called once a page, with the token it was asked by and what tells its first item from all others. */
  check(token: string | undefined, firstItem: string | undefined): void
}

/** Stops a server that would page for ever: the same token, the same items again, or one empty page after another. */
export function pageGuard(what: string): PageGuard {
  const tokens = new Set<string>()
  const firsts = new Set<string>()
  let empty = 0
  return {
    check(token, firstItem) {
      if (token !== undefined && tokens.has(token))
        throw unusable(`${what} comes round to the same page again`)
      if (token !== undefined) tokens.add(token)
      if (firstItem === undefined) {
        if (++empty > MAX_EMPTY_PAGES)
          throw unusable(`${what} goes on for ${MAX_EMPTY_PAGES} pages with nothing in them`)
        return
      }
      empty = 0
      if (firsts.has(firstItem)) throw unusable(`${what} comes round to the same page again`)
      firsts.add(firstItem)
    },
  }
}

/** One JSON object. */
export async function readObject(answer: HttpAnswer): Promise<JsonObject> {
  const text = await readText(answer)
  let parsed: JsonValue
  try {
    parsed = parseJson(text)
  } catch (error) {
    if (error instanceof JsonBoundError) throw unusable(error.message)
    throw unusable(`expected JSON, found ${JSON.stringify(text.slice(0, 100))}`)
  }
  if (isObject(parsed)) return parsed
  throw unusable('expected a JSON object')
}
