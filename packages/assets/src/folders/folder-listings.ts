import {
  type AssetFilePage,
  type AssetFolder,
  type ObjectStore,
  Slices,
  type StateStore,
  TableError,
  throwIfCancelled,
  untilAborted,
} from '@spillway/core'
import { type FolderListing, ListingBuilder, type PageQuery, pageOf } from './folder-listing.js'
import { folderStore } from './folder-store.js'
import { KeptListings, type KeptQuery, type ListingPlace } from './kept-listings.js'

export interface ListingOptions {
  readonly store: ObjectStore
  /** Bytes of listings that are kept for further pages. 256 MiB by default. */
  readonly listingBytes?: number | undefined
  /** Files of one folder, above which it is refused. Ten million by default. */
  readonly maxFiles?: number | undefined
  /** Where listings of several pages are kept beyond the memory and the life of this process; nowhere where it is absent. */
  readonly state?: StateStore | undefined
  /** Told of what could not be kept: pages then come from memory, and end with it. */
  readonly onError?: ((folder: AssetFolder, error: unknown) => void) | undefined
}

const LISTING_BYTES = 256 * 1024 ** 2
const MAX_FILES = 10_000_000
/** Who asks within this time of another gets the same listing: a folder is not listed as often as somebody likes. */
const SHARED_FOR_MS = 1000
/** How long a first page waits until all of its listing is kept: then another process can go on with it. */
const KEPT_WITHIN_MS = 5000

interface ListingQuery extends PageQuery {
  readonly from?: ListingPlace | undefined
}

interface Listed {
  readonly at: number
  readonly listing: Promise<FolderListing>
}

/** Listings of folders, each one moment's. */
export class FolderListings {
  readonly #options: ListingOptions
  readonly #beyond: KeptListings | undefined
  /** By folder and snapshot, the latest used last. */
  readonly #kept = new Map<string, FolderListing>()
  #bytes = 0
  readonly #underWay = new Map<string, Listed>()

  constructor(options: ListingOptions) {
    this.#options = options
    const { state } = options
    this.#beyond = state && new KeptListings({ state })
  }

  /** A page of a new listing, or, where `from` names one, of that or an equal one. */
  async page(
    folder: AssetFolder,
    query: ListingQuery,
    signal?: AbortSignal,
  ): Promise<AssetFilePage> {
    const { from } = query
    if (from !== undefined) {
      const kept = this.#find(folder, from.snapshotId)
      if (kept !== undefined) return pageOf(kept, query)
      const beyond = await this.#keptPage(folder, { ...query, from }, signal)
      if (beyond !== undefined) return beyond
    }
    const listing = await untilAborted(this.#now(folder), signal)
    if (from === undefined || listing.id === from.snapshotId) {
      const page = pageOf(listing, query)
      if (page.next !== undefined) await untilAborted(this.#keepBeyond(folder, listing), signal)
      return page
    }
    throw new TableError(
      'CONFLICT',
      'the files have changed since the listing was begun, and it is not kept any more: list them again from the start',
    )
  }

  /** The whole of a new listing. */
  now(folder: AssetFolder, signal?: AbortSignal): Promise<FolderListing> {
    return untilAborted(this.#now(folder), signal)
  }

  async #keptPage(
    folder: AssetFolder,
    query: KeptQuery,
    signal: AbortSignal | undefined,
  ): Promise<AssetFilePage | undefined> {
    try {
      return await this.#beyond?.page(folder, query, signal)
    } catch (error) {
      throwIfCancelled(signal)
      this.#options.onError?.(folder, error)
      return undefined
    }
  }

  /** Never rejects, and waits a while at most. */
  async #keepBeyond(folder: AssetFolder, listing: FolderListing): Promise<void> {
    if (this.#beyond === undefined) return
    const keeping = this.#beyond
      .keep(folder, listing)
      .catch(error => this.#options.onError?.(folder, error))
    let timer: NodeJS.Timeout | undefined
    const waited = new Promise<void>(resolve => {
      timer = setTimeout(resolve, KEPT_WITHIN_MS)
    })
    await Promise.race([keeping, waited])
    clearTimeout(timer)
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
