import { isTableError, mapConcurrently } from '@spillway/core'
import type { SharesConfig } from '@spillway/server'
import { formatCount } from '../terminal/format-table.js'
import { agentSkill } from './agent-checks.js'
import { type Check, failed } from './check.js'
import { type InTimeOptions, inTime } from './in-time.js'
import type { Probe } from './probe.js'
import { sharedSkills } from './shared-skills.js'
import { hiddenSkillChecks, skillNameChecks } from './skill-name-checks.js'

/** A folder that is shared as one of skills, and where it stands. */
interface NamedSkillFolder {
  readonly share: string
  readonly schema: string
  readonly location: string
}

const MOST_NAMED = 5

/** What each folder of skills holds, and which folders in it are none. */
export async function skillFolderChecks(
  shares: SharesConfig,
  probe: Probe,
  time: InTimeOptions,
): Promise<readonly Check[]> {
  const checks: Check[] = []
  for (const folder of skillFoldersOf(shares)) {
    const name = `${folder.share}.${folder.schema} skills`
    try {
      const found = await inTime(signal => checkOf(folder, probe, signal), time)
      checks.push({ name, ok: true, ...found })
    } catch (error) {
      checks.push(failed(name, error))
    }
  }
  return checks
}

const LOOKED_AT_ONCE = 4

/** What keeps agents from skills that are shared as they must be: their size, and names that others have too. */
export async function agentSkillChecks(
  config: SharesConfig,
  probe: Probe,
  time: InTimeOptions,
): Promise<readonly Check[]> {
  const { store } = probe.spillway
  try {
    return await inTime(async signal => {
      const { skills, hidden } = await sharedSkills(config, probe, signal)
      const looked = await mapConcurrently(skills, LOOKED_AT_ONCE, skill =>
        agentSkill(skill, store, signal),
      )
      const found = looked.filter(each => each !== undefined)
      const large = found.flatMap(({ skill: { share, schema, name }, warnings }): Check[] =>
        warnings.map(detail => ({
          ...{ name: `${share}.${schema}.${name}`, ok: true, warning: true, detail },
        })),
      )
      const names = await skillNameChecks(found, { config, store, signal })
      return [...large, ...hiddenSkillChecks(hidden), ...names]
    }, time)
  } catch (error) {
    return [failed('skills for agents', error)]
  }
}

/** What anybody may read: a provider should know it by heart. */
export function publicSkillChecks({ shares = [] }: SharesConfig): readonly Check[] {
  const names = shares.flatMap(({ name: share, schemas = [] }) =>
    schemas.flatMap(({ name: schema, skills = [] }) =>
      skills.flatMap(({ name, public: isPublic }) =>
        isPublic === true ? [`${share}.${schema}.${name}`] : [],
      ),
    ),
  )
  if (names.length === 0) return []
  const detail = `anybody may read, without a token: ${names.join(', ')}`
  return [{ name: 'public', ok: true, warning: true, detail }]
}

function skillFoldersOf({ shares = [] }: SharesConfig): readonly NamedSkillFolder[] {
  return shares.flatMap(({ name: share, schemas = [] }) =>
    schemas.flatMap(({ name: schema, skillFolders = [] }) =>
      skillFolders.map(({ location }) => ({ share, schema, location })),
    ),
  )
}

async function checkOf(
  { location }: NamedSkillFolder,
  { skills }: Probe,
  signal: AbortSignal,
): Promise<Pick<Check, 'detail' | 'warning'>> {
  const survey = await skills.survey(location, signal)
  const found = `${location}: ${formatCount(survey.skills.length, 'skill')}`
  const { length } = survey.leftOut
  if (length === 0 && survey.skills.length > 0) return { detail: found }
  if (length === 0) return { detail: `${found}; is its location right?`, warning: true }
  const named = survey.leftOut.slice(0, MOST_NAMED).map(left => {
    const folder = left.location.slice(location.length) || 'all of it'
    return `${folder} (${isTableError(left.error) ? left.error.message : String(left.error)})`
  })
  const more = length > MOST_NAMED ? `, and ${length - MOST_NAMED} more` : ''
  return { detail: `${found}; left out: ${named.join(', ')}${more}`, warning: true }
}
