import type { ManifestEntry } from '@spillway/assets'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { AssetClient, FilesOptions } from './asset-client.js'
import type { FolderName } from './asset-name.js'

export interface FileListing {
  readonly snapshotId: string
  readonly files: readonly WireAssetFile[]
}

/** Every page of one listing. */
export async function listFolder(
  client: Pick<AssetClient, 'files'>,
  folder: FolderName,
  options: FilesOptions,
): Promise<FileListing> {
  const files: WireAssetFile[] = []
  let snapshotId = ''
  for await (const page of client.files(folder, options)) {
    snapshotId = page.snapshotId
    for (const file of page.files) files.push(file)
  }
  return { snapshotId, files }
}

/** Those whose digest is known, as manifests have them. */
export function digestedFiles(
  files: readonly (Omit<ManifestEntry, 'sha256'> & { readonly sha256?: string | undefined })[],
): readonly ManifestEntry[] {
  return files.flatMap(({ path, size, sha256 }) =>
    sha256 === undefined ? [] : [{ path, size, sha256 }],
  )
}
