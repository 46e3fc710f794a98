import { statfs } from 'node:fs/promises'
import { TableError } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import { type Destination, fileAt, PART_PREFIX } from './disk/destination.js'
import { partName } from './known-files.js'
import { JOURNALED_BYTES } from './transfer.js'

/** Left for journals, and for others. */
const SPARE_BYTES = 16 * 1024 * 1024
/** As stat(2) counts what a file takes. */
const BLOCK_BYTES = 512

/** Throws where what is to be fetched does not fit on the disk, less what an earlier attempt has written already. */
export async function requireSpace(
  wanted: readonly WireAssetFile[],
  destination: Destination,
): Promise<void> {
  let needed = 0
  for (const file of wanted) needed += file.size - (await takenBy(file, destination))
  const { bavail, bsize } = await statfs(destination.root)
  const free = bavail * bsize
  if (needed === 0 || needed + SPARE_BYTES <= free) return
  throw new TableError(
    'INVALID_REQUEST',
    `expected ${needed + SPARE_BYTES} bytes free on the disk of the folder, found ${free}: make room, or choose another folder`,
    { context: { needed, free } },
  )
}

async function takenBy({ path, size }: WireAssetFile, destination: Destination): Promise<number> {
  if (size <= JOURNALED_BYTES) return 0
  const folder = await destination.folderOf(path, { create: false })
  if (folder === undefined) return 0
  try {
    const found = await fileAt(folder, PART_PREFIX + partName(path))
    return found === undefined ? 0 : Math.min(size, found.blocks * BLOCK_BYTES)
  } finally {
    await folder.release()
  }
}
