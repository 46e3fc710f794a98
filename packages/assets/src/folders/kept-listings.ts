import { createHash } from 'node:crypto'
import {
  type AssetFile,
  type AssetFilePage,
  type AssetFolder,
  mapConcurrently,
  type StateStore,
} from '@spillway/core'
import { type FolderListing, isBefore, type PageQuery } from './folder-listing.js'
import { type KeptHead, packFiles, packHead, unpackFiles, unpackHead } from './kept-pages.js'
import { ListingIndex, type ListingIndexOptions } from './listing-index.js'

export interface KeptListingsOptions extends ListingIndexOptions {
  readonly state: StateStore
  /** Files of one piece. */
  readonly pieceFiles?: number | undefined
}

const PIECE_FILES = 5000
const AT_ONCE = 8
/** Heads that are remembered: some texts a thousand files. */
const MOST_HEADS = 32

/** A place in a listing, from which a page goes on. */
export interface ListingPlace {
  readonly snapshotId: string
  readonly after: number
}

/** Where in a kept listing a page begins, and what of it is wanted. */
export interface KeptQuery extends PageQuery {
  readonly from: ListingPlace
}

/** Listings as state: cut into pieces, so that a page of a million files reads one of them. */
export class KeptListings {
  readonly #state: StateStore
  readonly #pieceFiles: number
  readonly #index: ListingIndex
  readonly #heads = new Map<string, KeptHead>()
  readonly #underWay = new Map<string, Promise<void>>()

  constructor({ state, pieceFiles = PIECE_FILES, ...options }: KeptListingsOptions) {
    this.#state = state
    this.#pieceFiles = pieceFiles
    this.#index = new ListingIndex(state, options)
  }

  /** Written once, whoever asks for it. */
  async keep(folder: AssetFolder, listing: FolderListing): Promise<void> {
    const id = idOf(folder, listing.id)
    const known = this.#underWay.get(id)
    if (known !== undefined) return known
    const writing = this.#write(id, listing).finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, writing)
    return writing
  }

  /** Undefined where it is not kept, or not any more. */
  async page(
    folder: AssetFolder,
    { from, prefix, maxResults }: KeptQuery,
    signal?: AbortSignal,
  ): Promise<AssetFilePage | undefined> {
    const id = idOf(folder, from.snapshotId)
    const head = await this.#head(id, signal)
    if (head === undefined) return undefined
    const first = await this.#firstOf(id, { head, prefix, after: from.after, signal })
    if (first === undefined) return undefined
    const files: AssetFile[] = []
    let at = first
    while (at < head.length) {
      const piece = await this.#piece(id, { head, number: this.#numberOf(head, at), signal })
      if (piece === undefined) return undefined
      for (const file of piece.slice(at % head.pieceFiles)) {
        if (!file.path.startsWith(prefix)) return { snapshotId: from.snapshotId, files }
        if (files.length >= maxResults) return { snapshotId: from.snapshotId, files, next: at }
        files.push(file)
        at++
      }
    }
    return { snapshotId: from.snapshotId, files }
  }

  async #write(id: string, listing: FolderListing): Promise<void> {
    const pieceFiles = this.#pieceFiles
    const count = Math.ceil(listing.length / pieceFiles)
    // Before its pieces: what nobody knows of is never deleted.
    if (await this.#index.add({ id, files: listing.length, pieces: count })) {
      if ((await this.#state.get(headKey(id))) !== undefined) return
    }
    const numbers = Array.from({ length: count }, (_, i) => i)
    await mapConcurrently(numbers, AT_ONCE, async number => {
      const start = number * pieceFiles
      const end = Math.min(start + pieceFiles, listing.length)
      const files = Array.from({ length: end - start }, (_, i) => listing.file(start + i))
      // Where it is there already, somebody else has written the same.
      await this.#state.put(pieceKey(id, number), await packFiles(files), { ifTag: undefined })
    })
    const firsts = numbers.map(number => listing.file(number * pieceFiles).path)
    const head = { pieceFiles, length: listing.length, firsts }
    await this.#state.put(headKey(id), await packHead(head), { ifTag: undefined })
  }

  async #head(id: string, signal: AbortSignal | undefined): Promise<KeptHead | undefined> {
    const known = this.#heads.get(id)
    if (known !== undefined) return known
    // One that has expired may still lie there.
    if (!(await this.#index.has(id, signal))) return undefined
    const found = await this.#state.get(headKey(id), signal)
    const head = found && (await unpackHead(found.bytes))
    if (head === undefined) return undefined
    for (const oldest of this.#heads.keys()) {
      if (this.#heads.size < MOST_HEADS) break
      this.#heads.delete(oldest)
    }
    this.#heads.set(id, head)
    return head
  }

  async #piece(
    id: string,
    {
      head,
      number,
      signal,
    }: {
      readonly head: KeptHead
      readonly number: number
      readonly signal: AbortSignal | undefined
    },
  ): Promise<readonly AssetFile[] | undefined> {
    const found = await this.#state.get(pieceKey(id, number), signal)
    const files = found && (await unpackFiles(found.bytes))
    const wanted = Math.min(head.pieceFiles, head.length - number * head.pieceFiles)
    if (files?.length === wanted && files[0]!.path === head.firsts[number]) return files
    // Deleted meanwhile, for others that came.
    this.#heads.delete(id)
    return undefined
  }

  /** Index of the first file from `after` on whose path is not before `prefix`. */
  async #firstOf(
    id: string,
    {
      head,
      prefix,
      after,
      signal,
    }: {
      readonly head: KeptHead
      readonly prefix: string
      readonly after: number
      readonly signal: AbortSignal | undefined
    },
  ): Promise<number | undefined> {
    const next = head.firsts.findIndex(path => !isBefore(path, prefix))
    // In the piece before the first that begins behind it, or in the last.
    const number = (next < 0 ? head.firsts.length : next) - 1
    if (number < 0 || after >= (number + 1) * head.pieceFiles) return after
    const piece = await this.#piece(id, { head, number, signal })
    if (piece === undefined) return undefined
    const within = piece.findIndex(({ path }) => !isBefore(path, prefix))
    const first = number * head.pieceFiles + (within < 0 ? piece.length : within)
    return Math.max(after, first)
  }

  #numberOf({ pieceFiles }: KeptHead, at: number): number {
    return Math.floor(at / pieceFiles)
  }
}

/** Plain names for the state, whatever the folder's are; of another folder, or id, it is another. */
function idOf({ id, location }: AssetFolder, snapshotId: string): string {
  const facts = JSON.stringify([id, location, snapshotId])
  return createHash('sha256').update(facts).digest('hex').slice(0, 32)
}

function headKey(id: string): string {
  return `listings/${id}/head`
}

function pieceKey(id: string, number: number): string {
  return `listings/${id}/${number}`
}
