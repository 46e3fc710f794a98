import type { SkillsResult } from '@spillway/client/node'
import { isTableError } from '@spillway/core'
import { errorJson } from '../terminal/error-json.js'
import { errorLines } from '../terminal/error-lines.js'
import { shownJson } from '../terminal/shown-json.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { outcomeJson, outcomeLines } from './skill-lines.js'

/** Prints what was done, and what was not; true where nothing failed. */
export async function tellSkills(
  { skills, failed }: SkillsResult,
  { json }: { readonly json?: boolean | undefined },
  terminal: Terminal,
): Promise<boolean> {
  const changed = skills.some(({ state }) => state !== 'unchanged' && state !== 'planned')
  if (json) {
    const failures = failed.map(({ name, error }) => ({ name, error: { ...errorJson(error) } }))
    const done = { changed, skills: skills.map(outcomeJson), failed: failures }
    await writeLine(terminal.stdout, shownJson(done))
  } else {
    for (const skill of skills) {
      for (const line of outcomeLines(skill, terminal)) await writeLine(terminal.stdout, line)
    }
    for (const { error } of failed) {
      if (!isTableError(error)) throw error
      await writeLine(terminal.stderr, errorLines(error).join('\n'))
    }
  }
  return failed.length === 0
}
