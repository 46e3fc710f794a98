import {
  type AssetFilePage,
  type AssetFolder,
  type ObjectStore,
  type StateStore,
  TableError,
  throwIfCancelled,
  untilAborted,
} from '@spillway/core'
import { type FolderListing, type PageQuery, pageOf } from './folder-listing.js'
import { KeptListings, type KeptQuery, type ListingPlace } from './kept-listings.js'
import { listFolder } from './list-folder.js'
import { ListingMemory } from './listing-memory.js'
import { ListingTurns, type ListingTurnsOptions } from './listing-turns.js'
import { ToldLeftOut } from './told-left-out.js'

export interface ListingOptions extends ListingTurnsOptions {
  readonly store: ObjectStore
  /** Bytes of listings that are kept for further pages, or under way. 256 MiB by default. */
  readonly listingBytes?: number | undefined
  /** Files of one folder, above which it is refused. Ten million by default. */
  readonly maxFiles?: number | undefined
  /** Where listings of several pages are kept beyond the memory and the life of this process; nowhere where it is absent. */
  readonly state?: StateStore | undefined
  /** Told of names that are left out of a listing, and of what could not be kept: pages then come from memory, and end with it. */
  readonly onError?: ((folder: AssetFolder, error: unknown) => void) | undefined
}

/** After a listing has ended, who asks gets the same: a folder is not listed as often as somebody likes. */
const SHARED_FOR_MS = 1000
/** How long a first page waits until all of its listing is kept: then another process can go on with it. */
const KEPT_WITHIN_MS = 5000

interface ListingQuery extends PageQuery {
  readonly from?: ListingPlace | undefined
  /** Nobody has more than a few listings under way. */
  readonly asker?: string | undefined
}

/** A listing for all who ask while it is made, and for a moment after. */
interface SharedListing {
  readonly askers: Set<string>
  readonly listing: Promise<FolderListing>
  readonly stop: AbortController
  /** Requests that wait for it. */
  waiting: number
  isDone: boolean
}

/** Listings of folders, each one moment's. */
export class FolderListings {
  readonly #options: ListingOptions
  readonly #beyond: KeptListings | undefined
  readonly #memory: ListingMemory
  readonly #turns: ListingTurns
  readonly #told: ToldLeftOut
  readonly #shared = new Map<string, SharedListing>()

  constructor(options: ListingOptions) {
    this.#options = options
    const { state } = options
    this.#beyond = state && new KeptListings({ state })
    this.#memory = new ListingMemory(options.listingBytes)
    this.#turns = new ListingTurns(options)
    this.#told = new ToldLeftOut(options.onError)
  }

  /** A page of a new listing, or, where `from` names one, of that or an equal one. */
  async page(
    folder: AssetFolder,
    query: ListingQuery,
    signal?: AbortSignal,
  ): Promise<AssetFilePage> {
    const { from } = query
    if (from !== undefined) {
      const kept = this.#memory.find(memoryKey(folder, from.snapshotId))
      if (kept !== undefined) return pageOf(kept, query)
      const beyond = await this.#keptPage(folder, { ...query, from }, signal)
      if (beyond !== undefined) return beyond
    }
    const listing = await this.#now(folder, query.asker, signal)
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
    return this.#now(folder, undefined, signal)
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

  /** One for all who ask at the same time: it ends when none of them waits any more. */
  async #now(
    folder: AssetFolder,
    asker: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<FolderListing> {
    throwIfCancelled(signal)
    const key = keyOf(folder)
    const shared = this.#shared.get(key) ?? this.#begin(folder, key, asker)
    if (asker !== undefined) shared.askers.add(asker)
    this.#turns.admit()
    shared.waiting++
    try {
      return await untilAborted(shared.listing, signal)
    } finally {
      if (--shared.waiting === 0 && !shared.isDone) {
        this.#forget(key, shared)
        shared.stop.abort()
      }
    }
  }

  #begin(folder: AssetFolder, key: string, asker: string | undefined): SharedListing {
    const stop = new AbortController()
    const askers = new Set(asker === undefined ? [] : [asker])
    const listing = this.#list(folder, askers, stop.signal)
    const shared: SharedListing = { askers, listing, stop, waiting: 0, isDone: false }
    this.#shared.set(key, shared)
    listing.then(
      () => {
        shared.isDone = true
        setTimeout(() => this.#forget(key, shared), SHARED_FOR_MS).unref()
      },
      () => {
        shared.isDone = true
        this.#forget(key, shared)
      },
    )
    return shared
  }

  #forget(key: string, shared: SharedListing): void {
    if (this.#shared.get(key) === shared) this.#shared.delete(key)
  }

  async #list(
    folder: AssetFolder,
    askers: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<FolderListing> {
    const release = await this.#turns.take(askers, signal)
    const growing = this.#memory.begin()
    const leftOut = this.#told.begin(folder)
    const { store, maxFiles } = this.#options
    try {
      const onBytes = (bytes: number) => growing.grow(bytes, signal)
      const onLeftOut = leftOut.add
      const listing = await listFolder(folder, { store, maxFiles, onLeftOut, onBytes }, signal)
      leftOut.finish()
      // What grew is what is kept: counted twice, one of half the memory would find no room.
      growing.end()
      this.#memory.keep(memoryKey(folder, listing.id), listing)
      return listing
    } finally {
      growing.end()
      release()
    }
  }
}

function memoryKey(folder: AssetFolder, snapshotId: string): string {
  return `${keyOf(folder)}\n${snapshotId}`
}

function keyOf({ id, location, within }: AssetFolder): string {
  return JSON.stringify([id, location, within])
}
