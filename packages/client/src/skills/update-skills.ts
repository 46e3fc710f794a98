import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { TableError } from '@spillway/core'
import { eachSkill } from './each-skill.js'
import {
  type Installation,
  installInto,
  outcomeOf,
  unchanged,
  unchangedByListing,
} from './install-skill.js'
import { compareLocal } from './local-skill.js'
import { lockedFolder, providerOf } from './provider-of.js'
import { shownName } from './skill-name.js'
import type { SkillOutcome, SkillProvider, SkillsOptions, SkillsResult } from './skill-options.js'
import { SkillsFolder } from './skills-folder.js'
import { LOCK_NAME } from './skills-lock.js'
import { stageSkill } from './stage-skill.js'

export interface UpdateSkillsOptions extends SkillsOptions {
  /** All of the lock unless given. */
  readonly names?: readonly string[] | undefined
  /** Says what would change, and writes nothing into the folder. */
  readonly dryRun?: boolean | undefined
}

/** `updateSkills` of the package's entry, which says what it does. */
export async function updateSkills(
  providers: readonly SkillProvider[],
  options: UpdateSkillsOptions,
): Promise<SkillsResult> {
  const skills = await SkillsFolder.open(options.to, { create: false })
  const names = [...new Set(options.names ?? [])]
  try {
    const lock = (await skills?.readLock()) ?? new Map()
    return await eachSkill(
      names.length > 0 ? names : [...lock.keys()].sort(),
      options,
      async name => {
        const locked = lock.get(name)
        if (skills === undefined || locked === undefined) throw notLocked(name, options.to)
        const provider = providerOf(locked, providers)
        const folder = await lockedFolder(provider, { name, locked }, options.signal)
        const installation = { provider, folder, options }
        return options.dryRun ? planned(skills, installation) : installInto(skills, installation)
      },
    )
  } finally {
    await skills?.close()
  }
}

/** What an update would do. What it would fetch goes into a folder of the system's, and is removed. */
async function planned(skills: SkillsFolder, installation: Installation): Promise<SkillOutcome> {
  const same = await unchangedByListing(skills, installation)
  if (same !== undefined) return same
  const { name } = installation.folder
  const before = (await skills.readLock()).get(name)!
  const local = await compareLocal(skills, name, before)
  const at = await mkdtemp(join(tmpdir(), 'spillway-skill-'))
  try {
    const staged = await stageSkill(installation, at, installation.options)
    if (local.state === 'same' && staged.locked.digest === before.digest) {
      return unchanged(local, staged.verified)
    }
    return { ...(await outcomeOf(skills, { name, staged, before })), state: 'planned' }
  } finally {
    await rm(at, { recursive: true, force: true })
  }
}

export function notLocked(name: string, to: string): TableError {
  return new TableError('NOT_FOUND', `no skill ${shownName(name)} is installed in ${to}`, {
    context: { path: `${to}/${LOCK_NAME}` },
  })
}
