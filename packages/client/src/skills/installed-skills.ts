import { readdir } from 'node:fs/promises'
import { compareLocal } from './local-skill.js'
import { isStopped, recover } from './place-skill.js'
import type { InstalledSkill, SkillsOptions } from './skill-options.js'
import { SkillsFolder } from './skills-folder.js'
import { LOCK_NAME } from './skills-lock.js'

export interface InstalledSkills {
  /** Of the lock, by name. */
  readonly skills: readonly InstalledSkill[]
  /** Names of folders and links that the lock does not know. */
  readonly others: readonly string[]
}

/** `installedSkills` of the package's entry, which says what it does. */
export async function installedSkills({
  to,
  signal,
}: Pick<SkillsOptions, 'to' | 'signal'>): Promise<InstalledSkills> {
  const folder = await SkillsFolder.open(to, { create: false })
  if (folder === undefined) return { skills: [], others: [] }
  try {
    if (await isStopped(folder)) {
      await folder.exclusively(state => recover(folder, state), signal)
    }
    const lock = await folder.readLock()
    const skills: InstalledSkill[] = []
    for (const name of [...lock.keys()].sort()) {
      skills.push(await compareLocal(folder, name, lock.get(name)!))
    }
    const entries = await readdir(folder.place('.'), { withFileTypes: true })
    const others = entries
      .filter(each => each.isDirectory() || each.isSymbolicLink())
      .map(({ name }) => name)
      .filter(name => !name.startsWith('.') && name !== LOCK_NAME && !lock.has(name))
    return { skills, others: others.sort() }
  } finally {
    await folder.close()
  }
}
