import { diffManifests } from '@spillway/assets'
import { TableError } from '@spillway/core'
import { parseAssetName, type VersionedName } from '../assets/asset-name.js'
import { toolsAdded } from './allowed-tools.js'
import { listSkill } from './listed-skill.js'
import { compareLocal, isEdited, localState } from './local-skill.js'
import { placeSkill, recover } from './place-skill.js'
import { plainEndpoint, sourceText } from './provider-of.js'
import { type ExpectedSkill, refuseEdited, refuseForeign, requireDigest } from './refusals.js'
import { requireSkillName, shownName } from './skill-name.js'
import type {
  FileChanges,
  InstalledSkill,
  InstallSkillOptions,
  LockedSkill,
  SkillOutcome,
  SkillProvider,
} from './skill-options.js'
import { SkillsFolder } from './skills-folder.js'
import type { SkillsLock } from './skills-lock.js'
import { removeStaged, type StagedSkill, stageSkill } from './stage-skill.js'

/** `installSkill` of the package's entry, which says what it does. */
export async function installSkill(
  provider: SkillProvider,
  name: string | VersionedName,
  options: InstallSkillOptions,
): Promise<SkillOutcome> {
  // What it has is compared here, also where the provider states no digests.
  const { version, digest, ...asked } = typeof name === 'string' ? parseAssetName(name) : name
  const expected = version ?? digest ?? options.digest
  if (expected !== undefined) requireDigestText(expected)
  const { folder } = await provider.client.asset(asked, { kind: 'skill', signal: options.signal })
  requireSkillName(folder.name)
  const skills = (await SkillsFolder.open(options.to, { create: true }))!
  try {
    return await installInto(skills, { provider, folder, expected, options })
  } finally {
    await skills.close()
  }
}

export interface Installation extends ExpectedSkill {
  readonly provider: SkillProvider
  readonly options: InstallSkillOptions
}

export async function installInto(
  skills: SkillsFolder,
  installation: Installation,
): Promise<SkillOutcome> {
  const { signal } = installation.options
  await skills.exclusively(state => recover(skills, state), signal)
  const same = await unchangedByListing(skills, installation)
  if (same !== undefined) return same
  const staged = await stageSkill(installation, skills.statePath(''), installation.options)
  let isPlaced = false
  try {
    await requireDigest(installation, staged.locked.manifest)
    return await skills.exclusively(async state => {
      await recover(skills, state)
      const { name } = installation.folder
      const local = await requirePlace(skills, installation)
      if (local?.state === 'same' && local.digest === staged.locked.digest) {
        return unchanged(local, staged.verified)
      }
      await placeSkill(skills, state, { name, staging: staged.staging, locked: staged.locked })
      isPlaced = true
      return outcomeOf(skills, { name, staged, before: local })
    }, signal)
  } finally {
    if (!isPlaced) await discard(skills, staged)
  }
}

/** The skill as it is installed, where the provider says that it has the same: nothing is fetched for that. */
export async function unchangedByListing(
  skills: SkillsFolder,
  installation: Installation,
): Promise<SkillOutcome | undefined> {
  const { provider, folder, options } = installation
  const local = await requirePlace(skills, installation)
  const listed = await listSkill(provider.client, folder, options.signal)
  if (listed?.manifest === undefined) return undefined
  await requireDigest(installation, listed.manifest)
  return local?.state === 'same' && local.digest === listed.digest
    ? unchanged(local, true)
    : undefined
}

async function discard(skills: SkillsFolder, { staging }: StagedSkill): Promise<void> {
  const state = await skills.stateIfThere()
  if (state === undefined) return
  await removeStaged(state, staging)
  await state.release()
}

/** The skill as the lock and its folder have it, where that is ours to be written; undefined where there is none yet. */
async function requirePlace(
  skills: SkillsFolder,
  { provider, folder, options }: Installation,
): Promise<InstalledSkill | undefined> {
  const { name } = folder
  const lock: SkillsLock = await skills.readLock()
  await skills.refuseTwin(name, lock)
  const locked = lock.get(name)
  if (locked === undefined) {
    if ((await localState(skills, name)) !== 'absent') throw refuseForeign(skills.pathOf(name))
    return undefined
  }
  const [source, endpoint] = [sourceText(folder), plainEndpoint(provider.endpoint)]
  if (locked.source !== source || locked.endpoint !== endpoint) {
    throw new TableError(
      'CONFLICT',
      `${shownName(name)} is installed as ${locked.source} of ${locked.endpoint}: remove it first, or choose another folder for ${source} of ${endpoint}`,
    )
  }
  const local = await compareLocal(skills, name, locked)
  if (isEdited(local) && !options.force) throw refuseEdited(local)
  return local
}

export function unchanged(local: InstalledSkill, verified: boolean): SkillOutcome {
  return { ...local, state: 'unchanged', verified, changes: NONE, toolsAdded: [], warnings: [] }
}

const NONE: FileChanges = { added: [], changed: [], removed: [] }

export async function outcomeOf(
  skills: SkillsFolder,
  {
    name,
    staged: { locked, reading, verified },
    before,
  }: {
    readonly name: string
    readonly staged: StagedSkill
    readonly before: LockedSkill | undefined
  },
): Promise<SkillOutcome> {
  const changes = before === undefined ? NONE : await changesBetween(before, locked)
  const isSame = before?.digest === locked.digest
  return {
    ...locked,
    name,
    path: skills.pathOf(name),
    state: before === undefined ? 'installed' : isSame ? 'restored' : 'updated',
    verified,
    changes,
    toolsAdded: before === undefined ? [] : toolsAdded(before.allowedTools, locked.allowedTools),
    skill: reading.skill,
    warnings: reading.warnings,
  }
}

async function changesBetween(before: LockedSkill, now: LockedSkill): Promise<FileChanges> {
  const { added, changed, removed } = await diffManifests(before.manifest, now.manifest)
  return {
    added: added.map(({ path }) => path),
    changed: changed.map(({ to }) => to.path),
    removed: removed.map(({ path }) => path),
  }
}

function requireDigestText(digest: string): void {
  if (/^sha256:[0-9a-f]{64}$/.test(digest)) return
  throw new TableError(
    'INVALID_REQUEST',
    `expected @sha256: and 64 hexadecimal digits behind the name of a skill, found ${shownName(digest)}`,
  )
}
