import { existsSync, realpathSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative, resolve, sep } from 'node:path'
import { createSharingClient, type SharingClient } from '@spillway/client'
import { loadProfile, type SkillProvider } from '@spillway/client/node'
import { TableError } from '@spillway/core'
import type { Profile } from '@spillway/protocol'
import { openProfile } from '../recipient/open-profile.js'
import { directClient, type StoreOptions } from '../recipient/store-options.js'
import type { Terminal } from '../terminal/terminal.js'
import { VERSION } from '../terminal/version.js'

export interface PlaceOptions {
  readonly to?: string
  readonly claude?: boolean
  readonly global?: boolean
  readonly json?: boolean
}

export interface ProfileOptions extends StoreOptions {
  readonly profile?: readonly string[]
}

/** The folder of skills, absolute: where agents of all makes look, or Claude's own. */
export function skillsFolder({ to, claude, global }: PlaceOptions, terminal: Terminal): string {
  if (to !== undefined) {
    if (claude || global) {
      throw new TableError('INVALID_REQUEST', 'expected --to, or --claude and --global, not both')
    }
    return resolve(terminal.folder, to)
  }
  const { HOME, USERPROFILE } = terminal.environment
  const base = global ? (HOME ?? USERPROFILE ?? homedir()) : terminal.folder
  const above = join(base, claude ? '.claude' : '.agents')
  const place = join(above, 'skills')
  // A project comes from others; at home links are one's own.
  if (!global) for (const each of [above, place]) requireBelow(base, each)
  return place
}

/** A link of a project would make what is installed here everybody's who is linked to there. */
function requireBelow(base: string, path: string): void {
  if (!existsSync(path)) return
  const real = realpathSync(path)
  if (`${real}${sep}`.startsWith(`${realpathSync(base)}${sep}`)) return
  throw new TableError(
    'CONFLICT',
    `${relative(base, path)} is a link out of this folder, to ${real}: --to names another, or that one, if it is meant`,
    { context: { path } },
  )
}

/** As somebody in the current folder names it. */
export function placeText(path: string, { folder }: Pick<Terminal, 'folder'>): string {
  const below = relative(folder, path)
  return below === '' || below.startsWith('..') ? path : below
}

export async function providerAt(
  path: string,
  options: StoreOptions,
  terminal: Terminal,
): Promise<SkillProvider & { readonly client: SharingClient }> {
  const { client, profile } = await openProfile(path, terminal)
  return { client: directClient(client, options), endpoint: profile.endpoint }
}

/** Those that were named; else the one of the environment, where it has one. */
export async function providersOf(
  { profile: paths = [], ...options }: ProfileOptions,
  terminal: Terminal,
): Promise<readonly SkillProvider[]> {
  if (paths.length > 0) return Promise.all(paths.map(path => providerAt(path, options, terminal)))
  const { SPILLWAY_PROFILE, SPILLWAY_ENDPOINT } = terminal.environment
  if (!SPILLWAY_PROFILE && !SPILLWAY_ENDPOINT) return []
  const profile: Profile = await loadProfile(undefined, terminal.environment)
  const client = createSharingClient(profile, {
    userAgent: `spillway/${VERSION}`,
    retry: { retries: 3 },
  })
  return [{ client: directClient(client, options), endpoint: profile.endpoint }]
}
