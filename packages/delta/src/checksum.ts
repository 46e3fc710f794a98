import type { ObjectMeta, ObjectStore } from '@spillway/core'
import { z } from 'zod'

const checksumSchema = z.object({
  numFiles: z.number().int().nonnegative(),
  tableSizeBytes: z.number().int().nonnegative(),
})

export interface VersionTotals {
  readonly files: number
  readonly bytes: number
}

const MAX_BYTES = 64 * 1024 * 1024

/**
 * What a version checksum says about the size of the table, if it can be true: `least` and `most` are what the log
 * itself leaves possible. A file that is missing, malformed or wrong is as if it were not there.
 */
export async function readTotals(
  store: ObjectStore,
  file: ObjectMeta | undefined,
  possible: { readonly least: number; readonly most: number },
  signal?: AbortSignal,
): Promise<VersionTotals | undefined> {
  if (file === undefined || file.size > MAX_BYTES) return undefined
  const found = await store.get(file.path, signal === undefined ? {} : { signal })
  if (found === undefined) return undefined
  const parsed = checksumSchema.safeParse(parse(found.bytes))
  if (!parsed.success) return undefined
  const { numFiles, tableSizeBytes } = parsed.data
  if (numFiles < possible.least || numFiles > possible.most) return undefined
  return { files: numFiles, bytes: tableSizeBytes }
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
