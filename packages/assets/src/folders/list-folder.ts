import {
  type AssetFolder,
  type ObjectStore,
  Slices,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { deniedListing } from './denied.js'
import { filePathFault } from './file-path.js'
import { type FolderListing, ListingBuilder } from './folder-listing.js'
import { folderStore } from './folder-store.js'

export interface ListFolderOptions {
  readonly store: ObjectStore
  /** Entries of one folder, above which it is refused. Ten million by default. */
  readonly maxFiles?: number | undefined
  /** Told of each name that can be no part of a listing, and why. */
  readonly onLeftOut?: ((path: string, reason: string) => void) | undefined
  /** Told now and then of how much the listing takes so far; it goes on when that has settled. */
  readonly onBytes?: ((bytes: number) => Promise<void>) | undefined
}

const MAX_FILES = 10_000_000
/** Between two looks at whether anybody still waits. */
const ENTRIES_IN_A_STEP = 1024

/** All files of a folder as they are now, but for those that nobody could ask for. Nothing where one of its folders may not be read. */
export async function listFolder(
  folder: AssetFolder,
  options: ListFolderOptions,
  signal?: AbortSignal,
): Promise<FolderListing> {
  try {
    return await listNow(folder, options, signal)
  } catch (error) {
    throw deniedListing(error, folder.location)
  }
}

async function listNow(
  folder: AssetFolder,
  { store, maxFiles = MAX_FILES, onLeftOut, onBytes }: ListFolderOptions,
  signal?: AbortSignal,
): Promise<FolderListing> {
  const { location } = folder
  const builder = new ListingBuilder()
  const slices = new Slices()
  let [entries, looked] = [0, 0]
  const leaveOut = (path: string, reason: string) => {
    if (++entries > maxFiles) throw tooMany(maxFiles)
    onLeftOut?.(path.slice(location.length), reason)
  }
  const files = folderStore(store, folder)
  for await (const found of files.list(location, { signal, onLeftOut: leaveOut })) {
    const path = found.path.slice(location.length)
    const { size, lastModified, etag } = found
    // Consoles of object stores make folders as empty objects.
    const isFolder = path === '' || path.endsWith('/')
    const fault = isFolder ? undefined : filePathFault(path)
    if (fault !== undefined) leaveOut(found.path, `it ${fault}`)
    else if (++entries > maxFiles) throw tooMany(maxFiles)
    else if (!isFolder) builder.add({ path, size, lastModified, etag })
    if (entries - looked >= ENTRIES_IN_A_STEP) {
      looked = entries
      throwIfCancelled(signal)
      await onBytes?.(builder.byteLength)
    }
    if (slices.isOver) await slices.pause()
  }
  throwIfCancelled(signal)
  return builder.finish()
}

function tooMany(maxFiles: number): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the folder has more than ${maxFiles} files: share parts of it, or by dir access`,
    { context: { feature: 'files of an asset' } },
  )
}
