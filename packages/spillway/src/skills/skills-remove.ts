import { installedSkills, removeSkills, type SkillsResult } from '@spillway/client/node'
import { isTableError } from '@spillway/core'
import { didYouMean } from '../recipient/nearest.js'
import { printable } from '../terminal/format-table.js'
import type { Terminal } from '../terminal/terminal.js'
import { type PlaceOptions, skillsFolder } from './skills-place.js'
import { tellSkills } from './tell-skills.js'

export interface ForceOption {
  readonly force?: boolean
}

/** `spillway skills remove NAME…`: what is not there any more is told, and no failure. */
export async function removeSkillsCommand(
  names: readonly string[],
  {
    options,
    terminal,
  }: { readonly options: PlaceOptions & ForceOption; readonly terminal: Terminal },
): Promise<boolean> {
  const to = skillsFolder(options, terminal)
  const { force } = options
  const { signal } = terminal
  const { skills: known } = await installedSkills({ to, signal })
  const result = await removeSkills(names, { to, force, signal })
  const isGone = ({ error }: SkillsResult['failed'][number]) =>
    isTableError(error) && error.code === 'NOT_FOUND'
  for (const { name } of result.failed.filter(isGone)) {
    const near = didYouMean(
      name,
      known.map(each => each.name),
    )
    terminal.stderr.write(`spillway: no skill ${printable(name)} is installed there${near}\n`)
  }
  const failed = result.failed.filter(failure => !isGone(failure))
  return tellSkills({ ...result, failed }, options, terminal)
}
