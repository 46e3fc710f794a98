import {
  type AssetName,
  type ErrorCode,
  isTableError,
  type ShareCatalog,
  type SharedSkill,
  type SkillContents,
  TableError,
} from '@spillway/core'
import { folderOfSkill } from '../access/shared-folder.js'
import { assetFilesOf } from '../assets/asked-folder.js'
import type { RequestContext } from '../requests/request-context.js'

/** Where a list of skills over all shares goes on: behind which share, and behind which skill of it. */
export interface SkillsPosition {
  readonly shares?: string | undefined
  readonly skills?: string | undefined
}

export interface SkillsPage {
  readonly skills: readonly SharedSkill[]
  readonly next?: SkillsPosition
}

/** Skills that whoever asks may read: a recipient what is granted, a stranger what is public. Those that are read by credentials alone are left out. */
export async function visibleSkills(
  context: RequestContext,
  from: SkillsPosition,
  maxResults: number,
): Promise<SkillsPage> {
  const page = await (context.isStranger ? publicPage : grantedPage)(context, from, maxResults)
  return { ...page, skills: page.skills.filter(isReadHere) }
}

export async function visibleSkill(
  { catalog: { assets }, recipient, isStranger, signal }: RequestContext,
  name: AssetName,
): Promise<SharedSkill | undefined> {
  const found = isStranger
    ? await assets?.publicSkill?.(name, signal)
    : await assets?.skill(recipient, name, signal)
  return found !== undefined && isReadHere(found) ? found : undefined
}

/** True where somebody without a token may read anything. */
export async function hasPublicSkills(
  { assets }: ShareCatalog,
  signal: AbortSignal,
): Promise<boolean> {
  const page = await assets?.listPublicSkills?.({ maxResults: 1 }, signal)
  return page !== undefined && page.items.length > 0
}

/** A skill whole, as it is now. */
export function skillContents(context: RequestContext, skill: SharedSkill): Promise<SkillContents> {
  const files = assetFilesOf(context)
  return files.skillContents(folderOfSkill(skill), skill.name, context.signal)
}

/** What its provider has to mend hides no other skill; storage that is not reached hides all of them. */
export function unlessBroken(error: unknown): undefined {
  if (isTableError(error) && BROKEN.includes(error.code)) return undefined
  throw error
}

const BROKEN: readonly ErrorCode[] = [
  'NOT_FOUND',
  'TABLE_CORRUPT',
  'UNSUPPORTED_FEATURE',
  'INVALID_REQUEST',
  'PERMISSION_DENIED',
  'CONFLICT',
]

/** Skills that are read at once, for one answer. */
export const READ_AT_ONCE = 4

function isReadHere({ accessModes = ['url'] }: SharedSkill): boolean {
  return accessModes.includes('url')
}

async function publicPage(
  { catalog, signal }: RequestContext,
  { skills: after }: SkillsPosition,
  maxResults: number,
): Promise<SkillsPage> {
  const found = await catalog.assets?.listPublicSkills?.(
    { maxResults, ...(after !== undefined && { after }) },
    signal,
  )
  const { items, next } = found ?? { items: [] }
  return { skills: items, ...(next !== undefined && { next: { skills: next } }) }
}

/** A page of one share; empty ones are passed over. */
async function grantedPage(
  { catalog, recipient, signal }: RequestContext,
  from: SkillsPosition,
  maxResults: number,
): Promise<SkillsPage> {
  const { assets } = catalog
  if (assets === undefined) return { skills: [] }
  let { shares: behind, skills: after } = from
  for (let i = 0; i < MAX_SHARES; i++) {
    const one = { maxResults: 1, ...(behind !== undefined && { after: behind }) }
    const shares = await catalog.listShares(recipient, one, signal)
    const share = shares.items[0]
    if (share === undefined) return { skills: [] }
    const page = { maxResults, ...(after !== undefined && { after }) }
    const found = await assets.listSkills(recipient, { share: share.name }, page, signal)
    const { items = [], next } = found ?? {}
    const here = next !== undefined && { shares: behind, skills: next }
    const position = here || (shares.next !== undefined && { shares: shares.next })
    if (items.length > 0 || !position) return { skills: items, ...(position && { next: position }) }
    behind = position.shares
    after = 'skills' in position ? position.skills : undefined
  }
  throw new TableError('UNSUPPORTED_FEATURE', `more than ${MAX_SHARES} shares without a skill`)
}

const MAX_SHARES = 10_000
