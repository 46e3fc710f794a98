import { isTableError } from '@spillway/core'
import type { SharesConfig } from '@spillway/server'
import { formatCount } from '../terminal/format-table.js'
import { type Check, failed } from './check.js'
import { type InTimeOptions, inTime } from './in-time.js'
import type { Probe } from './probe.js'

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
