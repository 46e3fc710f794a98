import { randomBytes } from 'node:crypto'
import { access, unlink } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TableError } from '@spillway/core'
import { profileText } from '@spillway/protocol'
import { tokenHash } from '@spillway/server'
import type { ServeConfig } from '../configuration/config.js'
import { createFile } from '../edit/create-file.js'
import { reasonOf } from '../edit/replace-file.js'
import type { Terminal } from '../terminal/terminal.js'
import { tokenId } from './tokens.js'

export interface NewToken {
  /** Written into the profile and nowhere else. */
  readonly secret: string
  readonly sha256: string
}

export function newToken(): NewToken {
  const secret = randomBytes(32).toString('base64url')
  return { secret, sha256: tokenHash(secret).toString('hex') }
}

export interface ProfileOptions {
  readonly recipient: string
  readonly out?: string | undefined
  readonly endpoint: string
  readonly expiresAt: string | undefined
}

export interface WrittenProfile {
  readonly path: string
  /** Takes the file back, where its token came to nothing. */
  remove(): Promise<void>
}

/**
 * Writes the profile of a token, for its owner alone. It is never written over another: that may be the only place of a
 * token which is in use. Unless a name is given, a free one is taken.
 */
export async function writeProfile(
  token: NewToken,
  { recipient, out, endpoint, expiresAt }: ProfileOptions,
  { folder }: Pick<Terminal, 'folder'>,
): Promise<WrittenProfile> {
  const name = recipient.replace(/[^\w.-]+/g, '-').replace(/^\.+/, '')
  const usual = resolve(folder, `${name}.share`)
  const free = resolve(folder, `${name}-${tokenId(token.sha256)}.share`)
  const path = out === undefined ? ((await exists(usual)) ? free : usual) : resolve(folder, out)
  const text = profileText({
    endpoint,
    bearerToken: token.secret,
    ...(expiresAt !== undefined && { expiresAt: Date.parse(expiresAt) }),
  })
  const isNew = await createFile(path, { text, mode: 0o600 }).catch(cause => {
    throw refused(path, `the profile cannot be written to ${path}: ${reasonOf(cause)}`, cause)
  })
  if (!isNew) {
    const reason = 'with a token that may be in use: name another file with --out'
    throw refused(path, `${path} is there already, ${reason}`)
  }
  return { path, remove: () => unlink(path) }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function refused(path: string, message: string, cause?: unknown): TableError {
  return new TableError('INVALID_REQUEST', message, { context: { path }, cause })
}

/** Where recipients will reach the server: as the option says, else as the configuration does. */
export function endpointOf({ server }: ServeConfig, given: string | undefined): string {
  if (given !== undefined) return checkedEndpoint(given)
  const { publicUrl, host, port, tls } = server
  if (publicUrl === undefined && port === 0) {
    throw new TableError(
      'INVALID_REQUEST',
      'the server takes any free port: give --endpoint, or set server.publicUrl or server.port',
    )
  }
  const own = `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`
  return `${publicUrl?.replace(/\/+$/, '') ?? own}/delta-sharing`
}

function checkedEndpoint(text: string): string {
  if (/^https?:$/.test(protocolOf(text))) return text
  throw new TableError(
    'INVALID_REQUEST',
    '--endpoint expects a URL such as https://share.example/delta-sharing',
  )
}

function protocolOf(text: string): string {
  try {
    return new URL(text).protocol
  } catch {
    return ''
  }
}

export interface Undo {
  profile?: WrittenProfile
}

/** A profile whose token came to nothing is taken back. */
export async function withProfile<Result>(work: (undo: Undo) => Promise<Result>): Promise<Result> {
  const undo: Undo = {}
  try {
    return await work(undo)
  } catch (error) {
    await undo.profile?.remove()
    throw error
  }
}

/** Said where a profile is of no use elsewhere. */
export function endpointNote(endpoint: string): readonly string[] {
  const { hostname } = new URL(endpoint)
  const isLocal = /^(127\.|localhost$|\[::1\]$|0\.0\.0\.0$|\[::\]$)/.test(hostname)
  if (!isLocal) return []
  return [
    `  it names ${endpoint}, which only this machine reaches: set server.publicUrl for others`,
  ]
}
