import {
  type FolderName,
  type FoundAsset,
  folderText,
  parseAssetName,
  type SharingClient,
} from '@spillway/client'

/** What a volume, a model or a skill says about itself, and what files are in it. */
export interface AssetDescription {
  readonly found: FoundAsset
  /** `share.schema.name`, with the version of a model behind it. */
  readonly name: string
  readonly snapshotId: string
  readonly files: number
  readonly bytes: number
  /** Files whose digest the provider states. */
  readonly digested: number
  /** The largest first. */
  readonly largest: readonly { readonly path: string; readonly size: number }[]
}

export interface DescribeAssetOptions {
  readonly kind?: FolderName['kind'] | undefined
  /** Files to name. */
  readonly top: number
  readonly signal?: AbortSignal | undefined
}

/** Reads details and the list of files; no file is opened. */
export async function describeAsset(
  client: SharingClient,
  name: string,
  { kind, top, signal }: DescribeAssetOptions,
): Promise<AssetDescription> {
  const found = await client.asset(parseAssetName(name), { kind, signal })
  let [files, bytes, digested] = [0, 0, 0]
  let snapshotId = ''
  let largest: { readonly path: string; readonly size: number }[] = []
  for await (const page of client.files(found.folder, { signal })) {
    snapshotId = page.snapshotId
    for (const { path, size, sha256 } of page.files) {
      files++
      bytes += size
      if (sha256 !== undefined) digested++
      largest.push({ path, size })
    }
    largest = largest.sort((a, b) => b.size - a.size).slice(0, top)
  }
  return { found, name: folderText(found.folder), snapshotId, files, bytes, digested, largest }
}
