import { createManifest, type Manifest, manifestDigest } from '@spillway/assets'
import { corrupt, type JsonValue, parseJson, TableError } from '@spillway/core'
import { isObject, type JsonObject } from '@spillway/protocol/wire'
import { requireSkillName, shownName } from './skill-name.js'
import type { LockedSkill } from './skill-options.js'

/** In the folder of skills, beside them. `skills-lock.json` is the file of another installer, of another form. */
export const LOCK_NAME = 'spillway-lock.json'
/** Some ten thousand files. */
export const MAX_LOCK_BYTES = 16 * 1024 * 1024
const VERSION = 1

export type SkillsLock = ReadonlyMap<string, LockedSkill>

/**
 * The lock as text: one form for what it says, for people to read and Git to merge. No token, no time, no path of a machine
 * stands in it.
 */
export function lockText(lock: SkillsLock): string {
  const skills = [...lock]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, skill]) => [name, lockedJson(skill)] as const)
  return `${JSON.stringify({ version: VERSION, skills: Object.fromEntries(skills) }, null, 2)}\n`
}

export function lockedJson({ source, endpoint, digest, manifest, allowedTools }: LockedSkill) {
  const files = manifest.entries.map(({ path, size, sha256 }) => ({ path, size, sha256 }))
  return { source, endpoint, digest, ...(allowedTools && { allowedTools }), files }
}

/** What `lockText` made. Whatever else stands there is refused, with the skill that it is of: nothing is repaired. */
export async function readLock(text: string): Promise<SkillsLock> {
  const found = parsed(text)
  if (!isObject(found)) throw damaged('it is no object')
  if (typeof found.version === 'number' && found.version > VERSION) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `${LOCK_NAME} is of version ${found.version}: version ${VERSION} is read here, a newer release may know more`,
    )
  }
  if (found.version !== VERSION || !isObject(found.skills)) {
    throw damaged(`expected "version": ${VERSION} and "skills"`)
  }
  const lock = new Map<string, LockedSkill>()
  for (const [name, value] of Object.entries(found.skills)) {
    lock.set(requireSkillName(name), await lockedSkill(name, value as JsonValue))
  }
  return lock
}

/** A skill of the lock, of which every file is one that its digest names. */
export async function lockedSkill(name: string, value: JsonValue): Promise<LockedSkill> {
  if (!isObject(value)) throw damaged(`${shownName(name)} is no object`)
  const { source, endpoint, digest, files, allowedTools } = value
  if (
    typeof source !== 'string' ||
    typeof endpoint !== 'string' ||
    typeof digest !== 'string' ||
    !Array.isArray(files) ||
    (allowedTools !== undefined && typeof allowedTools !== 'string')
  ) {
    throw damaged(`expected source, endpoint, digest and files of ${shownName(name)}`)
  }
  const manifest = await manifestOf(name, files)
  if ((await manifestDigest(manifest)) !== digest) {
    throw damaged(
      `the files of ${shownName(name)} are not those of its digest: it was edited, or merged from two`,
    )
  }
  return { source, endpoint, digest, manifest, ...(allowedTools && { allowedTools }) }
}

async function manifestOf(name: string, files: readonly JsonValue[]): Promise<Manifest> {
  const entries = files.map(file => {
    const { path, size, sha256 }: JsonObject = isObject(file) ? file : {}
    if (typeof path === 'string' && typeof size === 'number' && typeof sha256 === 'string') {
      return { path, size, sha256 }
    }
    throw damaged(`expected path, size and sha256 of each file of ${shownName(name)}`)
  })
  return createManifest(entries)
}

function parsed(text: string): JsonValue {
  try {
    return parseJson(text)
  } catch (cause) {
    const isConflict = /^(?:<{7}|={7}|>{7})/m.test(text)
    throw damaged(isConflict ? 'a merge of Git has left its marks in it' : 'it is no JSON', cause)
  }
}

function damaged(reason: string, cause?: unknown): TableError {
  return corrupt('a lock of skills', reason, { path: LOCK_NAME, cause })
}
