import type { SharesConfig } from '@spillway/server'
import type { Probe } from './probe.js'

/** A skill that recipients are told of, by its own entry or because it lies in a folder of skills. */
export interface SharedSkillAt {
  readonly share: string
  readonly schema: string
  readonly name: string
  /** Of its folder, with the last slash. */
  readonly location: string
  /** The folder of skills that it was found in. */
  readonly within?: string
  readonly isPublic: boolean
  /** False of what is read by credentials alone: the server makes no list of it for agents. */
  readonly isForAgents: boolean
}

/** One that another of its name in the same schema stands before: nobody is told of it. */
export interface HiddenSkill {
  readonly skill: SharedSkillAt
  readonly by: SharedSkillAt
}

/** All skills of a configuration, found as the server finds them. A folder of skills that cannot be read is told by its own check. */
export async function sharedSkills(
  { shares = [] }: SharesConfig,
  { skills: finder }: Pick<Probe, 'skills'>,
  signal: AbortSignal,
): Promise<{ readonly skills: readonly SharedSkillAt[]; readonly hidden: readonly HiddenSkill[] }> {
  const skills: SharedSkillAt[] = []
  const hidden: HiddenSkill[] = []
  for (const { name: share, schemas = [] } of shares) {
    for (const { name: schema, skills: named = [], skillFolders = [] } of schemas) {
      const seen = new Map<string, SharedSkillAt>()
      const add = (skill: SharedSkillAt) => {
        const before = seen.get(skill.name)
        if (before !== undefined) hidden.push({ skill, by: before })
        else {
          seen.set(skill.name, skill)
          skills.push(skill)
        }
      }
      for (const { name, location, accessModes = ['url'], public: isPublic = false } of named) {
        const isForAgents = accessModes.includes('url')
        add({ share, schema, name, location, isPublic, isForAgents })
      }
      for (const { location: within, accessModes = ['url'] } of skillFolders) {
        const survey = await finder.survey(within, signal).catch(() => undefined)
        const isForAgents = accessModes.includes('url')
        for (const { name, location } of survey?.skills ?? []) {
          add({ share, schema, name, location, within, isPublic: false, isForAgents })
        }
      }
    }
  }
  return { skills, hidden }
}
