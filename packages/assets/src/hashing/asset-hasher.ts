import { createHash } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import {
  type AssetFile,
  type AssetFolder,
  fencedStore,
  isTableError,
  type ObjectStore,
  Slices,
  type StateStore,
} from '@spillway/core'
import type { FolderListing } from '../folders/folder-listing.js'
import { listFolder } from '../folders/folder-listings.js'
import {
  decodeHashes,
  encodeHashes,
  type FileHash,
  type FileHashes,
  hashOf,
} from './kept-hashes.js'

export interface AssetHasherOptions {
  readonly store: ObjectStore
  readonly state: StateStore
  /** Of all files together, on the average. 200 MB by default. */
  readonly bytesPerSecond?: number | undefined
  /** Between the end of one pass over all folders and the beginning of the next: each lists them. Five minutes by default. */
  readonly everyMs?: number | undefined
  /** Told of what was not hashed, and why: it is tried again in the next pass. */
  readonly onError?: ((folder: AssetFolder, error: unknown) => void) | undefined
}

/** How far the hashing of a folder is, as of its last listing. */
export interface HashProgress {
  readonly files: number
  readonly hashedFiles: number
  readonly bytes: number
  readonly hashedBytes: number
}

const BYTES_PER_SECOND = 200e6
const EVERY_MS = 300_000
const CHUNK_BYTES = 4 * 1024 ** 2
/** What is lost of a long pass when the process ends. */
const SAVE_EVERY_MS = 30_000
const NONE: FileHashes = new Map()

interface Followed {
  readonly folder: AssetFolder
  hashes: FileHashes
  tag: string | undefined
  isLoaded: boolean
  progress: HashProgress
  /** Paths whose digests somebody found to be wrong, until they are made again. */
  doubted: Set<string>
}

