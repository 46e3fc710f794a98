import { createHash } from 'node:crypto'

/** `parquet`: MD5, 32 hex digits. `delta`: SHA-256, 64. Both of the path as the table's metadata spells it. */
export type FileIdScheme = 'parquet' | 'delta'

export function fileId(recordedPath: string, scheme: FileIdScheme): string {
  return createHash(scheme === 'parquet' ? 'md5' : 'sha256')
    .update(recordedPath)
    .digest('hex')
}
