import { type SkillsResult, updateSkills } from '@spillway/client/node'
import { withProgress } from '../terminal/progress.js'
import type { Terminal } from '../terminal/terminal.js'
import { transferText } from '../terminal/transfer-text.js'
import {
  type PlaceOptions,
  type ProfileOptions,
  providersOf,
  skillsFolder,
} from './skills-place.js'
import type { ForceOption } from './skills-remove.js'
import { tellSkills } from './tell-skills.js'

export interface UpdateCommandOptions extends PlaceOptions, ProfileOptions, ForceOption {
  readonly dryRun?: boolean
}

/** `spillway skills update [NAME…]`: false where one was not brought up to date. */
export async function updateSkillsCommand(
  names: readonly string[],
  { options, terminal }: { readonly options: UpdateCommandOptions; readonly terminal: Terminal },
): Promise<boolean> {
  const { force, dryRun } = options
  const text = transferText()
  const result: SkillsResult = await withProgress(terminal, 'asking for skills', async progress =>
    updateSkills(await providersOf(options, terminal), {
      to: skillsFolder(options, terminal),
      ...{ names, force, dryRun },
      signal: terminal.signal,
      onProgress: told => progress.say(text(told)),
    }),
  )
  if (result.skills.length + result.failed.length === 0) {
    terminal.stderr.write('spillway: the lock has no skills yet\n')
  }
  return tellSkills(result, options, terminal)
}
