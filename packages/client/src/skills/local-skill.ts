import { lstat, readdir } from 'node:fs/promises'
import {
  findSkillFile,
  type Manifest,
  type ManifestEntry,
  readSkill,
  type Skill,
} from '@spillway/assets'
import { TableError } from '@spillway/core'
import type { Folder } from '../download/disk/destination.js'
import { digestOf } from '../download/disk/file-digest.js'
import { readOwn } from '../download/disk/own-file.js'
import { shownName } from './skill-name.js'
import type { FileChanges, InstalledSkill, LockedSkill } from './skill-options.js'
import type { SkillsFolder } from './skills-folder.js'

/** What lies in the folder of a skill. A link, or what else is no file, has no digest. */
type LocalFiles = ReadonlyMap<string, Partial<ManifestEntry>>

/** Made by desktops on their own, and read by nothing that runs: what interpreters keep is code. */
const BY_ITSELF = /(?:^|\/)(?:\.DS_Store|Thumbs\.db|desktop\.ini)$/

const MAX_FILES = 20_000

export type LocalState = 'absent' | 'folder' | 'other'

/** What has the name of a skill. A link to a folder is none: another installer's way to share one. */
export async function localState(folder: SkillsFolder, name: string): Promise<LocalState> {
  try {
    return (await lstat(folder.place(name))).isDirectory() ? 'folder' : 'other'
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent'
    throw error
  }
}

/** A skill of the lock, compared file by file with its folder. */
export async function compareLocal(
  folder: SkillsFolder,
  name: string,
  locked: LockedSkill,
): Promise<InstalledSkill> {
  const place = { ...locked, name, path: folder.pathOf(name) }
  const state = await localState(folder, name)
  if (state === 'absent') return { ...place, state: 'missing', changes: NO_CHANGES }
  const files = state === 'folder' ? await localFiles(folder, name) : new Map()
  const changes = changesOf(locked.manifest, files)
  const isSame = Object.values(changes).every(paths => paths.length === 0)
  const skill = await localReading(folder, name, files)
  return { ...place, state: isSame ? 'same' : 'changed', changes, skill }
}

const NO_CHANGES: FileChanges = { added: [], changed: [], removed: [] }

/** True where the folder holds the files of the manifest and nothing else. */
export async function holds(
  folder: SkillsFolder,
  name: string,
  manifest: Manifest,
): Promise<boolean> {
  if ((await localState(folder, name)) !== 'folder') return false
  const changes = changesOf(manifest, await localFiles(folder, name))
  return Object.values(changes).every(paths => paths.length === 0)
}

function changesOf({ entries }: Manifest, files: LocalFiles): FileChanges {
  const locked = new Set(entries.map(({ path }) => path))
  return {
    added: [...files.keys()].filter(path => !locked.has(path) && !isByItself(path, files)).sort(),
    changed: entries
      .filter(({ path, size, sha256 }) => {
        const found = files.get(path)
        return found !== undefined && (found.size !== size || found.sha256 !== sha256)
      })
      .map(({ path }) => path),
    removed: entries.filter(({ path }) => !files.has(path)).map(({ path }) => path),
  }
}

/** A link of such a name leads anywhere. */
function isByItself(path: string, files: LocalFiles): boolean {
  return files.get(path)?.sha256 !== undefined && BY_ITSELF.test(path)
}

/** What interpreters keep beside scripts: it runs in their place, and nobody's work is lost with it. */
const KEPT_BY_INTERPRETER = /(?:^|\/)__pycache__\/[^/]+\.pyc$/

/** True where what was changed may be what somebody wants to keep. */
export function isEdited({ state, changes }: InstalledSkill): boolean {
  const { added, changed, removed } = changes
  const isOther = changed.length > 0 || removed.length > 0
  return state === 'changed' && (isOther || !added.every(path => KEPT_BY_INTERPRETER.test(path)))
}

async function localFiles(folder: SkillsFolder, name: string): Promise<LocalFiles> {
  const files = new Map<string, Partial<ManifestEntry>>()
  for await (const { at, path, isFile } of entriesBelow(folder, name, name)) {
    if (files.size >= MAX_FILES) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `the folder of ${shownName(name)} holds more than ${MAX_FILES} files: that is no skill`,
      )
    }
    const below = path.slice(name.length + 1)
    if (!isFile) files.set(below, {})
    else {
      const { size } = await lstat(at.place(path.slice(path.lastIndexOf('/') + 1)))
      files.set(below, { path: below, size, sha256: await digestOf(at, path) })
    }
  }
  return files
}

async function* entriesBelow(
  folder: SkillsFolder,
  name: string,
  path: string,
): AsyncGenerator<{ readonly at: Folder; readonly path: string; readonly isFile: boolean }> {
  const at = await folder.destination.folder(path, { create: false })
  if (at === undefined) return
  try {
    for (const entry of await readdir(at.place('.'), { withFileTypes: true })) {
      const below = `${path}/${entry.name}`
      if (entry.isDirectory()) yield* entriesBelow(folder, name, below)
      else yield { at, path: below, isFile: entry.isFile() }
    }
  } finally {
    await at.release()
  }
}

/** An agent reads it whole. */
const MAX_SKILL_BYTES = 4 * 1024 * 1024

/** What the `SKILL.md` of a folder says by now; undefined where it cannot be read as one. */
async function localReading(
  folder: SkillsFolder,
  name: string,
  files: LocalFiles,
): Promise<Skill | undefined> {
  const path = findSkillFile(files.keys())
  const found = path === undefined ? undefined : files.get(path)
  if (path === undefined || found?.size === undefined || found.size > MAX_SKILL_BYTES) {
    return undefined
  }
  const at = await folder.destination.folder(name, { create: false })
  try {
    const bytes = await readOwn(at!.place(path), { path, maxBytes: MAX_SKILL_BYTES })
    return bytes && readSkill(bytes, { folder: name, path }).skill
  } catch {
    return undefined
  } finally {
    await at?.release()
  }
}
