import { setTimeout } from 'node:timers/promises'
import {
  type AssetFile,
  type AssetFolder,
  type FileMismatch,
  isTableError,
  type ObjectStore,
  type StateStore,
  type TableError,
} from '@spillway/core'
import { ToldDenied } from '../folders/denied.js'
import { listFolder } from '../folders/list-folder.js'
import { type Followed, followedFolder, keyOf, stateKey } from './followed-folder.js'
import { hashFile } from './hash-file.js'
import { HashPass, type HashProgress } from './hash-pass.js'
import { decodeHashes, encodeHashes, hashOf } from './kept-hashes.js'
import { ReadingPace } from './reading-pace.js'
import { RecheckBudget } from './recheck-budget.js'
import { RefusedFiles } from './refused-files.js'
import { sizesInTurn, someAtOnce } from './some-at-once.js'

export interface AssetHasherOptions {
  readonly store: ObjectStore
  readonly state: StateStore
  /** Of all files together, on the average. 200 MB by default. */
  readonly bytesPerSecond?: number | undefined
  /** Between the end of one pass over all folders and the beginning of the next: each lists them. Five minutes by default. */
  readonly everyMs?: number | undefined
  /** Told of what was not hashed, and why: it is tried again in the next pass. Files that are refused are told together. */
  readonly onError?: ((folder: AssetFolder, error: unknown) => void) | undefined
  /** Told of each file that was read again because somebody got other bytes: whether they are those that were hashed before. */
  readonly onRecheck?: ((folder: AssetFolder, path: string, isSame: boolean) => void) | undefined
}

const BYTES_PER_SECOND = 200e6
const EVERY_MS = 300_000
/** What is lost of a long pass when the process ends. */
const SAVE_EVERY_MS = 30_000

/** Folders that are looked for; it tells by itself why it finds none. */
export type FindFolders = (signal: AbortSignal) => Promise<readonly AssetFolder[]>

/**
 * Hashes files in the background, large ones one at a time and small ones some at once. A file is hashed once for each size and
 * validator that it has.
 */
export class AssetHasher {
  readonly #options: AssetHasherOptions
  readonly #followed = new Map<string, Followed>()
  readonly #rechecks: RecheckBudget
  readonly #pace: ReadingPace
  readonly #told: ToldDenied<AssetFolder>
  #find: FindFolders | undefined
  #named: readonly AssetFolder[] = []
  #stop = new AbortController()
  #wake = new AbortController()
  #running: Promise<void> = Promise.resolve()

  constructor(options: AssetHasherOptions) {
    this.#options = options
    const { bytesPerSecond = BYTES_PER_SECOND } = options
    this.#rechecks = new RecheckBudget(bytesPerSecond)
    this.#pace = new ReadingPace(bytesPerSecond)
    this.#told = new ToldDenied(options.onError)
  }

  /**
   * Hashes these folders from now on, and those that `find` finds before each pass, and no others. What is known of them is kept.
   * Where it cannot find any, those of before are gone on with.
   */
  follow(folders: readonly AssetFolder[], find?: FindFolders): void {
    this.#named = folders
    this.#find = find
    if (find === undefined) this.#only(folders)
    else this.#add(folders)
    this.#stop.abort()
    this.#stop = new AbortController()
    const { signal } = this.#stop
    const before = this.#running
    this.#running = before.then(() => this.#run(signal))
  }

  #only(folders: readonly AssetFolder[]): void {
    const keys = new Set(folders.map(keyOf))
    for (const key of this.#followed.keys()) if (!keys.has(key)) this.#followed.delete(key)
    this.#add(folders)
  }

  #add(folders: readonly AssetFolder[]): void {
    for (const folder of folders) {
      const key = keyOf(folder)
      if (this.#followed.has(key)) continue
      this.#followed.set(key, followedFolder(folder))
    }
  }

  /** The digest of a file as it was listed; undefined before it is made. */
  hashOf(folder: AssetFolder, file: AssetFile): string | undefined {
    const followed = this.#followed.get(keyOf(folder))
    return followed && hashOf(followed.hashes, file)
  }

  /** Undefined of a folder that is not hashed. */
  progressOf(folder: AssetFolder): HashProgress | undefined {
    return this.#followed.get(keyOf(folder))?.progress
  }

