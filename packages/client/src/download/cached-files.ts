import { type FileHandle, realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { mapConcurrently, TableError, throwIfCancelled } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import { FileCache } from '../cache/file-cache.js'
import { COPY_BYTES } from '../cache/file-copies.js'
import type { Destination } from './disk/destination.js'
import type { Transfer } from './transfer.js'

interface Filling {
  readonly onBytes: (count: number) => void
  readonly signal: AbortSignal
}

/** What the cache has of a listing, and what becomes of it. */
export interface Cached {
  has(file: WireAssetFile): boolean
  /** Takes from the cache what is missing of a file. True where nothing is missing any more: its digest is not proven yet. */
  fill(transfer: Transfer, filling: Filling): Promise<boolean>
  /** A finished file, unless fewer bytes than `leave` would be left for others. */
  keep(
    transfer: Transfer,
    options: { readonly leave: number; readonly signal: AbortSignal },
  ): Promise<void>
  /** What the cache gave was no such file. */
  refuse(file: WireAssetFile): Promise<void>
}

/** Files looked up at once. */
const LOOKED_UP = 16

/** Only files whose digest the provider states: nothing else says that two files are the same. */
export async function lookUpCached(
  wanted: readonly WireAssetFile[],
  cache: FileCache | undefined,
  destination: Pick<Destination, 'root'> | undefined,
): Promise<Cached> {
  if (cache === undefined) return NOTHING
  const found = new Set<WireAssetFile>()
  const isOneDisk = destination !== undefined && (await sharesDisk(cache, destination))
  await mapConcurrently(wanted, LOOKED_UP, async file => {
    if (isNameable(file) && (await cache.has(file.sha256, file.size))) found.add(file)
  })
  return {
    has: file => found.has(file),
    async fill(transfer, filling) {
      const { file } = transfer
      const entry = isNameable(file) ? await cache.open(file.sha256, file.size) : undefined
      if (entry === undefined) return false
      const isFilled = await fillFrom(entry, transfer, filling).finally(() => entry.close())
      if (!isFilled) await cache.remove(file.sha256!)
      return isFilled
    },
    async keep({ file, handle }, { leave, signal }) {
      const { size } = file
      const room = { leave: isOneDisk ? leave : 0, size, signal }
      if (isNameable(file)) await cache.add(file.sha256, handle, room)
    },
    async refuse({ sha256 }) {
      await (sha256 && cache.remove(sha256))
    },
  }
}

const NOTHING: Cached = {
  has: () => false,
  fill: async () => false,
  keep: async () => undefined,
  refuse: async () => undefined,
}

/** There is one empty file, and nothing to fetch of it. */
function isNameable(file: WireAssetFile): file is WireAssetFile & { readonly sha256: string } {
  return file.sha256 !== undefined && file.size > 0
}

/** False where the entry cannot be read to its end. */
async function fillFrom(
  entry: FileHandle,
  transfer: Transfer,
  { onBytes, signal }: Filling,
): Promise<boolean> {
  const { size } = transfer.file
  if (await transfer.cloneFrom(entry)) {
    onBytes(size)
    return true
  }
  const buffer = Buffer.allocUnsafe(Math.min(size, COPY_BYTES))
  for (const { start, end } of transfer.missing(COPY_BYTES)) {
    for (let at = start; at < end; ) {
      throwIfCancelled(signal)
      const read = await readFrom(entry, buffer.subarray(0, end - at), at)
      if (read === 0) return false
      await transfer.write([buffer.subarray(0, read)], at)
      onBytes(read)
      at += read
    }
  }
  return true
}

/** A disk that does not give its bytes any more has none: they are fetched. */
async function readFrom(entry: FileHandle, into: Buffer, at: number): Promise<number> {
  try {
    return (await entry.read(into, 0, into.length, at)).bytesRead
  } catch {
    return 0
  }
}

/** The cache of a download into `destination`: neither lies in the other. */
export async function openCache(path: string, destination: Destination): Promise<FileCache> {
  const to = destination.root
  const before = await realpath(path).catch(() => resolve(path))
  if (isWithin(before, to) || isWithin(to, before)) throw nestedCache(before, to)
  return FileCache.open(path)
}

function isWithin(inner: string, outer: string): boolean {
  const path = relative(outer, inner)
  return path === '' || !(path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))
}

async function sharesDisk(
  { root: cache }: Pick<FileCache, 'root'>,
  { root: to }: Pick<Destination, 'root'>,
): Promise<boolean> {
  const [one, other] = await Promise.all([stat(cache), stat(to)])
  return one.dev === other.dev
}

function nestedCache(cache: string, to: string): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `expected a cache and a folder of which neither lies in the other, found ${JSON.stringify(cache)} and ${JSON.stringify(to)}: choose another cache`,
  )
}
