import { type AssetFile, Slices, TableError } from '@spillway/core'

/** What is known of a file's bytes: of those that had this size and validator. */
export interface FileHash {
  readonly size: number
  readonly etag: string
  /** Lower-case hexadecimal. */
  readonly sha256: string
}

/** By path. */
export type FileHashes = ReadonlyMap<string, FileHash>

/** One line a file, so that a million are no text of their own; in steps, as others are served meanwhile. */
export async function encodeHashes(hashes: FileHashes): Promise<Uint8Array> {
  const slices = new Slices()
  const chunks: Buffer[] = []
  let lines = [HEAD]
  const flush = () => {
    chunks.push(Buffer.from(`${lines.join('\n')}\n`))
    lines = []
  }
  for (const [path, { size, etag, sha256 }] of hashes) {
    lines.push(JSON.stringify([path, size, etag, sha256]))
    if (!slices.isOver) continue
    flush()
    await slices.pause()
  }
  if (lines.length > 0) flush()
  return Buffer.concat(chunks)
}

/** Throws where it is not what `encodeHashes` makes: whoever hashes begins anew. */
export async function decodeHashes(bytes: Uint8Array): Promise<Map<string, FileHash>> {
  const slices = new Slices()
  const hashes = new Map<string, FileHash>()
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let start = 0
  for (let index = 0; start < buffer.length; index++) {
    const end = buffer.indexOf(0x0a, start)
    if (end < 0) throw unknown()
    const line = buffer.toString('utf8', start, end)
    start = end + 1
    if (index > 0) addLine(hashes, line)
    else if (line !== HEAD) throw unknown()
    if (slices.isOver) await slices.pause()
  }
  if (start === 0) throw unknown()
  return hashes
}

const HEAD = JSON.stringify({ version: 1 })

function addLine(hashes: Map<string, FileHash>, line: string): void {
  const [path, size, etag, sha256] = arrayOf(line)
  const isSound =
    typeof path === 'string' &&
    typeof size === 'number' &&
    typeof etag === 'string' &&
    typeof sha256 === 'string' &&
    /^[0-9a-f]{64}$/.test(sha256)
  if (!isSound) throw unknown()
  hashes.set(path, { size, etag, sha256 })
}

function arrayOf(line: string): readonly unknown[] {
  try {
    const value: unknown = JSON.parse(line)
    return Array.isArray(value) ? value : []
  } catch {
    return []
  }
}

function unknown(): TableError {
  return new TableError('TABLE_CORRUPT', 'the state of an asset holds no digests of this version')
}

/** The digest of a file as it is listed; undefined where another, or none, was hashed. */
export function hashOf(hashes: FileHashes, { path, size, etag }: AssetFile): string | undefined {
  const known = hashes.get(path)
  return known !== undefined && known.size === size && known.etag === etag
    ? known.sha256
    : undefined
}
