import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import type { FolderName, SharingClient } from '@spillway/client'
import { type DownloadResult, downloadAsset } from '@spillway/client/node'
import type { AssetKind } from '@spillway/core'
import type { SampleAsset } from './sample-assets.js'

/** What a recipient got of an asset. */
export interface FetchedAsset {
  readonly name: string
  readonly kind: AssetKind
  /** The folder that it was put into. */
  readonly folder: string
  readonly files: number
  readonly bytes: number
  /** Whether all of its files are there, with the bytes that the provider has and the digests that it states. */
  readonly isExact: boolean
}

/** Puts each asset into a folder of its own below `folder`, as `spillway download` does. */
export async function fetchAssets(
  client: SharingClient,
  samples: readonly SampleAsset[],
  { folder, signal }: { readonly folder: string; readonly signal: AbortSignal | undefined },
): Promise<readonly FetchedAsset[]> {
  const fetched: FetchedAsset[] = []
  for (const sample of samples) {
    const name = `city.public.${sample.name}`
    const { folder: asked } = await client.asset(
      { share: 'city', schema: 'public', name: sample.name },
      { kind: sample.kind, signal },
    )
    await untilDigested(client, asked, signal)
    const to = join(folder, sample.name)
    const result = await downloadAsset(client, name, { to, kind: sample.kind, signal })
    const bytes = result.files.reduce((sum, { size }) => sum + size, 0)
    const counts = { files: result.files.length, bytes, isExact: isExact(sample, result) }
    fetched.push({ name, kind: sample.kind, folder: to, ...counts })
  }
  return fetched
}

function isExact({ files }: SampleAsset, { complete, files: found }: DownloadResult): boolean {
  const stated = Object.fromEntries(
    found.map(({ path, sha256, verified }) => [path, verified && sha256]),
  )
  return (
    complete &&
    found.length === Object.keys(files).length &&
    Object.entries(files).every(
      ([path, content]) => stated[path] === createHash('sha256').update(content).digest('hex'),
    )
  )
}

/** Digests are made in the background, of files this small within moments. */
async function untilDigested(
  client: SharingClient,
  folder: FolderName,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let waits = 0; waits < MOST_WAITS; waits++) {
    let isDigested = true
    for await (const { files } of client.files(folder, { signal })) {
      isDigested &&= files.every(({ sha256 }) => sha256 !== undefined)
    }
    if (isDigested) return
    await setTimeout(WAIT_MS, undefined, signal && { signal })
  }
}

const WAIT_MS = 50
const MOST_WAITS = 200
