import { readModelSignature } from '@spillway/assets'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { DescribedSignature } from './asset-description.js'

/** What a signature claims, beside the files of the asset. It is not verified. */
export async function describeSignature(
  path: string,
  bytes: Uint8Array,
  files: readonly WireAssetFile[],
): Promise<DescribedSignature> {
  const { material, claims } = await readModelSignature(bytes, { path })
  const signed = new Map(claims.files.map(file => [file.path, file.sha256]))
  const there = new Set(files.map(file => file.path))
  const different = files.filter(file => {
    const claimed = signed.get(file.path)
    return claimed !== undefined && file.sha256 !== undefined && claimed !== file.sha256
  })
  return {
    path,
    method: material.kind,
    ...(material.kind === 'public-key' && material.hint && { keyHint: material.hint }),
    subjectName: claims.subjectName,
    subjectDigest: claims.subjectDigest,
    files: claims.files.length,
    ignorePaths: claims.ignorePaths,
    unsigned: files
      .filter(file => file.path !== path && !signed.has(file.path))
      .map(file => file.path),
    missing: [...signed.keys()].filter(name => !there.has(name)),
    different: different.map(file => file.path),
  }
}
