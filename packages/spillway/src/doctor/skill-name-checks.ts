import type { ObjectStore } from '@spillway/core'
import type { SharesConfig } from '@spillway/server'
import { listed } from '../edit/shared-kinds.js'
import { type AgentSkill, contentOf } from './agent-checks.js'
import type { Check } from './check.js'
import type { HiddenSkill, SharedSkillAt } from './shared-skills.js'

/** Skills that stand behind another of their name in one schema: nobody is told of them. */
export function hiddenSkillChecks(hidden: readonly HiddenSkill[]): readonly Check[] {
  return hidden.map(({ skill, by }) => ({
    name: fullName(skill),
    ok: true,
    warning: true,
    detail: `the skill at ${skill.location} is shared with nobody: the one at ${by.location} has its name and stands before it`,
  }))
}

/**
 * Skills of one name and other bytes that somebody is granted together: installers know skills by name alone, so that the
 * well-known index has neither, and over MCP share and schema alone tell them apart.
 */
export async function skillNameChecks(
  skills: readonly AgentSkill[],
  { config, store, signal }: Around,
): Promise<readonly Check[]> {
  const byName = new Map<string, AgentSkill[]>()
  for (const each of skills) {
    if (!each.skill.isForAgents || each.files === undefined) continue
    const same = byName.get(each.skill.name) ?? []
    byName.set(each.skill.name, [...same, each])
  }
  const checks: Check[] = []
  const audiences = audiencesOf(config)
  for (const [name, same] of byName) {
    const meeting = audiences.filter(({ sees }) => same.filter(each => sees(each.skill)).length > 1)
    if (meeting.length === 0) continue
    const contents = new Map<AgentSkill, string | undefined>()
    for (const each of same) contents.set(each, await contentOf(each, store, signal))
    const isTorn = ({ sees }: Audience) =>
      new Set(same.filter(each => sees(each.skill)).map(each => contents.get(each))).size > 1
    const torn = meeting.filter(isTorn)
    if (torn.length === 0) continue
    const names = same.map(({ skill }) => fullName(skill))
    checks.push({
      name: 'names',
      ok: true,
      warning: true,
      detail: `${listed(names)} are skills of one name and not the same: for ${listed(torn.map(({ who }) => who))} the well-known index has no ${name}, and over MCP share and schema alone tell them apart`,
    })
  }
  return checks
}

interface Around {
  readonly config: SharesConfig
  readonly store: ObjectStore
  readonly signal: AbortSignal
}

interface Audience {
  readonly who: string
  sees(skill: SharedSkillAt): boolean
}

/** Every recipient, by what is granted; and everybody, who is told what is public. */
function audiencesOf({ recipients = [] }: SharesConfig): readonly Audience[] {
  return [
    ...recipients.map(({ name, shares = [] }): Audience => {
      const granted = new Set(shares.map(each => each.toLowerCase()))
      const sees = ({ share }: SharedSkillAt) =>
        granted.has('*') || granted.has(share.toLowerCase())
      return { who: name, sees }
    }),
    { who: 'whoever has no token', sees: ({ isPublic }) => isPublic },
  ]
}

function fullName({ share, schema, name }: SharedSkillAt): string {
  return `${share}.${schema}.${name}`
}
