import { type Recipient, TableError } from '@spillway/core'
import { askEmbedder } from '../limits/ask-embedder.js'
import { checkedRecipient } from './checked-recipient.js'
import { bearerSecretsOf, credentialsOf } from './request-secrets.js'

export interface AuthenticationContext {
  /** Who is at the other end of the connection, or whom a trusted proxy speaks for; undefined where nobody knows. */
  readonly address: string | undefined
  /** Aborted when the recipient has gone, or the time is over. */
  readonly signal: AbortSignal
}

/**
 * Who asks. `request` has method, URL and headers and no body; the host of its URL is not the one that was asked for.
 * Undefined, or null, is a 401. It may throw a `TableError` to refuse otherwise (`PERMISSION_DENIED`, `RATE_LIMITED`); anything
 * else that it throws is a 500, and one that does not answer in time a 503. Of the recipient `id` and `name` are kept.
 */
export type Authenticate = (
  request: Request,
  context: AuthenticationContext,
) => Recipient | null | undefined | Promise<Recipient | null | undefined>

/** The recipient that an embedder's own code finds. Nothing but a recipient of a name and an id opens anything. */
export async function authenticateBy(
  authenticate: Authenticate,
  { request, address, signal, seconds }: AuthenticationQuestion,
): Promise<Recipient> {
  const { method, headers, url } = request
  const shown = new Request(url, { method, headers, signal })
  const found: unknown = await askEmbedder(
    given => authenticate(shown, { address, signal: given }),
    { name: 'authenticate', seconds, signal, secrets: () => credentialsOf(request) },
  )
  if (found === undefined || found === null) {
    throw new TableError('UNAUTHENTICATED', 'the credentials are unknown or have expired')
  }
  const recipient = checkedRecipient(found, 'authenticate')
  refuseSecrets(request, [recipient.id, recipient.name])
  return recipient
}

interface AuthenticationQuestion {
  readonly request: Request
  readonly address: string | undefined
  readonly signal: AbortSignal
  readonly seconds: number
}

/** Ids and names are in the log, and in signed URLs: who had one of a credential would have that. */
function refuseSecrets(request: Request, shown: readonly string[]): void {
  const secrets = bearerSecretsOf(request)
  if (!shown.some(text => secrets.some(secret => text.includes(secret)))) return
  throw new TableError(
    'INTERNAL',
    'authenticate: expected an id and a name that may be known, found a credential of the request in them',
  )
}
