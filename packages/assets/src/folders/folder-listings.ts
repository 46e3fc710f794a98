import {
  type AssetFolder,
  type ObjectStore,
  Slices,
  TableError,
  untilAborted,
} from '@spillway/core'
import { type FolderListing, ListingBuilder } from './folder-listing.js'
import { folderStore } from './folder-store.js'

export interface ListingOptions {
  readonly store: ObjectStore
  /** Bytes of listings that are kept for further pages. 256 MiB by default. */
  readonly listingBytes?: number | undefined
  /** Files of one folder, above which it is refused. Ten million by default. */
  readonly maxFiles?: number | undefined
}

const LISTING_BYTES = 256 * 1024 ** 2
const MAX_FILES = 10_000_000
/** Who asks within this time of another gets the same listing: a folder is not listed as often as somebody likes. */
const SHARED_FOR_MS = 1000

interface Listed {
  readonly at: number
  readonly listing: Promise<FolderListing>
}

/** Listings of folders, each one moment's. */
export class FolderListings {
  readonly #options: ListingOptions
  /** By folder and snapshot, the latest used last. */
  readonly #kept = new Map<string, FolderListing>()
  #bytes = 0
  readonly #underWay = new Map<string, Listed>()

  constructor(options: ListingOptions) {
    this.#options = options
  }

  /** A new listing, or, where `snapshotId` is given, that one or an equal one. */
  async of(folder: AssetFolder, snapshotId?: string, signal?: AbortSignal): Promise<FolderListing> {
    const kept = snapshotId === undefined ? undefined : this.#find(folder, snapshotId)
    if (kept !== undefined) return kept
    const listing = await untilAborted(this.#now(folder), signal)
    if (snapshotId === undefined || listing.id === snapshotId) return listing
    throw new TableError(
      'CONFLICT',
      'the files have changed since the listing was begun, and it is not kept any more: list them again from the start',
    )
  }

  /** One for all who ask at the same time, so it ends with none of them. */
  #now(folder: AssetFolder): Promise<FolderListing> {
    const key = keyOf(folder)
    const known = this.#underWay.get(key)
    if (known !== undefined && performance.now() - known.at < SHARED_FOR_MS) return known.listing
    const listing = listFolder(folder, this.#options)
    const entry = { at: performance.now(), listing }
    this.#underWay.set(key, entry)
    const forget = () => {
      if (this.#underWay.get(key) === entry) this.#underWay.delete(key)
    }
    listing.then(found => {
      this.#keep(folder, found)
      setTimeout(forget, SHARED_FOR_MS).unref()
    }, forget)
    return listing
  }

  #find(folder: AssetFolder, snapshotId: string): FolderListing | undefined {
    const key = `${keyOf(folder)}\n${snapshotId}`
    const found = this.#kept.get(key)
    if (found === undefined) return undefined
    this.#kept.delete(key)
    this.#kept.set(key, found)
    return found
  }

  #keep(folder: AssetFolder, listing: FolderListing): void {
    const key = `${keyOf(folder)}\n${listing.id}`
    if (this.#kept.delete(key)) this.#bytes -= listing.byteLength
    this.#kept.set(key, listing)
    this.#bytes += listing.byteLength
    for (const [oldest, { byteLength }] of this.#kept) {
      if (this.#bytes <= (this.#options.listingBytes ?? LISTING_BYTES)) break
      this.#kept.delete(oldest)
      this.#bytes -= byteLength
    }
  }
}

/** All files of a folder as they are now. */
export async function listFolder(
  folder: AssetFolder,
  { store, maxFiles = MAX_FILES }: Pick<ListingOptions, 'store' | 'maxFiles'>,
  signal?: AbortSignal,
): Promise<FolderListing> {
  const builder = new ListingBuilder()
  const slices = new Slices()
  const { location } = folder
  const files = folderStore(store, folder).list(location, { signal })
  for await (const { path, size, lastModified, etag } of files) {
    const relative = path.slice(location.length)
    // Consoles of object stores make folders as empty objects.
    if (relative === '' || relative.endsWith('/')) continue
    if (builder.length >= maxFiles) throw tooMany(maxFiles)
    builder.add({ path: relative, size, lastModified, etag })
    if (slices.isOver) await slices.pause()
  }
  return builder.finish()
}

function keyOf({ id, location, within }: AssetFolder): string {
  return JSON.stringify([id, location, within])
}

function tooMany(maxFiles: number): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the folder has more than ${maxFiles} files: share parts of it, or by dir access`,
    { context: { feature: 'files of an asset' } },
  )
}
