import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { eachSkill } from './each-skill.js'
import { compareLocal, isEdited, localState } from './local-skill.js'
import { recover, takeAway } from './place-skill.js'
import { refuseEdited, refuseForeign } from './refusals.js'
import { requireSkillName } from './skill-name.js'
import type { SkillsOptions, SkillsResult } from './skill-options.js'
import { SkillsFolder } from './skills-folder.js'
import { notLocked } from './update-skills.js'

/** `removeSkills` of the package's entry, which says what it does. */
export async function removeSkills(
  names: readonly string[],
  options: SkillsOptions,
): Promise<SkillsResult> {
  const skills = await SkillsFolder.open(options.to, { create: false })
  try {
    return await eachSkill([...new Set(names)], options, async name => {
      requireSkillName(name)
      if (skills === undefined) throw notLocked(name, options.to)
      return removeSkill(skills, name, options)
    })
  } finally {
    await skills?.close()
  }
}

async function removeSkill(skills: SkillsFolder, name: string, options: SkillsOptions) {
  return skills.exclusively(async state => {
    await recover(skills, state)
    const lock = new Map(await skills.readLock())
    const locked = lock.get(name)
    if (locked === undefined) {
      const isForeign = (await localState(skills, name)) !== 'absent'
      throw isForeign ? refuseForeign(skills.pathOf(name)) : notLocked(name, options.to)
    }
    const local = await compareLocal(skills, name, locked)
    if (isEdited(local) && !options.force) throw refuseEdited(local)
    const aside = `staging-${randomUUID()}`
    if (local.state !== 'missing') await takeAway(skills, state, { name, aside })
    lock.delete(name)
    await skills.writeLock(lock)
    await rm(state.place(aside), { recursive: true, force: true })
    const done = { state: 'removed', verified: true, toolsAdded: [], warnings: [] } as const
    return { ...local, ...done }
  }, options.signal)
}
