import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { createSharingClient, type SharingClient } from '@spillway/client'
import { isTableError, TableError } from '@spillway/core'
import { type Profile, parseProfile } from '@spillway/protocol'
import type { Terminal } from '../terminal.js'
import { VERSION } from '../version.js'

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
  const profile = profileOf(await profileTextOf(resolve(folder, path), path), path)
  refuseExpired(profile, path)
  return {
    path,
    profile,
    // A person waits at the other end: a provider that is not there is said so after seconds.
    client: createSharingClient(profile, {
      userAgent: `spillway/${VERSION}`,
      retry: { retries: 3 },
    }),
  }
}

async function profileTextOf(file: string, path: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    const context = { path }
    if (code === 'ENOENT') {
      const hint = 'expected the .share file that the provider handed over'
      throw new TableError('NOT_FOUND', `no profile lies at ${path}: ${hint}`, { context, cause })
    }
    const reason = code === 'EISDIR' ? 'it is a folder' : `${code ?? 'it cannot be read'}`
    throw new TableError('INVALID_REQUEST', `the profile ${path} cannot be read: ${reason}`, {
      context,
      cause,
    })
  }
}

function profileOf(text: string, path: string): Profile {
  try {
    return parseProfile(text.replace(/^\ufeff/, ''))
  } catch (cause) {
    if (!isTableError(cause)) throw cause
    throw new TableError(cause.code, cause.message, { context: { ...cause.context, path } })
  }
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
