import crypto from 'node:crypto'

/** `parquet`: MD5, 32 hex digits. `delta`: SHA-256, 64. Both of the path as the table's metadata spells it. */
export type FileIdScheme = 'parquet' | 'delta'

/** A hash in one call, without an object for it: Node 20.12 and later have it, and it takes half the time. */
type OneShotHash = (algorithm: string, text: string) => string

const oneShot: OneShotHash | null = crypto.hash ?? null

/** `listing` tells apart the lines of a file that the table lists more than once: recipients take equal ids for one. */
export function fileId(
  recordedPath: string,
  scheme: FileIdScheme,
  listing?: number,
  hash = oneShot,
): string {
  const text = listing === undefined ? recordedPath : `${recordedPath}\n${listing}`
  const algorithm = scheme === 'parquet' ? 'md5' : 'sha256'
  if (hash !== null) return hash(algorithm, text)
  return crypto.createHash(algorithm).update(text).digest('hex')
}
