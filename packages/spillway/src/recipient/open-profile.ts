import { resolve } from 'node:path'
import { createSharingClient, type SharingClient } from '@spillway/client'
import { loadProfile, nodeFetchFiles } from '@spillway/client/node'
import { isTableError, TableError } from '@spillway/core'
import type { Profile } from '@spillway/protocol'
import { spareCompiling } from '../processor/spare-compiling.js'
import type { Terminal } from '../terminal/terminal.js'
import { VERSION } from '../terminal/version.js'

/** A provider, as its profile file opens it. */
export interface Provider {
  /** The profile file as it was named. */
  readonly path: string
  readonly profile: Profile
  readonly client: SharingClient
}

/** Reads a profile file. What is wrong with it is said by path, never by content: it is a credential. */
export async function openProfile(
  path: string,
  { folder }: Pick<Terminal, 'folder'>,
): Promise<Provider> {
  const profile = await loadProfile(resolve(folder, path)).catch(error => {
    throw readError(error, path)
  })
  refuseExpired(profile, path)
  spareCompiling()
  return {
    path,
    profile,
    // A person waits at the other end: a provider that is not there is said so after seconds.
    client: createSharingClient(profile, {
      userAgent: `spillway/${VERSION}`,
      fetchFiles: nodeFetchFiles(),
      retry: { retries: 3 },
    }),
  }
}

/** The file that is not there is the likeliest mistake, and a folder in its place the next. */
function readError(error: unknown, path: string): unknown {
  if (!isTableError(error) || error.code !== 'NOT_FOUND') return error
  const { code } = error.cause as NodeJS.ErrnoException
  const options = { context: { path }, cause: error }
  if (code !== 'ENOENT') {
    const reason = code === 'EISDIR' ? 'it is a folder' : (code ?? 'it cannot be read')
    return new TableError('INVALID_REQUEST', `${path} is no profile: ${reason}`, options)
  }
  const expected = 'expected the .share file that the provider handed over'
  return new TableError('NOT_FOUND', `no profile lies at ${path}: ${expected}`, options)
}

/** A clock may be wrong by more than a profile's last minutes: only what is long over is refused here. */
const CLOCK_SKEW_MS = 5 * 60_000

function refuseExpired(profile: Profile, path: string): void {
  if (!('bearerToken' in profile) || profile.expirationTime === undefined) return
  const expires = Date.parse(profile.expirationTime)
  if (Number.isNaN(expires) || expires > Date.now() - CLOCK_SKEW_MS) return
  throw new TableError(
    'UNAUTHENTICATED',
    `the profile's token expired at ${new Date(expires).toISOString()}: ask the provider for a new profile`,
    { context: { path } },
  )
}
