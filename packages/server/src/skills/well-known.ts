import { type WellKnownIndex, wellKnownIndex } from '@spillway/assets'
import { mapConcurrently, type SharedSkill, type SkillContents, TableError } from '@spillway/core'
import { validatedResponse } from '../http/validated.js'
import type { RequestContext } from '../requests/request-context.js'
import {
  READ_AT_ONCE,
  type SkillsPosition,
  skillContents,
  unlessBroken,
  visibleSkills,
} from './visible-skills.js'

/** An index has no pages. */
const MAX_SKILLS = 5000
const PAGE = 500

/** GET /.well-known/agent-skills/index.json, 0.2.0: the skills that whoever asks may read, each as one artifact. */
export async function skillsIndex(context: RequestContext): Promise<Response> {
  const skills = await allSkills(context)
  const found = await mapConcurrently(skills, READ_AT_ONCE, async skill => {
    const contents = await skillContents(context, skill).catch(unlessBroken)
    return contents && { skill, contents }
  })
  const index = indexOf(found.filter(each => each !== undefined))
  context.record.filesReturned = index.skills.length
  const response = validatedResponse(context.request, {
    $schema: index.$schema,
    skills: index.skills.map(each => ({ ...each })),
  })
  return forWhoever(context, response)
}

/** What strangers are answered is everybody's; what a token opens is its holder's alone. */
export function forWhoever({ isStranger }: RequestContext, response: Response): Response {
  response.headers.set('cache-control', isStranger ? 'public, no-cache' : 'private, no-cache')
  response.headers.append('vary', 'authorization')
  return response
}

async function allSkills(context: RequestContext): Promise<readonly SharedSkill[]> {
  const skills: SharedSkill[] = []
  let from: SkillsPosition | undefined = {}
  while (from !== undefined) {
    const page = await visibleSkills(context, from, PAGE)
    skills.push(...page.skills)
    if (skills.length > MAX_SKILLS) throw tooMany()
    from = page.next
  }
  return skills
}

interface Found {
  readonly skill: SharedSkill
  readonly contents: SkillContents
}

/** Installers know skills by name alone: where two have one name and are not the same bytes, neither takes the other's place. */
function indexOf(found: readonly Found[]): WellKnownIndex {
  const byName = new Map<string, Found[]>()
  for (const each of found) {
    const { name } = each.skill
    const same = byName.get(name) ?? []
    same.push(each)
    byName.set(name, same)
  }
  const unique = [...byName.values()].flatMap(([first, ...others]) => {
    const { sha256 } = first!.contents.artifact
    const isOne = others.every(({ contents }) => contents.artifact.sha256 === sha256)
    return isOne ? [first!] : []
  })
  return wellKnownIndex(
    unique.map(({ skill, contents: { facts, artifact } }) => ({
      skill: { name: skill.name, description: facts.description },
      type: artifact.type,
      url: artifactUrl(skill, artifact.type),
      digest: `sha256:${artifact.sha256}`,
    })),
  )
}

/** Relative to the index: it holds wherever a server is mounted, and whatever stands in front of it. */
function artifactUrl({ share, schema, name }: SharedSkill, type: 'skill-md' | 'archive'): string {
  const file = type === 'skill-md' ? 'SKILL.md' : 'skill.tar.gz'
  // A first segment with a colon would be a scheme; one of dots is a step.
  return `./${[share, schema, name, file].map(encodeURIComponent).join('/')}`
}

function tooMany(): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `more than ${MAX_SKILLS} skills in one index: ask for those of a share, a page at a time`,
    { context: { feature: 'skills of an index' } },
  )
}
