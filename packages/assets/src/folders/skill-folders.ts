import {
  type AssetFolder,
  type FoundSkill,
  isTableError,
  mapConcurrently,
  type ObjectStore,
  type SkillFinder,
  TableError,
  untilAborted,
} from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'
import { folderStore } from './folder-store.js'
import { SkillFiles } from './skill-files.js'

export interface SkillFoldersOptions {
  readonly store: ObjectStore
  /** How long what was found is not looked at again. 1000 by default. */
  readonly freshMs?: number | undefined
  /** Told of each folder that is left out, once for each reason. */
  readonly onLeftOut?: ((left: LeftOut) => void) | undefined
}

/** A folder among skills that is none. */
export interface LeftOut {
  readonly location: string
  readonly error: unknown
}

/** Of a folder of skills. */
export interface SkillSurvey {
  readonly skills: readonly FoundSkill[]
  readonly leftOut: readonly LeftOut[]
}

export interface SkillFolders extends SkillFinder {
  /** What `find` finds, and what it leaves out. */
  survey(location: string, signal?: AbortSignal): Promise<SkillSurvey>
}

const FRESH_MS = 1000
/** Agents look through no more. */
const MAX_FOLDERS = 2000
const READ_AT_ONCE = 8
const MAX_KNOWN = 1000

interface Looked {
  readonly at: number
  readonly survey: Promise<SkillSurvey>
}

/**
 * Finds skills in folders, on disks and in stores alike. A folder whose `SKILL.md` is missing or not as it must be, whose name is
 * none of a skill, or that is a link out of the folder, is left out and told; one whose name begins with a dot is passed over.
 */
export function skillFolders(options: SkillFoldersOptions): SkillFolders {
  const { store, freshMs = FRESH_MS, onLeftOut } = options
  const files = new SkillFiles(store)
  const looked = new Map<string, Looked>()
  const told = new Map<string, ReadonlySet<string>>()

  async function look(location: string): Promise<SkillSurvey> {
    const survey = await surveyOf(location, { store, files })
    const before = told.get(location)
    const now = new Set(survey.leftOut.map(textOf))
    for (const each of survey.leftOut) if (!before?.has(textOf(each))) onLeftOut?.(each)
    if (told.size >= MAX_KNOWN) told.clear()
    told.set(location, now)
    return survey
  }

  /** One look for all who ask within a moment, so it ends with none of them; a fault is nobody's answer. */
  function recent(location: string): Promise<SkillSurvey> {
    const known = looked.get(location)
    if (known !== undefined && performance.now() - known.at < freshMs) return known.survey
    const entry = { at: performance.now(), survey: look(location) }
    if (looked.size >= MAX_KNOWN) looked.clear()
    looked.set(location, entry)
    entry.survey.catch(() => {
      if (looked.get(location) === entry) looked.delete(location)
    })
    return entry.survey
  }

  const survey = (location: string, signal?: AbortSignal) => untilAborted(recent(location), signal)
  return {
    survey,
    find: async (location, signal) => (await survey(location, signal)).skills,
  }
}

function textOf({ location, error }: LeftOut): string {
  return JSON.stringify([location, error instanceof Error ? error.message : ''])
}

interface Looking {
  readonly store: ObjectStore
  readonly files: SkillFiles
}

interface Met {
  readonly skill?: FoundSkill
  readonly left?: LeftOut
}

async function surveyOf(location: string, { store, files }: Looking): Promise<SkillSurvey> {
  const folders: string[] = []
  for await (const folder of folderStore(store, { id: location, location }).listPrefixes(
    location,
  )) {
    if (nameOf(folder).startsWith('.')) continue
    // It is no folder of skills, and keeps none of others from being found.
    if (folders.length >= MAX_FOLDERS) {
      return { skills: [], leftOut: [{ location, error: tooMany(location) }] }
    }
    folders.push(folder)
  }
  const found = await mapConcurrently(folders, READ_AT_ONCE, async (folder): Promise<Met> => {
    const name = nameOf(folder)
    try {
      const skill: AssetFolder = { id: folder, location: folder, within: location }
      await files.read(skill, name)
      return { skill: { name, location: folder } }
    } catch (error) {
      if (!isLeftOut(error)) throw error
      return { left: { location: folder, error } }
    }
  })
  return {
    skills: found.flatMap(({ skill }) => skill ?? []),
    leftOut: found.flatMap(({ left }) => left ?? []),
  }
}

function nameOf(folder: string): string {
  return folder.slice(folder.lastIndexOf('/', folder.length - 2) + 1, -1)
}

/** What its writer has to mend hides no other skill; storage that is not reached hides all of them. */
function isLeftOut(error: unknown): boolean {
  return isTableError(error) && !error.retryable && error.code !== 'INTERNAL'
}

function tooMany(location: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `${quotedName(location)} has more than ${MAX_FOLDERS} folders: share skills one by one, or from several folders`,
    { context: { path: location, feature: 'folders of skills' } },
  )
}
