import { eachSkill } from './each-skill.js'
import { installInto, unchanged } from './install-skill.js'
import { compareLocal, isEdited } from './local-skill.js'
import { isStopped, recover } from './place-skill.js'
import { lockedFolder, providerOf } from './provider-of.js'
import { refuseEdited } from './refusals.js'
import type { SkillProvider, SkillsOptions, SkillsResult } from './skill-options.js'
import { SkillsFolder } from './skills-folder.js'

/** `restoreSkills` of the package's entry, which says what it does. */
export async function restoreSkills(
  providers: readonly SkillProvider[],
  options: SkillsOptions,
): Promise<SkillsResult> {
  const skills = await SkillsFolder.open(options.to, { create: false })
  if (skills === undefined) return { skills: [], failed: [] }
  try {
    if (await isStopped(skills)) {
      await skills.exclusively(state => recover(skills, state), options.signal)
    }
    const lock = await skills.readLock()
    return await eachSkill([...lock.keys()].sort(), options, async name => {
      const locked = lock.get(name)!
      const local = await compareLocal(skills, name, locked)
      if (local.state === 'same') return unchanged(local, true)
      if (isEdited(local) && !options.force) throw refuseEdited(local)
      const provider = providerOf(locked, providers)
      const folder = await lockedFolder(provider, { name, locked }, options.signal)
      const expected = locked.digest
      return installInto(skills, { provider, folder, expected, exactly: locked, options })
    })
  } finally {
    await skills.close()
  }
}
