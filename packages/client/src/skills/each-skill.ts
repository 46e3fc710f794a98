import { throwIfCancelled } from '@spillway/core'
import type { SkillFailure, SkillOutcome, SkillsOptions, SkillsResult } from './skill-options.js'

/** One after the other, by itself: what fails is told beside what was done. */
export async function eachSkill(
  names: readonly string[],
  { signal }: Pick<SkillsOptions, 'signal'>,
  work: (name: string) => Promise<SkillOutcome>,
): Promise<SkillsResult> {
  const skills: SkillOutcome[] = []
  const failed: SkillFailure[] = []
  for (const name of names) {
    throwIfCancelled(signal)
    try {
      skills.push(await work(name))
    } catch (error) {
      throwIfCancelled(signal)
      failed.push({ name, error })
    }
  }
  return { skills, failed }
}
