import type { SharingClient } from '@spillway/client'
import {
  type InstalledSkill,
  type InstalledSkills,
  installedSkills,
  type ListedSkill,
  listSkill,
} from '@spillway/client/node'
import { isTableError, mapConcurrently, TableError } from '@spillway/core'
import type { WireSkill } from '@spillway/protocol/wire'
import { noSuch, tableName } from '../recipient/list-tables.js'
import { openProfile } from '../recipient/open-profile.js'
import { isWithin, parseSharePath } from '../recipient/share-path.js'
import { directClient, type StoreOptions } from '../recipient/store-options.js'
import { formatBytes, formatCount, formatFacts, printable } from '../terminal/format-table.js'
import { withProgress } from '../terminal/progress.js'
import { shownJson } from '../terminal/shown-json.js'
import { styleFor } from '../terminal/style.js'
import { type Terminal, writeLine } from '../terminal/terminal.js'
import { changesJson, skillFacts, strangerText } from './skill-lines.js'
import { type PlaceOptions, placeText, skillsFolder } from './skills-place.js'

export interface ListSkillsOptions extends PlaceOptions, StoreOptions {}

/** `spillway skills list [PROFILE[#share[.schema]]]`: false where an installed skill is not as it was installed. */
export async function listSkillsCommand(
  path: string | undefined,
  options: ListSkillsOptions,
  terminal: Terminal,
): Promise<boolean> {
  if (path === undefined) return listInstalled(options, terminal)
  if (options.to !== undefined || options.claude || options.global) {
    throw new TableError(
      'INVALID_REQUEST',
      'expected a profile, or the folder of installed skills, not both',
    )
  }
  const { profile, name } = parseSharePath(path)
  const { client: plain } = await openProfile(profile, terminal)
  const client = directClient(plain, options)
  const skills = await withProgress(terminal, 'listing skills', () =>
    sharedSkills(client, name, terminal.signal),
  )
  if (options.json) {
    await writeLine(terminal.stdout, shownJson({ skills: skills.map(sharedJson) }))
    return true
  }
  for (const skill of skills) {
    for (const line of sharedLines(skill, terminal)) await writeLine(terminal.stdout, line)
  }
  if (skills.length === 0) terminal.stderr.write('spillway: no skills are shared here yet\n')
  return true
}

interface SharedSkill {
  readonly skill: WireSkill
  /** Absent where its files cannot be listed. */
  readonly listed: ListedSkill | undefined
}

const LISTED_AT_ONCE = 4

async function sharedSkills(
  client: SharingClient,
  name: string,
  signal: AbortSignal,
): Promise<readonly SharedSkill[]> {
  const shares: string[] = []
  for await (const share of client.shares({ signal })) shares.push(share.name)
  const meant = shares.filter(share => isWithin(share, name) || isWithin(name, share))
  if (meant.length === 0 && name !== '') throw noSuch(name, shares)
  const found: WireSkill[] = []
  for (const share of meant.sort()) {
    for await (const skill of client.skills(share, { signal })) {
      if (isWithin(tableName(skill), name)) found.push(skill)
    }
  }
  found.sort((a, b) => (tableName(a) < tableName(b) ? -1 : 1))
  return mapConcurrently(found, LISTED_AT_ONCE, async skill => ({
    skill,
    listed: await listedOf(client, skill, signal),
  }))
}

/** One that cannot be listed, or is too large to be installed, hides none of the others. */
async function listedOf(
  client: SharingClient,
  { share, schema, name }: WireSkill,
  signal: AbortSignal,
): Promise<ListedSkill | undefined> {
  try {
    return await listSkill(client, { kind: 'skill', share, schema, name }, signal)
  } catch (error) {
    if (isTableError(error) && error.code !== 'CANCELLED') return undefined
    throw error
  }
}

function sharedLines({ skill, listed }: SharedSkill, terminal: Terminal): readonly string[] {
  const style = styleFor(terminal.stdout, terminal.environment)
  const size =
    listed === undefined
      ? 'its files cannot be listed'
      : `${formatCount(listed.files, 'file')}, ${formatBytes(listed.bytes)}`
  const facts = [
    ...skillFacts(skill),
    ...(skill.allowedTools ? [['asks for', strangerText(skill.allowedTools)] as const] : []),
    ['digest', listed?.digest ?? 'not stated: it is known once it is installed'],
  ] as const
  return [
    `${style.bold(strangerText(tableName(skill)))}  ${style.dim(size)}`,
    ...formatFacts(facts, style).map(line => `  ${line}`),
  ]
}

function sharedJson({ skill, listed }: SharedSkill) {
  const { share, schema, name, description, license, compatibility, allowedTools } = skill
  const facts = { share, schema, name, description, license, compatibility, allowedTools }
  return { ...facts, digest: listed?.digest, files: listed?.files, bytes: listed?.bytes }
}

async function listInstalled(options: PlaceOptions, terminal: Terminal): Promise<boolean> {
  const to = skillsFolder(options, terminal)
  const installed = await installedSkills({ to, signal: terminal.signal })
  const ok = installed.skills.every(({ state }) => state === 'same')
  if (options.json) {
    await writeLine(terminal.stdout, shownJson(installedJson(to, installed)))
    return ok
  }
  for (const skill of installed.skills) {
    for (const line of installedLines(skill, terminal)) await writeLine(terminal.stdout, line)
  }
  for (const name of installed.others) {
    await writeLine(terminal.stdout, `${strangerText(name)}  not installed by spillway`)
  }
  if (installed.skills.length + installed.others.length === 0) {
    terminal.stderr.write(`spillway: no skills lie in ${placeText(to, terminal)} yet\n`)
  }
  return ok
}

function installedLines(installed: InstalledSkill, terminal: Terminal): readonly string[] {
  const style = styleFor(terminal.stdout, terminal.environment)
  const { name, path, state, source, endpoint, digest, changes } = installed
  const words = { same: 'as installed', changed: 'CHANGED SINCE', missing: 'MISSING' }
  const told = state === 'same' ? style.dim(words[state]) : style.yellow(words[state])
  const facts = [
    ['source', `${printable(source)} of ${printable(endpoint)}`],
    ...skillFacts(installed.skill).slice(0, 1),
    ['digest', digest],
    ...(['added', 'changed', 'removed'] as const)
      .filter(kind => changes[kind].length > 0)
      .map(kind => [kind, changes[kind].map(printable).join(', ')] as const),
  ] as const
  return [
    `${style.bold(printable(name))} in ${placeText(path, terminal)}  ${told}`,
    ...formatFacts(facts, style).map(line => `  ${line}`),
  ]
}

function installedJson(to: string, { skills, others }: InstalledSkills) {
  return {
    folder: to,
    skills: skills.map(({ name, state, path, source, endpoint, digest, changes, ...skill }) => ({
      ...{ name, state, path, source, endpoint, digest },
      description: skill.skill?.description,
      allowedTools: skill.allowedTools,
      changes: changesJson(changes),
    })),
    others: [...others],
  }
}
