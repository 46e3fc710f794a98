import { createHash } from 'node:crypto'
import { createManifest, type Manifest, manifestDigest } from '@spillway/assets'
import { isTableError, TableError } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { AssetClient } from '../assets/asset-client.js'
import type { FolderName } from '../assets/asset-name.js'
import { digestedFiles } from '../assets/folder-listing.js'
import { isUnknownPath } from '../assets/unknown-path.js'
import { isReserved } from '../download/disk/reserved-names.js'
import { shownName } from './skill-name.js'

/** What a provider says of the files of a skill, before any is fetched. */
export interface ListedSkill {
  readonly files: number
  readonly bytes: number
  /** Where the provider states the digest of every file. */
  readonly manifest?: Manifest | undefined
  readonly digest?: string | undefined
}

const MAX_FILES = 10_000
const MAX_BYTES = 256 * 1024 * 1024
const LISTINGS = 3

/** `listSkill` of the package's entry, which says what it does. */
export async function listSkill(
  client: AssetClient,
  folder: FolderName,
  signal?: AbortSignal,
): Promise<ListedSkill | undefined> {
  for (let attempts = 1; ; attempts++) {
    try {
      const listed = await filesOf(client, folder, signal)
      return listed && (await skillOf(folder.name, listed))
    } catch (error) {
      const isOther = isTableError(error) && error.code === 'CONFLICT'
      if (!isOther || attempts >= LISTINGS) throw error
    }
  }
}

interface SkillFiles {
  readonly files: readonly WireAssetFile[]
  readonly bytes: number
}

/** Undefined of a server that lists none. One that has begun to does: what ends its list then is an error. */
async function filesOf(
  client: AssetClient,
  folder: FolderName,
  signal: AbortSignal | undefined,
): Promise<SkillFiles | undefined> {
  const files: WireAssetFile[] = []
  let bytes = 0
  let hasBegun = false
  try {
    for await (const page of client.files(folder, { signal })) {
      hasBegun = true
      for (const file of page.files) {
        if (isReserved(file.path)) continue
        files.push(file)
        bytes += file.size
        requireSkillSize(folder.name, { files: files.length, bytes })
      }
    }
  } catch (error) {
    if (hasBegun || !isUnknownPath(error)) throw error
    return undefined
  }
  return { files, bytes }
}

async function skillOf(name: string, { files, bytes }: SkillFiles): Promise<ListedSkill> {
  requireNoRepository(name, files)
  const entries = digestedFiles(files)
  if (entries.length < files.length) return { files: files.length, bytes }
  const manifest = await createManifest(entries)
  const digest = await manifestDigest(manifest, { newHasher: () => createHash('sha256') })
  return { files: files.length, bytes, manifest, digest }
}

/** Skills are texts and some scripts: what is larger is a volume. */
export function requireSkillSize(
  name: string,
  { files, bytes }: { readonly files: number; readonly bytes: number },
): void {
  if (files <= MAX_FILES && bytes <= MAX_BYTES) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the skill ${shownName(name)} has more than ${MAX_FILES} files or ${MAX_BYTES} bytes: expected what an agent may read; spillway download takes it as a folder`,
  )
}

/** Git runs what the configuration of a repository names, also for who only looks into its folder. */
export function requireNoRepository(
  name: string,
  files: readonly { readonly path: string }[],
): void {
  const found = files.find(({ path }) => /(?:^|\/)(?:\.git|git~\d+)(?:\/|$)/i.test(path))
  if (found === undefined) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the skill ${shownName(name)} holds ${shownName(found.path)}, a part of a Git repository, whose configuration runs commands: the provider has to share it without`,
    { context: { path: shownName(found.path) } },
  )
}
