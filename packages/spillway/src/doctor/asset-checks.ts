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
      const detail = await inTime(signal => assetDetail(asset, probe, signal), time)
      return { name, ok: true, detail: `${asset.kind}, ${detail}` }
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

/** What was found; throws where a recipient would not get it. */
async function assetDetail(
  { kind, isByCredentials, ...name }: NamedAsset,
  probe: Probe,
  signal: AbortSignal,
): Promise<string> {
  const { client } = probe
  const read = (folder: FolderName) =>
    isByCredentials ? 'read by credentials alone' : readFolder(folder, probe, signal)
  if (kind === 'model') {
    const versions = await versionsOf(client, name, signal)
    const last = versions.at(-1)
    if (last === undefined) return 'no version is ready'
    const found = await read({ ...name, kind, version: last })
    return `${formatCount(versions.length, 'version')}; ${last}: ${found}`
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

async function readFolder(folder: FolderName, probe: Probe, signal: AbortSignal): Promise<string> {
  for await (const page of probe.client.files(folder, { maxResults: MOST_FILES, signal })) {
    const { files: items, nextPageToken } = page
    const bytes = items.reduce((sum, { size }) => sum + size, 0)
    const more = nextPageToken === undefined ? '' : ' and more'
    const found = `${formatCount(items.length, 'file')}, ${formatBytes(bytes)}${more}`
    const first = items.find(({ size }) => size > 0)
    if (first === undefined) return `${found}: nothing that could be read`
    const [signed] = await probe.client.fileUrls(folder, [first.path], { signal })
    return `${found}; ${await probe.byteAt(signed!.url, signal)}`
  }
  return 'no files'
}
