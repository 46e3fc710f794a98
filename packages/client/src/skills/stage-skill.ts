import { createHash, randomUUID } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  createManifest,
  findSkillFile,
  type Manifest,
  manifestDigest,
  readSkill,
  type SkillReading,
} from '@spillway/assets'
import { corrupt, type JsonValue, TableError } from '@spillway/core'
import { isObject } from '@spillway/protocol/wire'
import type { FolderName } from '../assets/asset-name.js'
import { diskError, type Folder } from '../download/disk/destination.js'
import { readOwn } from '../download/disk/own-file.js'
import { isRunning, type ProcessMark, thisProcess } from '../download/disk/this-process.js'
import { downloadAsset } from '../download/download-asset.js'
import type { DownloadProgress, DownloadResult } from '../download/download-options.js'
import { requireNoRepository, requireSkillSize } from './listed-skill.js'
import { plainEndpoint, sourceText } from './provider-of.js'
import type { LockedSkill, SkillProvider, SkillsOptions } from './skill-options.js'

/** A skill that was downloaded and looked at, and lies in no agent's way yet. */
export interface StagedSkill {
  /** The name of its folder in the folder of state. */
  readonly staging: string
  readonly locked: LockedSkill
  readonly reading: SkillReading
  readonly verified: boolean
}

const PREFIX = 'staging-'
export const STAGED_FILES = 'new'
const OWNER = 'owner'

/** Downloads a skill into a new folder below `state`. What is no skill is refused, and leaves nothing. */
export async function stageSkill(
  { provider, folder }: { readonly provider: SkillProvider; readonly folder: FolderName },
  state: string,
  options: Pick<SkillsOptions, 'onProgress' | 'signal'>,
): Promise<StagedSkill> {
  const staging = PREFIX + randomUUID()
  const at = join(state, staging)
  try {
    await mkdir(at).catch(error => {
      throw diskError(error, staging)
    })
    await writeFile(join(at, OWNER), JSON.stringify(thisProcess()))
    const result = await downloadWithin(provider, folder, {
      ...options,
      to: join(at, STAGED_FILES),
    })
    const found = await readStaged(join(at, STAGED_FILES), { folder, result })
    const locked: LockedSkill = {
      source: sourceText(folder),
      endpoint: plainEndpoint(provider.endpoint),
      digest: await manifestDigest(found.manifest, { newHasher: () => createHash('sha256') }),
      manifest: found.manifest,
      allowedTools: found.reading.skill.allowedTools || undefined,
    }
    const verified = result.files.every(file => file.verified || file.state === 'reserved')
    return { staging, locked, reading: found.reading, verified }
  } catch (error) {
    await rm(at, { recursive: true, force: true })
    throw error
  }
}

/** The size is looked at again as files are listed again: an endless skill ends here. */
async function downloadWithin(
  { client }: SkillProvider,
  { share, schema, name }: FolderName,
  { to, onProgress, signal: outer }: SkillsOptions,
): Promise<DownloadResult> {
  const stop = new AbortController()
  let refusal: unknown
  const watched = (progress: DownloadProgress) => {
    try {
      requireSkillSize(name, progress)
    } catch (error) {
      refusal = error
      stop.abort(error)
    }
    onProgress?.(progress)
  }
  const signal = outer === undefined ? stop.signal : AbortSignal.any([outer, stop.signal])
  try {
    return await downloadAsset(
      client,
      { share, schema, name },
      { to, kind: 'skill', onProgress: watched, signal },
    )
  } catch (error) {
    throw refusal ?? error
  }
}

async function readStaged(
  at: string,
  { folder, result }: { readonly folder: FolderName; readonly result: DownloadResult },
): Promise<{ readonly manifest: Manifest; readonly reading: SkillReading }> {
  const moving = result.files.find(({ state }) => state === 'changing' || state === 'gone')
  if (!result.complete || moving !== undefined) {
    throw new TableError(
      'CONFLICT',
      `the skill ${folder.name} never held still while it was downloaded: try again later`,
    )
  }
  const files = result.files.filter(({ state }) => state !== 'reserved')
  requireNoRepository(folder.name, files)
  const manifest = await createManifest(
    files.map(({ path, size, sha256 }) => ({ path, size, sha256: sha256! })),
  )
  const path = findSkillFile(files.map(file => file.path))
  if (path === undefined) {
    throw corrupt(`the skill ${folder.name}`, 'it has no SKILL.md', { path: 'SKILL.md' })
  }
  const reading = readSkill(await readFile(join(at, path)), { folder: folder.name, path })
  await keepOnly(at, new Set(manifest.entries.map(entry => entry.path)))
  const warnings = [...reading.warnings]
  if (path !== 'SKILL.md') {
    const message = `it is named ${path}: most agents look for SKILL.md alone`
    warnings.push({ field: 'file', message })
  }
  const left = result.files.length - files.length
  if (left > 0) {
    warnings.push({ field: 'file', message: `${left} are left out: downloads keep such names` })
  }
  return { manifest, reading: { ...reading, warnings } }
}

/** Takes away what a download kept for itself, and what it left of files that are gone: true where nothing is left. */
async function keepOnly(at: string, paths: ReadonlySet<string>, below = ''): Promise<boolean> {
  let isEmpty = true
  for (const entry of await readdir(join(at, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const isKept = entry.isDirectory() ? !(await keepOnly(at, paths, path)) : paths.has(path)
    if (isKept) isEmpty = false
    else await rm(join(at, path), { recursive: true })
  }
  return isEmpty
}

export async function removeStaged(state: Folder, staging: string): Promise<void> {
  await rm(state.place(staging), { recursive: true, force: true })
}

/** A day is longer than any skill takes. */
const LEFT_AFTER_MS = 24 * 3600 * 1000
const MAX_MARK_BYTES = 4096

/** What processes that ended have left. Of those that cannot be looked at, what is a day old. */
export async function removeAbandoned(state: Folder): Promise<void> {
  for (const name of await readdir(state.place('.'))) {
    if (!name.startsWith(PREFIX)) continue
    const owner = { path: `${state.path}/${name}/${OWNER}`, maxBytes: MAX_MARK_BYTES }
    const mark = await readOwn(join(state.place(name), OWNER), owner).catch(() => undefined)
    const text = mark?.toString('utf8') ?? ''
    const runs = isRunning(markOf(text), thisProcess())
    const touched = await lstat(state.place(name)).catch(() => undefined)
    const isOld = touched !== undefined && Date.now() - touched.mtimeMs > LEFT_AFTER_MS
    if (runs === false || (runs === undefined && isOld)) await removeStaged(state, name)
  }
}

function markOf(text: string): ProcessMark {
  const value = parsed(text)
  const found = isObject(value) ? value : {}
  const word = (name: string) => String(found[name] ?? '')
  return {
    pid: Number(found.pid),
    host: word('host'),
    boot: word('boot'),
    space: word('space'),
    started: word('started'),
  }
}

function parsed(text: string): JsonValue {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
