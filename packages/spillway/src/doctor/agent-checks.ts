import { createHash } from 'node:crypto'
import { findSkillFile, readSkill, skillSizeWarnings } from '@spillway/assets'
import {
  fencedStore,
  isTableError,
  mapConcurrently,
  type ObjectMeta,
  type ObjectStore,
  readListed,
} from '@spillway/core'
import { formatBytes, formatCount } from '../terminal/format-table.js'
import type { SharedSkillAt } from './shared-skills.js'

/** What every host of agents takes of one skill (SEP-2640, "Limits"). */
const MAX_FILES = 512
const MAX_BYTES = 16 * 1024 ** 2
/** Of one file in an answer over MCP. */
const MAX_FILE_BYTES = 4 * 1024 ** 2
const READ_AT_ONCE = 8

/** A skill as agents are given it. */
export interface AgentSkill {
  readonly skill: SharedSkillAt
  /** A sentence each: what keeps agents from it, or slows them. */
  readonly warnings: readonly string[]
  /** The files of one that is small enough for the lists of agents. */
  readonly files?: readonly ObjectMeta[]
}

/** Looks at the size of a skill; undefined where it cannot be read, which other checks tell. */
export async function agentSkill(
  skill: SharedSkillAt,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<AgentSkill | undefined> {
  try {
    return await lookedAt(skill, fenced(store, skill), signal)
  } catch (error) {
    if (!isTableError(error) || signal.aborted) throw error
    return undefined
  }
}

async function lookedAt(
  skill: SharedSkillAt,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<AgentSkill> {
  const { location } = skill
  const files: ObjectMeta[] = []
  let bytes = 0
  for await (const file of store.list(location, { signal, onLeftOut: () => undefined })) {
    if (file.path.endsWith('/') || file.path.startsWith(`${location}.spillway/`)) continue
    files.push(file)
    bytes += file.size
    if (files.length > MAX_FILES || bytes > MAX_BYTES) break
  }
  const isTooLarge = files.length > MAX_FILES || bytes > MAX_BYTES
  const large = files.filter(({ size }) => size > MAX_FILE_BYTES)
  const warnings = [
    ...(isTooLarge
      ? [
          `it has more than ${formatCount(MAX_FILES, 'file')} or ${formatBytes(MAX_BYTES)}: neither the well-known index nor MCP tell agents of it`,
        ]
      : large.map(
          ({ path, size }) =>
            `${JSON.stringify(path.slice(location.length))} has ${formatBytes(size)}, and over MCP at most ${formatBytes(MAX_FILE_BYTES)} of a file are sent`,
        )),
    ...(await bodyWarnings(store, { location, files, signal })),
  ]
  return { skill, warnings, ...(!isTooLarge && { files }) }
}

async function bodyWarnings(
  store: ObjectStore,
  {
    location,
    files,
    signal,
  }: {
    readonly location: string
    readonly files: readonly ObjectMeta[]
    readonly signal: AbortSignal
  },
): Promise<readonly string[]> {
  const name = findSkillFile(files.map(({ path }) => path.slice(location.length)))
  const file = files.find(({ path }) => path === location + name)
  const bytes = file && (await readListed(store, file, { signal }))
  if (bytes === undefined) return []
  return skillSizeWarnings(readSkill(bytes).skill).map(
    ({ message }) => `the body of its ${name}: ${message}`,
  )
}

/** Names the bytes of all files of a skill; undefined where they cannot be read now. */
export async function contentOf(
  { skill, files = [] }: AgentSkill,
  store: ObjectStore,
  signal: AbortSignal,
): Promise<string | undefined> {
  const inside = fenced(store, skill)
  try {
    const digests = await mapConcurrently(files, READ_AT_ONCE, async file => {
      const bytes = await readListed(inside, file, { signal })
      const sha256 = createHash('sha256')
        .update(bytes ?? '')
        .digest('hex')
      return [file.path.slice(skill.location.length), sha256]
    })
    return createHash('sha256').update(JSON.stringify(digests)).digest('hex')
  } catch (error) {
    if (!isTableError(error) || signal.aborted) throw error
    return undefined
  }
}

function fenced(store: ObjectStore, { location, within }: SharedSkillAt): ObjectStore {
  const own = within === undefined ? store : fencedStore(store, { location: within })
  return fencedStore(own, { location })
}
