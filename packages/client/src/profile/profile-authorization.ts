import { isTableError, TableError } from '@spillway/core'
import type { Profile } from '@spillway/protocol/wire'
import {
  type Authorization,
  bearerAuthorization,
  type ClientCredentials,
  readToken,
  renewedAuthorization,
  tokenRequest,
} from '../http/authorization.js'
import { exchange, type HttpOptions, readText } from '../http/http.js'
import { withRetries } from '../http/retry.js'

/** How the requests of a profile prove who asks. */
export function authorizationOf(profile: Profile, options: HttpOptions = {}): Authorization {
  if ('bearerToken' in profile) return bearerAuthorization(profile)
  return renewedAuthorization(signal => fetchToken(profile, options, signal))
}

/** More than this is no token. */
const MAX_TOKEN_BYTES = 1024 * 1024

async function fetchToken(
  credentials: ClientCredentials,
  options: HttpOptions,
  signal: AbortSignal,
) {
  const { tokenEndpoint: url } = credentials
  const request = { method: 'POST', url, signal, ...tokenRequest(credentials) } as const
  try {
    return await withRetries(
      () =>
        exchange(request, options, async answer =>
          readToken(await readText(answer, MAX_TOKEN_BYTES), url),
        ),
      { ...options.retry, signal },
    )
  } catch (error) {
    throw isTableError(error) ? asRefusal(error) : error
  }
}

/** What the token endpoint refuses is refused as a whole: the shares were never asked. */
function asRefusal(error: TableError): TableError {
  if (error.code === 'CANCELLED' || error.retryable) return error
  return new TableError('UNAUTHENTICATED', `no token for this profile: ${error.message}`, {
    context: error.context,
    cause: error,
  })
}
