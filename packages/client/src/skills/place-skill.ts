import { renameSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { isTableError, parseJson, TableError } from '@spillway/core'
import { isObject } from '@spillway/protocol/wire'
import { diskError, type Folder } from '../download/disk/destination.js'
import { readOwn, writeOwn } from '../download/disk/own-file.js'
import { holds, localState } from './local-skill.js'
import { requireSkillName, shownName } from './skill-name.js'
import type { LockedSkill } from './skill-options.js'
import type { SkillsFolder } from './skills-folder.js'
import { lockedJson, lockedSkill, MAX_LOCK_BYTES } from './skills-lock.js'
import { removeAbandoned, removeStaged, STAGED_FILES } from './stage-skill.js'

/** What is being put in place: written before anything is renamed, gone once the lock says it. */
const JOURNAL = 'placing'
const OLD_FILES = 'old'

interface Placing {
  readonly name: string
  readonly staging: string
  readonly locked: LockedSkill
}

/**
 * Gives a staged skill its name and writes the lock. No system replaces a folder by another in one step: the old one is moved
 * aside, the new one into its place, with nothing of this process between. Who is killed there leaves the next process a
 * journal, and that one puts the old folder back or finishes.
 */
export async function placeSkill(
  folder: SkillsFolder,
  state: Folder,
  placing: Placing,
): Promise<void> {
  const { name, staging, locked } = placing
  const text = JSON.stringify({ name, staging, locked: lockedJson(locked) })
  await writeOwn(state.place(`${JOURNAL}.new`), `${state.path}/${JOURNAL}.new`, text)
  await rename(state.place(`${JOURNAL}.new`), state.place(JOURNAL))
  const [old, made] = placesOf(state, staging)
  const isThere = (await localState(folder, name)) !== 'absent'
  try {
    if (isThere) renameSync(folder.place(name), old)
    try {
      renameSync(made, folder.place(name))
    } catch (error) {
      if (isThere) renameSync(old, folder.place(name))
      throw error
    }
  } catch (error) {
    await rm(state.place(JOURNAL), { force: true })
    throw renameError(error, name)
  }
  await finish(folder, state, placing)
}

/** Ends what a process before this one began, and removes what it left. */
export async function recover(folder: SkillsFolder, state: Folder): Promise<void> {
  const placing = await readJournal(state)
  if (placing !== undefined) {
    const { name, staging, locked } = placing
    const [old] = placesOf(state, staging)
    // A link would lead to somebody's own folder of that name.
    await (
      await folder.destination.folder(`${state.path}/${staging}`, { create: false })
    )?.release()
    if (await holds(folder, name, locked.manifest)) await finish(folder, state, placing)
    else if ((await localState(folder, name)) === 'absent') {
      // Nothing stands there: what stood there before, if there was something.
      await rename(old, folder.place(name)).catch(error => {
        if (error.code !== 'ENOENT') throw renameError(error, name)
      })
    }
  }
  await rm(state.place(JOURNAL), { force: true })
  await removeAbandoned(state)
}

/** True where a process was stopped while it put a skill in its place. */
export async function isStopped(folder: SkillsFolder): Promise<boolean> {
  const state = await folder.stateIfThere()
  try {
    return state !== undefined && (await readJournal(state)) !== undefined
  } finally {
    await state?.release()
  }
}

/** Takes a skill out of its place at once; removing it takes longer. */
export async function takeAway(
  folder: SkillsFolder,
  state: Folder,
  { name, aside }: { readonly name: string; readonly aside: string },
): Promise<void> {
  await rename(folder.place(name), state.place(aside)).catch(error => {
    throw renameError(error, name)
  })
}

async function finish(
  folder: SkillsFolder,
  state: Folder,
  { name, staging, locked }: Placing,
): Promise<void> {
  await folder.writeLock(new Map([...(await folder.readLock()), [name, locked]]))
  await rm(state.place(JOURNAL), { force: true })
  await removeStaged(state, staging)
}

function placesOf(state: Folder, staging: string): readonly [old: string, made: string] {
  const at = state.place(staging)
  return [join(at, OLD_FILES), join(at, STAGED_FILES)]
}

/** What stands there was written by a process of ours, or came with a repository of strangers. */
async function readJournal(state: Folder): Promise<Placing | undefined> {
  const options = { path: `${state.path}/${JOURNAL}`, maxBytes: MAX_LOCK_BYTES }
  const text = await readOwn(state.place(JOURNAL), options)
  if (text === undefined) return undefined
  try {
    const value = parseJson(text.toString('utf8'))
    if (!isObject(value)) return undefined
    const { name, staging, locked } = value
    if (typeof name !== 'string' || typeof staging !== 'string') return undefined
    if (!/^staging-[0-9a-f-]{36}$/.test(staging) || locked === undefined) return undefined
    return { name: requireSkillName(name), staging, locked: await lockedSkill(name, locked) }
  } catch (error) {
    if (isTableError(error) || error instanceof SyntaxError) return undefined
    throw error
  }
}

function renameError(error: unknown, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') {
    return new TableError(
      'CONFLICT',
      `somebody else made a folder ${shownName(name)} meanwhile: it is left as it is`,
    )
  }
  return diskError(error, name)
}
