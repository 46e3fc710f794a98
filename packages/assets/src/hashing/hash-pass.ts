import { type AssetFile, Slices } from '@spillway/core'
import type { FolderListing } from '../folders/folder-listing.js'
import { type FileHash, type FileHashes, hashOf } from './kept-hashes.js'

/** How far the hashing of a folder is, as of its last listing. */
export interface HashProgress {
  readonly files: number
  readonly hashedFiles: number
  readonly bytes: number
  readonly hashedBytes: number
}

/** One pass over a listing: what is known of it, and what is not. */
export class HashPass {
  readonly hashes = new Map<string, FileHash>()
  /** Whether something was known that is not there any more. */
  isShorter = false
  readonly #listing: FolderListing
  readonly #totals = { files: 0, hashedFiles: 0, bytes: 0, hashedBytes: 0 }

  private constructor(listing: FolderListing) {
    this.#listing = listing
  }

  /** In steps: folders have very many files, and others are served meanwhile. */
  static async over(listing: FolderListing, known: FileHashes): Promise<HashPass> {
    const pass = new HashPass(listing)
    const slices = new Slices()
    for (let i = 0; i < listing.length; i++) {
      const file = listing.file(i)
      pass.#totals.files++
      pass.#totals.bytes += file.size
      if (hashOf(known, file) !== undefined) pass.add(file.path, known.get(file.path)!)
      if (slices.isOver) await slices.pause()
    }
    pass.isShorter = pass.hashes.size < known.size
    return pass
  }

  get progress(): HashProgress {
    return { ...this.#totals }
  }

  add(path: string, hash: FileHash): void {
    this.hashes.set(path, hash)
    this.#totals.hashedFiles++
    this.#totals.hashedBytes += hash.size
  }

  /** Those behind `after` first, and then the others. */
  *missing(after?: string): Generator<AssetFile> {
    const { length } = this.#listing
    const start = after === undefined ? 0 : this.#behind(after)
    for (let i = 0; i < length; i++) {
      const file = this.#listing.file((start + i) % length)
      if (!this.hashes.has(file.path)) yield file
    }
  }

  /** The place behind this path; the first where it is not listed any more. */
  #behind(path: string): number {
    for (let i = 0; i < this.#listing.length; i++) {
      if (this.#listing.file(i).path === path) return i + 1
    }
    return 0
  }
}
