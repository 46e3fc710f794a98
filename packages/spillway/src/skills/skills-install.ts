import { parseAssetName } from '@spillway/client'
import { installSkill, restoreSkills, type SkillsResult } from '@spillway/client/node'
import { TableError, throwIfCancelled } from '@spillway/core'
import { withNearest } from '../recipient/list-shared.js'
import { parseSharePath } from '../recipient/share-path.js'
import { withProgress } from '../terminal/progress.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { transferText } from '../terminal/transfer-text.js'
import {
  type PlaceOptions,
  type ProfileOptions,
  placeText,
  providerAt,
  providersOf,
  skillsFolder,
} from './skills-place.js'
import type { ForceOption } from './skills-remove.js'
import { tellSkills } from './tell-skills.js'

interface InstallRun {
  readonly options: PlaceOptions & ProfileOptions & ForceOption
  readonly terminal: Terminal
}

/** `spillway skills install [PROFILE#share.schema.skill[@digest]…]`: false where one was not installed. */
export async function installSkillsCommand(
  names: readonly string[],
  { options, terminal }: InstallRun,
): Promise<boolean> {
  const to = skillsFolder(options, terminal)
  const text = transferText()
  const result = await withProgress(terminal, 'asking for skills', async progress => {
    const more = {
      to,
      force: options.force,
      signal: terminal.signal,
      onProgress: (told: Parameters<typeof text>[0]) => progress.say(text(told)),
    }
    return names.length > 0
      ? installNamed(names, more, { options, terminal })
      : restoreSkills(await providersOf(options, terminal), more)
  })
  const ok = await tellSkills(result, options, terminal)
  if (!options.json) await tellNext(result, to, terminal)
  return ok
}

async function installNamed(
  names: readonly string[],
  options: Parameters<typeof installSkill>[2],
  { options: store, terminal }: InstallRun,
): Promise<SkillsResult> {
  const asked = names.map(skillPath)
  const skills: SkillsResult['skills'][number][] = []
  const failed: SkillsResult['failed'][number][] = []
  for (const { profile, name } of asked) {
    throwIfCancelled(terminal.signal)
    try {
      const provider = await providerAt(profile, store, terminal)
      skills.push(
        await withNearest(provider.client, name, {
          signal: terminal.signal,
          work: () => installSkill(provider, name, options),
        }),
      )
    } catch (error) {
      // The only one tells by its exit status what kind of failure it was.
      if (asked.length === 1) throw error
      throwIfCancelled(terminal.signal)
      failed.push({ name, error })
    }
  }
  return { skills, failed }
}

/** All are looked at before anything is done. */
function skillPath(text: string) {
  const path = parseSharePath(text)
  if (path.name === '') {
    throw new TableError(
      'INVALID_REQUEST',
      `expected PROFILE#share.schema.skill, found ${JSON.stringify(text.slice(0, 200))}: \`spillway skills list ${text.slice(0, 200)}\` shows what there is; what the lock says is installed by --profile alone`,
    )
  }
  parseAssetName(path.name)
  return path
}

async function tellNext({ skills }: SkillsResult, to: string, terminal: Terminal): Promise<void> {
  const fresh = skills.filter(({ state }) => state !== 'unchanged')
  if (fresh.length === 0) {
    if (skills.length === 0) terminal.stderr.write('spillway: the lock has no skills yet\n')
    return
  }
  const at = placeText(to, terminal)
  await writeLine(
    terminal.stdout,
    `Read SKILL.md before you trust it. Agents that look into ${at} find it when they start; commit spillway-lock.json there, and others get the same bytes by \`spillway skills install\`.`,
  )
}
