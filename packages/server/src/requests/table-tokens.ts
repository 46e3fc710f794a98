import { type JsonValue, TableError, type WritableJson } from '@spillway/core'
import type { TokenUse } from '@spillway/protocol'
import { grantDigest } from '../access/grant-digest.js'
import type { RequestContext } from './request-context.js'
import type { TableRequest } from './table-request.js'

type Use = Omit<TokenUse, 'expiresInSeconds' | 'binding'> & {
  /** Whatever else it must be presented with again, beside recipient and table. */
  readonly binding?: readonly string[]
}

/** A token of one recipient about one table, good as long as what is shared of it does not change. */
export function sealForTable(
  context: RequestContext,
  request: Pick<TableRequest, 'table'>,
  { expiresInSeconds, ...use }: Use & Pick<TokenUse, 'expiresInSeconds'>,
  payload: WritableJson,
): string {
  const bound = { ...use, binding: bindingOf(context, request, use), expiresInSeconds }
  return context.tokens.seal(bound, [grantDigest(request.table), payload])
}

export function openForTable(
  context: RequestContext,
  request: Pick<TableRequest, 'table'>,
  use: Use,
  token: string,
): readonly JsonValue[] {
  const binding = bindingOf(context, request, use)
  const opened = context.tokens.open({ ...use, binding }, token) as readonly JsonValue[]
  const [digest, payload] = opened
  if (digest === grantDigest(request.table)) return payload as readonly JsonValue[]
  throw new ChangedGrant()
}

/** What is shared of a table is not what it was when the token was issued. */
export class ChangedGrant extends TableError {
  constructor() {
    super(
      'INVALID_REQUEST',
      'what is shared of this table has changed since the token was issued; please restart the query without it',
    )
  }
}

function bindingOf(
  context: RequestContext,
  request: Pick<TableRequest, 'table'>,
  { binding = [] }: Use,
): readonly string[] {
  return [...tableBinding(context, request), ...binding]
}

/** Who may present a token, for which table. */
export function tableBinding(
  { recipient }: RequestContext,
  { table }: Pick<TableRequest, 'table'>,
): readonly string[] {
  // Names are the same in any case, ids are not.
  const names = [table.share, table.schema, table.name].map(name => name.toLowerCase())
  return [recipient.id, ...names, table.id]
}
