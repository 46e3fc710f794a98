import { type ObjectMeta, type ObjectStore, readListed } from '@spillway/core'
import { z } from 'zod'

const checksumSchema = z.object({
  numFiles: z.number().int().nonnegative(),
  tableSizeBytes: z.number().int().nonnegative(),
})

export interface VersionTotals {
  readonly files: number
  readonly bytes: number
}

/** The longest checksum file that is read. With `allFiles` it is as long as the table: nobody waits for that. */
const MAX_BYTES = 1024 * 1024

/** What a version checksum says; undefined where it is missing, malformed or cannot be read, since nothing needs it. */
export async function readChecksum(
  store: ObjectStore,
  file: ObjectMeta | undefined,
  signal?: AbortSignal,
): Promise<VersionTotals | undefined> {
  if (file === undefined || file.size > MAX_BYTES) return undefined
  try {
    const parsed = checksumSchema.safeParse(parse(await readListed(store, file, { signal })))
    if (!parsed.success) return undefined
    return { files: parsed.data.numFiles, bytes: parsed.data.tableSizeBytes }
  } catch {
    return undefined
  }
}

/** What it says if that can be true: `least` and `most` are what the log itself leaves possible. */
export function possibleTotals(
  said: VersionTotals | undefined,
  possible: { readonly least: number; readonly most: number },
): VersionTotals | undefined {
  if (said === undefined) return undefined
  return said.files < possible.least || said.files > possible.most ? undefined : said
}

function parse(bytes: Uint8Array | undefined): unknown {
  try {
    return bytes === undefined ? undefined : JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return undefined
  }
}
