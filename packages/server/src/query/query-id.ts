import { createHash } from 'node:crypto'
import { type JsonValue, TableError, type WritableJson, writeJson } from '@spillway/core'
import { type FileIdScheme, parseCapabilities, parseQueryRequest } from '@spillway/protocol'
import { type Pinned, pinned } from '../requests/pinned.js'
import type { RequestContext } from '../requests/request-context.js'
import type { TableRequest } from '../requests/table-request.js'
import { ChangedGrant, openForTable, sealForTable } from '../requests/table-tokens.js'
import { checkQuery, type Query } from './query.js'

/** A query as it was accepted: everything that its answer takes. */
export interface AcceptedQuery {
  readonly query: Query
  readonly asked: Pick<TableRequest, 'capabilities' | 'idScheme'>
  /** The version that its answer is of, or starts at. */
  readonly version: bigint
}

/** Ids travel in URLs, which proxies cut at about twice as much. */
const MAX_ID_CHARACTERS = 4096
const LIFETIME_SECONDS = 3600
const PREFIX = 'q-'

/**
 * The id of a query is the query itself, sealed: any replica answers it, also after a restart, and only to the recipient
 * who asked, about the table that was asked. Undefined for a question that is too long for a URL.
 */
export function sealQueryId(
  context: RequestContext,
  request: TableRequest,
  accepted: { readonly query: Query; readonly version: bigint; readonly tableId?: string },
): string | undefined {
  const { idempotencyKey, ...question } = accepted.query.body
  const sealed = sealForTable(
    context,
    request,
    { kind: 'async', expiresInSeconds: LIFETIME_SECONDS },
    [
      accepted.version,
      accepted.tableId ?? null,
      context.request.headers.get('delta-sharing-capabilities'),
      request.idScheme ?? null,
      writeJson(question as WritableJson),
      // Two keys are two queries, whatever is asked under them.
      idempotencyKey === undefined ? null : digestOf(idempotencyKey),
    ],
  )
  return sealed.length > MAX_ID_CHARACTERS ? undefined : PREFIX + sealed
}

/**
 * Whatever is wrong with an id, the recipient learns no more than that there is no such query; of one that was theirs, that
 * it is to be asked anew.
 */
export function openQueryId(
  context: RequestContext,
  request: Pick<TableRequest, 'table'>,
  id: string,
): AcceptedQuery {
  const payload = unsealed(context, request, id)
  const [versionValue, tableId, header, idScheme, question] = payload
  const version = BigInt(versionValue as number | bigint)
  const query = checkQuery(parseQueryRequest(String(question)))
  return {
    version,
    query: { ...query, pinned: pinTo(version, tableId) },
    asked: {
      capabilities: parseCapabilities(
        header as string | null,
        context.request.headers.get('user-agent'),
      ),
      idScheme: (idScheme ?? undefined) as FileIdScheme | undefined,
    },
  }
}

/** A read of versions names them itself. */
function pinTo(version: bigint, tableId: JsonValue | undefined): Pinned {
  if (typeof tableId === 'string') return pinned(tableId, version, 'query id')
  return { version, check: () => undefined }
}

function unsealed(
  context: RequestContext,
  request: Pick<TableRequest, 'table'>,
  id: string,
): readonly JsonValue[] {
  try {
    return openForTable(context, request, { kind: 'async' }, id.replace(PREFIX, ''))
  } catch (cause) {
    if (cause instanceof ChangedGrant) throw cause
    throw new TableError(
      'NOT_FOUND',
      'there is no such query, or it has expired; please restart it',
      { cause },
    )
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url')
}
