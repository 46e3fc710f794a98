import { createHash } from 'node:crypto'
import { diffManifests, type Manifest, manifestDigest } from '@spillway/assets'
import { TableError } from '@spillway/core'
import { type FolderName, folderText } from '../assets/asset-name.js'
import { shownName } from './skill-name.js'
import type { InstalledSkill, LockedSkill } from './skill-options.js'

const SHOWN_PATHS = 5

/** What was asked for. */
export interface ExpectedSkill {
  readonly folder: FolderName
  /** The digest that it has to have. */
  readonly expected?: string | undefined
  /** What the lock has of it, where that is what is installed: its files are named in a refusal. */
  readonly exactly?: LockedSkill | undefined
}

/** Refuses content that is not what was asked for, by the files that differ where they are known. */
export async function requireDigest(
  { folder, expected, exactly }: ExpectedSkill,
  manifest: Manifest,
): Promise<void> {
  if (expected === undefined) return
  const found = await manifestDigest(manifest, { newHasher: () => createHash('sha256') })
  if (found === expected) return
  const source = folderText(folder)
  if (exactly === undefined) {
    throw new TableError('CONFLICT', `expected ${expected} of ${source}, found ${found}`)
  }
  const { added, changed, removed } = await diffManifests(exactly.manifest, manifest)
  const words = [
    pathsText(
      'new',
      added.map(({ path }) => path),
    ),
    pathsText(
      'other',
      changed.map(({ to }) => to.path),
    ),
    pathsText(
      'gone',
      removed.map(({ path }) => path),
    ),
  ]
  throw new TableError(
    'CONFLICT',
    `${source} is not what the lock says (${words.filter(each => each !== '').join('; ')}): update takes what is shared now`,
    { context: { expected, found } },
  )
}

export function refuseForeign(path: string): TableError {
  return new TableError(
    'CONFLICT',
    `${shownName(path)} lies there already, and the lock beside it does not know it: somebody else's is never replaced; move it away, or choose another folder`,
    { context: { path } },
  )
}

export function refuseEdited({ name, path, changes }: InstalledSkill): TableError {
  const words = [
    pathsText('new', changes.added),
    pathsText('changed', changes.changed),
    pathsText('gone', changes.removed),
  ]
  return new TableError(
    'CONFLICT',
    `${shownName(name)} was changed since it was installed (${words.filter(each => each !== '').join('; ')}): keep a copy of what you need, then --force replaces or removes it`,
    { context: { path } },
  )
}

function pathsText(word: string, paths: readonly string[]): string {
  if (paths.length === 0) return ''
  const more = paths.length > SHOWN_PATHS ? `, ${paths.length - SHOWN_PATHS} more` : ''
  return `${word}: ${paths.slice(0, SHOWN_PATHS).map(shownName).join(', ')}${more}`
}
