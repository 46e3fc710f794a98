import { createHash } from 'node:crypto'

/** `parquet`: MD5, 32 hex digits. `delta`: SHA-256, 64. Both of the path as the table's metadata spells it. */
export type FileIdScheme = 'parquet' | 'delta'

/** `listing` tells apart the lines of a file that the table lists more than once: recipients take equal ids for one. */
export function fileId(recordedPath: string, scheme: FileIdScheme, listing?: number): string {
  return createHash(scheme === 'parquet' ? 'md5' : 'sha256')
    .update(listing === undefined ? recordedPath : `${recordedPath}\n${listing}`)
    .digest('hex')
}
