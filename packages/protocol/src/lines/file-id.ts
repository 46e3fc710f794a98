import crypto from 'node:crypto'

/** `parquet`: MD5, 32 hex digits. `delta`: SHA-256, 64. Both of the path as the table's metadata spells it. */
export type FileIdScheme = 'parquet' | 'delta'

/** In hexadecimal. */
type HexHash = (algorithm: string, text: string) => string

/** Nodes before 20.12 have no call for it that makes no object. */
export function hashByObject(algorithm: string, text: string): string {
  return crypto.createHash(algorithm).update(text).digest('hex')
}

const hexHash: HexHash = typeof crypto.hash === 'function' ? crypto.hash : hashByObject

/** `listing` tells apart the lines of a file that the table lists more than once: recipients take equal ids for one. */
export function fileId(
  recordedPath: string,
  scheme: FileIdScheme,
  listing?: number,
  hash: HexHash = hexHash,
): string {
  const text = listing === undefined ? recordedPath : `${recordedPath}\n${listing}`
  return hash(scheme === 'parquet' ? 'md5' : 'sha256', text)
}
