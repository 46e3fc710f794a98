import type { ObjectMeta } from '@spillway/core'

interface FileStat {
  readonly size: bigint
  readonly mtimeMs: bigint
  readonly mtimeNs: bigint
  readonly ino: bigint
}

/** The etag changes when a file is replaced or written to, as far as the clock of the disk tells. */
export function fileMeta(path: string, found: FileStat): ObjectMeta {
  const etag = `"${found.ino.toString(36)}-${found.size.toString(36)}-${found.mtimeNs.toString(36)}"`
  return { path, size: Number(found.size), lastModified: Number(found.mtimeMs), etag }
}
