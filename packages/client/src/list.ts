import { parseJson, type WireList } from '@spillway/protocol/wire'
import type { SendRequest } from './http.js'
import { invalid } from './read-actions.js'

/** A listing that never ends is a server that repeats itself. */
const MAX_PAGES = 100_000

/** The items of a listing, page after page as they are asked for. */
export async function* listAll<Item extends { readonly name: string }>(
  send: SendRequest,
  path: string,
  options: { readonly maxResults?: number; readonly signal?: AbortSignal | undefined },
): AsyncIterable<Item> {
  const seen = new Set<string>()
  let token: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const query = new URLSearchParams()
    if (options.maxResults !== undefined) query.set('maxResults', String(options.maxResults))
    if (token !== undefined) query.set('pageToken', token)
    const suffix = query.size > 0 ? `?${query}` : ''
    const list = await readJson<WireList<Item>>(send, path + suffix, options.signal)
    for (const item of list.items ?? []) {
      if (typeof item?.name !== 'string') throw invalid('an item of the list has no name')
      yield item
    }
    // Some servers send an empty token on the last page.
    if (!list.nextPageToken) return
    if (seen.has(list.nextPageToken)) throw invalid('the list comes round to the same page again')
    token = list.nextPageToken
    seen.add(token)
  }
  throw invalid(`the list has more than ${MAX_PAGES} pages`)
}

/** One JSON object. */
export async function readJson<Body>(
  send: SendRequest,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Body> {
  const answer = await send({ method: 'GET', path, signal })
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of answer.body) text += decoder.decode(chunk, { stream: true })
  let parsed: unknown
  try {
    parsed = parseJson(text)
  } catch {
    throw invalid(`expected JSON, found ${JSON.stringify(text.slice(0, 100))}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw invalid('expected a JSON object')
  }
  return parsed as Body
}