/** Hashes files in the background, one at a time. A file is hashed once for each size and validator that it has. */
export class AssetHasher {
  readonly #options: AssetHasherOptions
  readonly #followed = new Map<string, Followed>()
  #stop = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: AssetHasherOptions) {
    this.#options = options
  }

  /** Hashes these folders from now on, and no others. What is known of them is kept. */
  follow(folders: readonly AssetFolder[]): void {
    const keys = new Set(folders.map(keyOf))
    for (const key of this.#followed.keys()) if (!keys.has(key)) this.#followed.delete(key)
    for (const folder of folders) {
      const key = keyOf(folder)
      if (this.#followed.has(key)) continue
      const progress = { files: 0, hashedFiles: 0, bytes: 0, hashedBytes: 0 }
      const state = { hashes: NONE, tag: undefined, isLoaded: false, doubted: new Set<string>() }
      this.#followed.set(key, { folder, progress, ...state })
    }
    this.#stop.abort()
    this.#stop = new AbortController()
    const { signal } = this.#stop
    const before = this.#running
    this.#running = before.then(() => this.#run(signal))
  }

  /** The digest of a file as it was listed; undefined before it is made. */
  hashOf(folder: AssetFolder, file: AssetFile): string | undefined {
    const followed = this.#followed.get(keyOf(folder))
    if (followed === undefined || followed.doubted.has(file.path)) return undefined
    return hashOf(followed.hashes, file)
  }

  /** Undefined of a folder that is not hashed. */
  progressOf(folder: AssetFolder): HashProgress | undefined {
    return this.#followed.get(keyOf(folder))?.progress
  }

  /** Somebody got other bytes than the digest says: the file is hashed again. */
  doubt(folder: AssetFolder, path: string): void {
    const followed = this.#followed.get(keyOf(folder))
    if (followed?.hashes.has(path)) followed.doubted.add(path)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const followed of [...this.#followed.values()]) {
        if (signal.aborted) return
        try {
          await this.#hashFolder(followed, signal)
        } catch (error) {
          if (!signal.aborted) this.#options.onError?.(followed.folder, error)
        }
      }
      // Rejects when it is stopped.
      await setTimeout(this.#options.everyMs ?? EVERY_MS, undefined, { signal, ref: false }).catch(
        () => undefined,
      )
    }
  }

  async #hashFolder(followed: Followed, signal: AbortSignal): Promise<void> {
    if (!followed.isLoaded) await this.#load(followed, signal)
    const listing = await listFolder(followed.folder, this.#options, signal)
    const doubted = [...followed.doubted]
    const pass = await Pass.over(listing, withoutPaths(followed.hashes, followed.doubted))
    // From here on they are unknown, not doubted; what is doubted meanwhile is for the next pass.
    followed.hashes = pass.hashes
    for (const path of doubted) followed.doubted.delete(path)
    const show = () => {
      followed.progress = pass.progress
    }
    show()
    let saved = performance.now()
    let isChanged = pass.isShorter
    const slices = new Slices()
    for (const file of pass.missing()) {
      if (slices.isOver) await slices.pause()
      const found = await this.#hashFile(followed.folder, file, signal)
      if (found === undefined) continue
      pass.add(file.path, found)
      isChanged = true
      show()
      if (performance.now() - saved < SAVE_EVERY_MS) continue
      await this.#save(followed, signal)
      saved = performance.now()
    }
    if (isChanged) await this.#save(followed, signal)
  }

  async #load(followed: Followed, signal: AbortSignal): Promise<void> {
    const found = await this.#options.state.get(stateKey(followed.folder), signal)
    followed.tag = found?.tag
    try {
      followed.hashes = found === undefined ? NONE : await decodeHashes(found.bytes)
    } catch (error) {
      // Of another version, or broken: what is in it is made anew.
      if (!isTableError(error)) throw error
    }
    followed.isLoaded = true
  }

  /** Another process that hashes the same folder has made the same of it: its writing is taken in the next pass. */
  async #save(followed: Followed, signal: AbortSignal): Promise<void> {
    const bytes = await encodeHashes(followed.hashes)
    const key = stateKey(followed.folder)
    const tag = await this.#options.state.put(key, bytes, { ifTag: followed.tag, signal })
    if (tag !== undefined) {
      followed.tag = tag
      return
    }
    followed.tag = (await this.#options.state.get(key, signal))?.tag
    followed.tag = await this.#options.state.put(key, bytes, { ifTag: followed.tag, signal })
  }

  /** Undefined of a file without a validator, and of one that was changed or removed meanwhile: the next pass has it. */
  async #hashFile(
    folder: AssetFolder,
    { path, size, etag }: AssetFile,
    signal: AbortSignal,
  ): Promise<FileHash | undefined> {
    if (etag === undefined) return undefined
    const { bytesPerSecond = BYTES_PER_SECOND } = this.#options
    const store = fencedStore(this.#options.store, folder)
    const hash = createHash('sha256')
    for (let start = 0; start < size; ) {
      const began = performance.now()
      const end = Math.min(start + CHUNK_BYTES, size)
      const range = { start, end }
      const found = await store.get(folder.location + path, { range, signal })
      const isSame = found?.meta.etag === etag && found.bytes.length === end - start
      if (found === undefined || !isSame) return undefined
      hash.update(found.bytes)
      start = end
      const due = (found.bytes.length / bytesPerSecond) * 1000 - (performance.now() - began)
      if (due > 0) await setTimeout(due, undefined, { signal })
    }
    return { size, etag, sha256: hash.digest('hex') }
  }
}

/** One pass over a listing: what is known of it, and what is not. */
class Pass {
  readonly hashes = new Map<string, FileHash>()
  /** Whether something was known that is not there any more. */
  isShorter = false
  readonly #listing: FolderListing
  readonly #totals = { files: 0, hashedFiles: 0, bytes: 0, hashedBytes: 0 }

  private constructor(listing: FolderListing) {
    this.#listing = listing
  }

  /** In steps: folders have very many files, and others are served meanwhile. */
  static async over(listing: FolderListing, known: FileHashes): Promise<Pass> {
    const pass = new Pass(listing)
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

  *missing(): Generator<AssetFile> {
    for (let i = 0; i < this.#listing.length; i++) {
      const file = this.#listing.file(i)
      if (!this.hashes.has(file.path)) yield file
    }
  }
}

function withoutPaths(hashes: FileHashes, paths: ReadonlySet<string>): FileHashes {
  if (paths.size === 0) return hashes
  return new Map([...hashes].filter(([path]) => !paths.has(path)))
}

/** Whatever is shared of a folder, its bytes are the same. */
function keyOf({ location }: AssetFolder): string {
  return location
}

/** A key of plain names, whatever the id is. */
function stateKey(folder: AssetFolder): string {
  return `hashes/${createHash('sha256').update(keyOf(folder)).digest('hex').slice(0, 32)}`
}
