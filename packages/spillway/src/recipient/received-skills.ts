import { createHash } from 'node:crypto'
import { createManifest, readSkill } from '@spillway/assets'
import type { FolderName, SharingClient } from '@spillway/client'
import {
  type AssetName,
  isTableError,
  mapConcurrently,
  type ServedSkill,
  type ServedSkills,
  TableError,
} from '@spillway/core'

/** What every host of agents takes of one skill (SEP-2640, "Limits"). */
const MAX_FILES = 512
const MAX_BYTES = 16 * 1024 ** 2
/** Of a file in one answer. */
const MAX_FILE_BYTES = 4 * 1024 ** 2
const FETCHED_AT_ONCE = 4

interface Kept {
  readonly snapshotId: string
  readonly skill: ServedSkill
}

/** The skills that a profile opens, for an agent of its holder; what is no skill for agents is left out, and told. */
export function receivedSkills(
  client: SharingClient,
  { signal, onLeftOut }: { readonly signal: AbortSignal; readonly onLeftOut: LeftOutSkill },
): ServedSkills {
  const kept = new Map<string, Kept>()
  const get = async (name: AssetName) => {
    const key = JSON.stringify([name.share, name.schema, name.name])
    const { snapshotId, files } = await filesOf(client, folderOf(name), signal)
    const known = kept.get(key)
    if (known?.snapshotId === snapshotId) return known.skill
    const skill = await readWhole(client, { name, files, signal })
    kept.set(key, { snapshotId, skill })
    return skill
  }
  return {
    async list() {
      const names: AssetName[] = []
      for await (const { name: share } of client.shares({ signal })) {
        for await (const { schema, name } of client.skills(share, { signal })) {
          names.push({ share, schema, name })
        }
      }
      const skills: ServedSkill[] = []
      for (const name of names) {
        try {
          skills.push(await get(name))
        } catch (error) {
          if (!isTableError(error) || error.retryable || signal.aborted) throw error
          onLeftOut(name, error)
        }
      }
      return { skills }
    },
    get: name => get(name).catch(unlessMissing),
    async read(name, path) {
      const skill = await get(name).catch(unlessMissing)
      const file = skill?.files.find(each => each.path === path)
      if (file === undefined) return undefined
      if (file.size > MAX_FILE_BYTES) {
        const asset = `${name.share}.${name.schema}.${name.name}`
        throw refused(
          `${JSON.stringify(path)} has ${file.size} bytes, and at most ${MAX_FILE_BYTES} are sent here: spillway download PROFILE#${asset} --to DIR fetches it`,
        )
      }
      return client.fetchFile(folderOf(name), path, { maxBytes: MAX_FILE_BYTES, signal })
    },
  }
}

type LeftOutSkill = (name: AssetName, error: TableError) => void

function folderOf({ share, schema, name }: AssetName): FolderName {
  return { share, schema, name, kind: 'skill' }
}

function unlessMissing(error: unknown): undefined {
  if (isTableError(error) && error.code === 'NOT_FOUND') return undefined
  throw error
}

async function filesOf(
  client: SharingClient,
  folder: FolderName,
  signal: AbortSignal,
): Promise<{
  readonly snapshotId: string
  readonly files: readonly { readonly path: string; readonly size: number }[]
}> {
  const files: { readonly path: string; readonly size: number }[] = []
  let [bytes, snapshot] = [0, '']
  for await (const page of client.files(folder, { signal })) {
    snapshot = page.snapshotId
    for (const file of page.files) {
      files.push(file)
      bytes += file.size
    }
    if (files.length > MAX_FILES || bytes > MAX_BYTES) {
      throw refused(
        `the skill ${folder.name} has more than ${MAX_FILES} files or ${MAX_BYTES} bytes, which is what agents take`,
      )
    }
  }
  return { snapshotId: snapshot, files }
}

/** Fetched whole once for each listing, as agents are told the digest of every file. */
async function readWhole(
  client: SharingClient,
  {
    name,
    files,
    signal,
  }: {
    readonly name: AssetName
    readonly files: readonly { readonly path: string }[]
    readonly signal: AbortSignal
  },
): Promise<ServedSkill> {
  const folder = folderOf(name)
  const fetched = await mapConcurrently(files, FETCHED_AT_ONCE, async ({ path }) => {
    const bytes = await client.fetchFile(folder, path, { maxBytes: MAX_BYTES, signal })
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return { path, size: bytes.length, sha256, bytes }
  })
  const main = fetched.find(({ path }) => path === 'SKILL.md')
  if (main === undefined) throw refused(`the skill ${name.name} has no SKILL.md`)
  const { skill } = readSkill(main.bytes, { folder: name.name })
  const { entries } = await createManifest(fetched)
  return { ...name, frontMatter: skill.frontMatter, files: entries }
}

function refused(message: string): TableError {
  return new TableError('UNSUPPORTED_FEATURE', message)
}
