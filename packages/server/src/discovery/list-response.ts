import { type Page, type PageRequest, TableError, type WritableJson } from '@spillway/core'
import { shownValue } from '@spillway/protocol'
import { notFound } from '../access/not-found.js'
import { validatedResponse } from '../http/validated.js'
import type { RequestContext } from '../requests/request-context.js'

/** Undefined where what would hold the items is not shared. */
type LoadPage<Item> = (page: PageRequest) => Promise<Page<Item> | undefined>

/** A page of a list, and a token for the next: good for who asked, for the same list. */
export async function listResponse<Item>(
  context: RequestContext,
  load: LoadPage<Item>,
  toWire: (item: Item) => WritableJson,
): Promise<Response> {
  const binding = [context.recipient.id, context.record.route ?? '', ...lowerCaseNames(context)]
  const use = { kind: 'list', binding } as const
  const token = context.query.get('pageToken')
  const after = token === null || token === '' ? '' : String(context.tokens.open(use, token))
  const maxResults = maxResultsOf(context)
  // A page of nothing still proves that the share is there.
  const page = await load({
    maxResults: Math.max(1, maxResults),
    ...(after !== '' && { after }),
  })
  if (page === undefined) throw notFound(holderOf(context), context.params)
  const items = maxResults === 0 ? [] : page.items
  const next = maxResults === 0 && page.items.length > 0 ? after : page.next
  return validatedResponse(context.request, {
    items: items.map(toWire),
    // Left out on the last page: one client would ask again for an empty one.
    nextPageToken:
      next === undefined
        ? undefined
        : context.tokens.seal({ ...use, expiresInSeconds: context.limits.pageTokenSeconds }, next),
  })
}

/** What the items of a list are in, by the names in its path. */
function holderOf({ params }: RequestContext) {
  if ('model' in params) return 'model'
  return 'schema' in params ? 'schema' : 'share'
}

function lowerCaseNames({ params }: RequestContext): readonly string[] {
  return Object.values(params).map(name => name.toLowerCase())
}

/** Larger numbers than the server's own limit are capped, so that a client need not know it. */
export function maxResultsOf({ query, limits }: RequestContext): number {
  const text = query.get('maxResults')
  if (text === null) return limits.defaultMaxResults
  if (!/^[0-9]{1,10}$/.test(text) || Number(text) > 0x7fffffff) {
    throw new TableError(
      'INVALID_REQUEST',
      `maxResults must be a non-negative 32-bit integer, not ${shownValue(text)}`,
    )
  }
  return Math.min(Number(text), limits.maxResults)
}
