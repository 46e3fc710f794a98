import type { AssetClient } from './assets/asset-client.js'
import type { FolderName, VersionedName } from './assets/asset-name.js'
import type { InstalledSkills } from './skills/installed-skills.js'
import type { ListedSkill } from './skills/listed-skill.js'
import type {
  InstallSkillOptions,
  SkillOutcome,
  SkillProvider,
  SkillsOptions,
  SkillsResult,
} from './skills/skill-options.js'
import type { UpdateSkillsOptions } from './skills/update-skills.js'

// Each call is loaded with its first use: a program that lists and queries needs none of them.

/**
 * Installs a shared skill, or brings it up to date where it is installed: all of its files at once or none. What it holds is
 * written into the lock beside it. `CONFLICT` where a folder of its name was made by somebody else, where it was changed since
 * it was installed, and where its content is not of the digest that was asked for.
 */
export async function installSkill(
  provider: SkillProvider,
  name: string | VersionedName,
  options: InstallSkillOptions,
): Promise<SkillOutcome> {
  const loaded = await import('./skills/install-skill.js')
  return loaded.installSkill(provider, name, options)
}

/** What is installed in a folder, and whether it was changed since. Each file is read. */
export async function installedSkills(
  options: Pick<SkillsOptions, 'to' | 'signal'>,
): Promise<InstalledSkills> {
  const loaded = await import('./skills/installed-skills.js')
  return loaded.installedSkills(options)
}

/**
 * The files of a skill as they are listed; undefined where the server lists none of any folder. Listings that change between
 * pages are begun again.
 */
export async function listSkill(
  client: AssetClient,
  folder: FolderName,
  signal?: AbortSignal,
): Promise<ListedSkill | undefined> {
  const loaded = await import('./skills/listed-skill.js')
  return loaded.listSkill(client, folder, signal)
}

/** Takes skills out of the folder and of the lock. One that was changed stays, unless `force` is given. */
export async function removeSkills(
  names: readonly string[],
  options: SkillsOptions,
): Promise<SkillsResult> {
  const loaded = await import('./skills/remove-skills.js')
  return loaded.removeSkills(names, options)
}

/**
 * Installs exactly what the lock says. A skill whose folder is as the lock has it is asked of nobody; other content than the
 * lock's is refused by its files, and the lock stays as it is.
 */
export async function restoreSkills(
  providers: readonly SkillProvider[],
  options: SkillsOptions,
): Promise<SkillsResult> {
  const loaded = await import('./skills/restore-skills.js')
  return loaded.restoreSkills(providers, options)
}

/** Takes what is shared now in place of what the lock says, and says what changed. */
export async function updateSkills(
  providers: readonly SkillProvider[],
  options: UpdateSkillsOptions,
): Promise<SkillsResult> {
  const loaded = await import('./skills/update-skills.js')
  return loaded.updateSkills(providers, options)
}