  /**
   * Somebody got other bytes than the digest says: the file is hashed again, soon. False where another file was listed, where those
   * are the bytes that the digest is of, and where that file, or many, were hashed again a short while ago.
   */
  doubt(folder: AssetFolder, { path, etag, sha256 }: FileMismatch): boolean {
    const followed = this.#followed.get(keyOf(folder))
    const known = followed?.hashes.get(path)
    if (followed === undefined || known === undefined || known.sha256 === sha256) return false
    if (etag !== undefined && etag !== known.etag) return false
    const file = JSON.stringify([keyOf(folder), path, known.etag])
    if (!this.#rechecks.take(file, known.size)) return false
    followed.doubted.add(path)
    this.#wake.abort()
    return true
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#running
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#findAll(signal)
      for (const followed of [...this.#followed.values()]) {
        if (signal.aborted) return
        try {
          await this.#told.of(followed.folder, this.#hashFolder(followed, signal))
        } catch (error) {
          if (!signal.aborted && !isDenied(error)) this.#options.onError?.(followed.folder, error)
        }
      }
      await this.#untilNext(signal)
    }
  }

  /** Never rejects. */
  async #findAll(signal: AbortSignal): Promise<void> {
    if (this.#find === undefined) return
    try {
      const found = await this.#find(signal)
      if (!signal.aborted) this.#only([...this.#named, ...found])
    } catch {
      // Those of before: whoever finds tells why there are none.
    }
  }

  /** The time between two passes, in which only what is doubted is read. */
  async #untilNext(signal: AbortSignal): Promise<void> {
    const end = performance.now() + (this.#options.everyMs ?? EVERY_MS)
    for (let left = 1; left > 0 && !signal.aborted; left = end - performance.now()) {
      if (this.#wake.signal.aborted) await this.#recheckAll(signal)
      const woken = AbortSignal.any([signal, this.#wake.signal])
      const waiting = setTimeout(Math.max(0, end - performance.now()), undefined, {
        signal: woken,
        ref: false,
      })
      // Rejects when it is stopped, or woken.
      await waiting.catch(() => undefined)
    }
  }

  async #recheckAll(signal: AbortSignal): Promise<void> {
    this.#wake = new AbortController()
    for (const followed of [...this.#followed.values()]) {
      try {
        const refused = new RefusedFiles()
        await this.#recheckDoubted(followed, refused, signal)
        if (refused.error !== undefined) throw refused.error
      } catch (error) {
        // What may not be read is told by the next pass, once.
        if (!signal.aborted && !isDenied(error)) this.#options.onError?.(followed.folder, error)
      }
    }
  }

  /** What cannot be read stays doubted: the next pass over the folder reads it. */
  async #recheckDoubted(
    followed: Followed,
    refused: RefusedFiles,
    signal: AbortSignal,
  ): Promise<void> {
    for (const path of followed.doubted) {
      await refused.unless(() => this.#recheck(followed, path, signal))
    }
  }

  /** One that was changed since it was hashed is for the next pass. */
  async #recheck(followed: Followed, path: string, signal: AbortSignal): Promise<void> {
    const known = followed.hashes.get(path)
    const file = known && { path, lastModified: 0, ...known }
    const found = file && (await this.#hash(followed.folder, file, { signal, isDoubted: true }))
    followed.doubted.delete(path)
    if (known === undefined || found === undefined) return
    const isSame = found.sha256 === known.sha256
    if (!isSame) {
      followed.hashes.set(path, found)
      followed.isChanged = true
      await this.#save(followed, signal)
    }
    this.#options.onRecheck?.(followed.folder, path, isSame)
  }

  async #hashFolder(followed: Followed, signal: AbortSignal): Promise<void> {
    if (!followed.isLoaded) await this.#load(followed, signal)
    const listing = await listFolder(followed.folder, this.#options, signal)
    const pass = await HashPass.over(listing, followed.hashes)
    followed.hashes = pass.hashes
    if (pass.isShorter) followed.isChanged = true
    const refused = new RefusedFiles()
    await this.#recheckDoubted(followed, refused, signal)
    try {
      await this.#hashMissing(followed, { pass, refused }, signal)
    } finally {
      if (followed.isChanged && !signal.aborted) await this.#save(followed, signal)
    }
    if (refused.error !== undefined) throw refused.error
  }

  async #hashMissing(
    followed: Followed,
    { pass, refused }: { readonly pass: HashPass; readonly refused: RefusedFiles },
    signal: AbortSignal,
  ): Promise<void> {
    const show = () => {
      followed.progress = pass.progress
    }
    show()
    let saved = performance.now()
    const files = pass.missing(followed.endedAt)
    followed.endedAt = undefined
    const hash = sizesInTurn((file: AssetFile) =>
      refused.unless(() => this.#hash(followed.folder, file, { signal })),
    )
    await someAtOnce(files, async file => {
      if (this.#wake.signal.aborted) await this.#recheckAll(signal)
      const found = await hash(file)
      if (found === undefined) {
        if (refused.isFull) followed.endedAt ??= file.path
        return !refused.isFull
      }
      pass.add(file.path, found)
      followed.isChanged = true
      show()
      if (performance.now() - saved < SAVE_EVERY_MS) return true
      saved = Number.POSITIVE_INFINITY
      await this.#save(followed, signal)
      saved = performance.now()
      return true
    })
  }

  #hash(folder: AssetFolder, file: AssetFile, how: { signal: AbortSignal; isDoubted?: boolean }) {
    return hashFile(folder, file, { store: this.#options.store, pace: this.#pace, ...how })
  }

  async #load(followed: Followed, signal: AbortSignal): Promise<void> {
    const found = await this.#options.state.get(stateKey(followed.folder), signal)
    followed.tag = found?.tag
    try {
      if (found !== undefined) followed.hashes = await decodeHashes(found.bytes)
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
    followed.isChanged = false
    try {
      const tag = await this.#options.state.put(key, bytes, { ifTag: followed.tag, signal })
      if (tag !== undefined) {
        followed.tag = tag
        return
      }
      followed.tag = (await this.#options.state.get(key, signal))?.tag
      followed.tag = await this.#options.state.put(key, bytes, { ifTag: followed.tag, signal })
    } catch (error) {
      followed.isChanged = true
      throw error
    }
  }
}

function isDenied(error: unknown): error is TableError {
  return isTableError(error) && error.code === 'PERMISSION_DENIED'
}
