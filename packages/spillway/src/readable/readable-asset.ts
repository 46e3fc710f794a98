import { readSkill } from '@spillway/assets'
import type { FolderName } from '@spillway/client'
import { fencedStore, isTableError, type ObjectStore, readListed, TableError } from '@spillway/core'
import type { ServeConfig } from '../configuration/config.js'
import { type InTimeOptions, inTime } from '../doctor/in-time.js'
import { openProbe, type Probe, withoutServer } from '../doctor/probe.js'
import { refuseUnreached } from './reached-store.js'

/** What was found of a volume, a skill or a version of a model. */
export interface ReadableAsset {
  readonly files: number
  readonly bytes: number
  /** There are more of both. */
  readonly more: boolean
  /** What of it recipients do not get, and why. */
  readonly leftOut: readonly string[]
}

interface AddedFolder {
  readonly folder: FolderName
  /** With its last slash. */
  readonly location: string
  /** True where the server neither lists nor signs its files: they are counted by nobody. */
  readonly isByCredentials: boolean
}

/** Files that are looked at: enough to find out whether there are any, and can be read. */
const MOST_FILES = 1000

/**
 * Reads what was added as the server of this configuration and a recipient of it would: its list of files, the front matter of a
 * skill, and a byte of one file. `NOT_FOUND` where no file lies there.
 */
export async function readableAsset(
  config: ServeConfig,
  { folder, location, isByCredentials }: AddedFolder,
  time: InTimeOptions,
): Promise<ReadableAsset> {
  refuseUnreached(location, config)
  return withProbe(config, time, async (probe, signal) => {
    await requireFile(probe.spillway.store, location, signal)
    if (folder.kind === 'skill') await probe.client.skill(folder, signal)
    const found = isByCredentials ? undefined : await readFolder(probe, folder, signal)
    return { ...(found ?? { files: 0, bytes: 0, more: true }), leftOut: leftOutOf(probe) }
  })
}

/** What was found of a model in a registry: its versions that are ready, and the files of the newest. */
export async function readableModel(
  config: ServeConfig,
  name: Omit<FolderName & { readonly kind: 'model' }, 'version' | 'kind'>,
  time: InTimeOptions,
): Promise<ReadableAsset & { readonly versions: number }> {
  return withProbe(config, time, async (probe, signal) => {
    const versions: number[] = []
    for await (const { version } of probe.client.modelVersions(name, { signal })) {
      versions.push(version)
    }
    if (versions.length === 0) {
      const message = `the registry has no version of model ${name.name} that is ready and may be shared`
      throw new TableError('NOT_FOUND', message)
    }
    const folder = { ...name, kind: 'model', version: Math.max(...versions) } as const
    const found = await readFolder(probe, folder, signal)
    return { ...found, versions: versions.length, leftOut: leftOutOf(probe) }
  })
}

/** What was found in a folder of skills. `NOT_FOUND` where none of its folders is one. */
export async function readableSkills(
  config: ServeConfig,
  location: string,
  time: InTimeOptions,
): Promise<{ readonly skills: number; readonly leftOut: readonly string[] }> {
  refuseUnreached(location, config)
  return withProbe(config, time, async ({ skills }, signal) => {
    const survey = await skills.survey(location, signal)
    const leftOut = survey.leftOut.map(each => {
      const reason = isTableError(each.error) ? each.error.message : String(each.error)
      return `${each.location.slice(location.length) || 'all of it'}: ${reason}`
    })
    if (survey.skills.length > 0) return { skills: survey.skills.length, leftOut }
    const [first] = leftOut
    const why = first === undefined ? '' : `; ${first}`
    throw new TableError('NOT_FOUND', `no skill was found in the folder${why}`, {
      context: { location },
    })
  })
}

/** The name that the front matter in a folder says, which nothing of the configuration has to share yet; undefined where it says none. */
export async function nameInSkill(
  config: ServeConfig,
  location: string,
  time: InTimeOptions,
): Promise<string | undefined> {
  refuseUnreached(location, config)
  const reading = { ...config, localRoots: [...config.localRoots, location] }
  return withProbe(reading, time, async ({ spillway }, signal) => {
    const store = fencedStore(spillway.store, { location })
    for (const file of ['SKILL.md', 'skill.md']) {
      const meta = await store.head(location + file, signal)
      if (meta === undefined || meta.size > MOST_SKILL_BYTES) continue
      const bytes = await readListed(store, meta, { signal })
      if (bytes === undefined) continue
      try {
        return readSkill(bytes).skill.name
      } catch (error) {
        // What is wrong with it is told when it is read as a recipient does.
        if (!isTableError(error)) throw error
      }
    }
    return undefined
  })
}

const MOST_SKILL_BYTES = 4 * 1024 ** 2

async function withProbe<Result>(
  config: ServeConfig,
  time: InTimeOptions,
  work: (probe: Probe, signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const probe = openProbe(config)
  try {
    return await inTime(signal => work(probe, signal), time)
  } catch (error) {
    throw withoutServer(error)
  } finally {
    await probe.close()
  }
}

/** By the store itself, whose refusal says more than the server tells recipients. */
async function requireFile(
  store: ObjectStore,
  location: string,
  signal: AbortSignal,
): Promise<void> {
  const onLeftOut = () => undefined
  const files = fencedStore(store, { location }).list(location, { signal, onLeftOut })
  for await (const { path } of files) if (!path.endsWith('/')) return
  throw new TableError('NOT_FOUND', 'no files were found', { context: { location } })
}

async function readFolder(
  { client, byteAt }: Probe,
  folder: FolderName,
  signal: AbortSignal,
): Promise<Omit<ReadableAsset, 'leftOut'>> {
  for await (const page of client.files(folder, { maxResults: MOST_FILES, signal })) {
    const { files, nextPageToken } = page
    const first = files.find(({ size }) => size > 0)
    if (first !== undefined) {
      const [signed] = await client.fileUrls(folder, [first.path], { signal })
      await byteAt(signed!.url, signal)
    }
    return {
      files: files.length,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
      more: nextPageToken !== undefined,
    }
  }
  return { files: 0, bytes: 0, more: false }
}

function leftOutOf({ told }: Probe): readonly string[] {
  return told.map(({ message }) => message)
}
