import type { FolderName, SharingClient } from '@spillway/client'
import { type AssetKind, mapConcurrently } from '@spillway/core'
import type { SharesConfig } from '@spillway/server'
import { formatBytes, formatCount } from '../terminal/format-table.js'
import { type Check, failed } from './check.js'
import { type InTimeOptions, inTime } from './in-time.js'
import { type Probe, withoutServer } from './probe.js'

interface NamedAsset {
  readonly kind: AssetKind
  readonly share: string
  readonly schema: string
  readonly name: string
  readonly isByCredentials: boolean
}

const ASSETS_AT_ONCE = 4
/** Files that are looked at: enough to find out whether there are any, and can be read. */
const MOST_FILES = 1000

/** Volumes, skills and every version of models, each listed, described and read as a recipient would. */
export async function assetChecks(
  shares: SharesConfig,
  probe: Probe,
  time: InTimeOptions,
): Promise<readonly Check[]> {
  return mapConcurrently(assetsOf(shares), ASSETS_AT_ONCE, async asset => {
    const name = `${asset.share}.${asset.schema}.${asset.name}`
    try {
      const { detail, warning } = await inTime(signal => foundOf(asset, probe, signal), time)
      return { name, ok: true, ...(warning && { warning }), detail: `${asset.kind}, ${detail}` }
    } catch (error) {
      return failed(name, withoutServer(error))
    }
  })
}

function assetsOf({ shares = [] }: SharesConfig): readonly NamedAsset[] {
  return shares.flatMap(({ name: share, schemas = [] }) =>
    schemas.flatMap(({ name: schema, volumes = [], skills = [], models = [] }) => {
      const named = (kind: AssetKind, list: readonly Shared[]) =>
        list.map(({ name, accessModes }) => {
          const isByCredentials = accessModes !== undefined && !accessModes.includes('url')
          return { kind, share, schema, name, isByCredentials }
        })
      return [...named('volume', volumes), ...named('skill', skills), ...named('model', models)]
    }),
  )
}

interface Shared {
  readonly name: string
  readonly accessModes?: readonly ('url' | 'dir')[] | undefined
}

type Found = Pick<Check, 'detail' | 'warning'>

/** What was found; throws where a recipient would not get it. */
async function foundOf(
  { kind, isByCredentials, ...name }: NamedAsset,
  probe: Probe,
  signal: AbortSignal,
): Promise<Found> {
  const { client } = probe
  const read = (folder: FolderName) =>
    isByCredentials ? { detail: 'read by credentials alone' } : readFolder(folder, probe, signal)
  if (kind === 'model') {
    const versions = await versionsOf(client, name, signal)
    const last = versions.at(-1)
    if (last === undefined) return { detail: 'no version is ready' }
    const found = await read({ ...name, kind, version: last })
    const detail = `${formatCount(versions.length, 'version')}; ${last}: ${found.detail}`
    return { ...found, detail }
  }
  // Throws where its SKILL.md is not as it must be.
  if (kind === 'skill') await client.skill(name, signal)
  return read({ ...name, kind })
}

async function versionsOf(
  client: SharingClient,
  name: Omit<FolderName, 'kind'>,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const versions: number[] = []
  for await (const { version } of client.modelVersions(name, { signal })) versions.push(version)
  return versions.sort((a, b) => a - b)
}

async function readFolder(folder: FolderName, probe: Probe, signal: AbortSignal): Promise<Found> {
  for await (const page of probe.client.files(folder, { maxResults: MOST_FILES, signal })) {
    const { files, nextPageToken } = page
    const bytes = files.reduce((sum, { size }) => sum + size, 0)
    const more = nextPageToken === undefined ? '' : ' and more'
    const found = `${formatCount(files.length, 'file')}, ${formatBytes(bytes)}${more}`
    const first = files.find(({ size }) => size > 0)
    if (first === undefined) return nothingIn(found)
    const [signed] = await probe.client.fileUrls(folder, [first.path], { signal })
    return { detail: `${found}; ${await probe.byteAt(signed!.url, signal)}` }
  }
  return nothingIn('no files')
}

/** A folder that is not there looks like one that is empty. */
function nothingIn(found: string): Found {
  return { detail: `${found}: nothing that could be read; is its location right?`, warning: true }
}
