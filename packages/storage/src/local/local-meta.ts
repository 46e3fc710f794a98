import type { ObjectMeta } from '@spillway/core'

interface FileStat {
  readonly size: bigint
  readonly mtimeMs: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly ino: bigint
}

/**
 * The etag changes when a file is replaced or written to, as far as the clock of the disk tells: the time of its last change too,
 * which nobody sets back as they may that of its bytes.
 */
export function fileMeta(path: string, found: FileStat): ObjectMeta {
  const { ino, size, mtimeNs, ctimeNs } = found
  const etag = `"${[ino, size, mtimeNs, ctimeNs].map(each => each.toString(36)).join('-')}"`
  return { path, size: Number(found.size), lastModified: Number(found.mtimeMs), etag }
}
