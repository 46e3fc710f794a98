import { createHash } from 'node:crypto'
import type { AssetFile, AssetFolder, ObjectStore } from '@spillway/core'
import { deniedOfListed } from '../folders/denied.js'
import { folderStore } from '../folders/folder-store.js'
import type { FileHash } from './kept-hashes.js'
import type { ReadingPace } from './reading-pace.js'

const CHUNK_BYTES = 4 * 1024 ** 2

interface HashFileOptions {
  readonly store: ObjectStore
  readonly pace: ReadingPace
  readonly signal: AbortSignal
  /** Somebody got other bytes: it is read, whatever its store says of it. */
  readonly isDoubted?: boolean
}

/**
 * Hashes a file as it was listed, or takes what its store says of its bytes. Undefined of one without a validator, and of one that was
 * changed or removed meanwhile: the next pass has it. Throws `PERMISSION_DENIED` where it may not be read.
 */
export async function hashFile(
  folder: AssetFolder,
  file: AssetFile,
  options: HashFileOptions,
): Promise<FileHash | undefined> {
  try {
    return await hashNow(folder, file, options)
  } catch (error) {
    throw deniedOfListed(error, folder.location)
  }
}

async function hashNow(
  folder: AssetFolder,
  { path, size, etag }: AssetFile,
  { store, pace, signal, isDoubted = false }: HashFileOptions,
): Promise<FileHash | undefined> {
  if (etag === undefined) return undefined
  const files = folderStore(store, folder)
  // One request in place of many; of a file that is read in one it would be one more.
  if (!isDoubted && size > CHUNK_BYTES) {
    const stated = await files.head(folder.location + path, signal)
    const isSame = stated?.etag === etag && stated.size === size
    if (isSame && stated.sha256 !== undefined) return { size, etag, sha256: stated.sha256 }
  }
  const hash = createHash('sha256')
  for (let start = 0; start < size; ) {
    const began = performance.now()
    const end = Math.min(start + CHUNK_BYTES, size)
    const range = { start, end }
    const found = await files.get(folder.location + path, { range, signal })
    const isSame = found?.meta.etag === etag && found.bytes.length === end - start
    if (found === undefined || !isSame) return undefined
    hash.update(found.bytes)
    start = end
    await pace.behind(found.bytes.length, began, signal)
  }
  return { size, etag, sha256: hash.digest('hex') }
}
