import type { FileHandle } from 'node:fs/promises'
import { basename } from 'node:path'
import { TableError } from '@spillway/core'
import type { WireAssetFile } from '@spillway/protocol/wire'
import { cloneFile } from '../cache/file-copies.js'
import { ByteSpans, type Span } from './byte-spans.js'
import {
  type Destination,
  type Folder,
  fileAt,
  moveInto,
  PART_PREFIX,
  removeFrom,
} from './disk/destination.js'
import { openOwn } from './disk/own-file.js'
import { bootId } from './disk/this-process.js'
import type { HashWorker } from './hash-worker.js'
import { type KnownFiles, partName } from './known-files.js'
import { PartJournal } from './part-journal.js'
import { frontierHash, inOrderHash, type RunningHash } from './running-hash.js'

export interface TransferPlaces {
  readonly destination: Destination
  /** Where journals lie. */
  readonly journals: Folder
  readonly known: KnownFiles
  readonly pin: string | undefined
  readonly hashing: HashWorker
}

/** Files that are larger leave a journal, so that another process goes on with them. */
export const JOURNALED_BYTES = 4 * 1024 * 1024

/** One file between its first byte and its name: written beside its place, and moved there once it is whole. */
export class Transfer {
  readonly file: WireAssetFile
  /** Bytes that were there before. */
  readonly resumed: number
  readonly #places: TransferPlaces
  readonly #folder: Folder
  readonly #handle: FileHandle
  readonly #journal: PartJournal | undefined
  readonly #hash: RunningHash
  #spans: ByteSpans
  #stated: string | undefined

  private constructor(
    file: WireAssetFile,
    places: TransferPlaces,
    opened: {
      readonly folder: Folder
      readonly handle: FileHandle
      readonly journal: PartJournal | undefined
      readonly spans: ByteSpans
    },
  ) {
    this.file = file
    this.#stated = file.sha256
    this.#places = places
    this.#folder = opened.folder
    this.#handle = opened.handle
    this.#journal = opened.journal
    this.#spans = opened.spans
    this.resumed = opened.spans.total
    this.#hash =
      opened.journal === undefined ? inOrderHash() : frontierHash(opened.handle, places.hashing)
    this.#hash.follow(opened.spans.frontier)
  }

  static async open(file: WireAssetFile, places: TransferPlaces): Promise<Transfer> {
    const folder = await places.destination.folderOf(file.path, { create: true })
    const name = partName(file.path)
    let handle: FileHandle | undefined
    let journal: PartJournal | undefined
    try {
      await places.known.begin(file.path)
      handle = await openOwn(folder!.place(PART_PREFIX + name), file.path)
      const spans = new ByteSpans()
      if (isResumable(file)) {
        const opened = await PartJournal.open(places.journals, name, file)
        journal = opened.journal
        const { size } = await handle.stat()
        // What the lines say is in that file: one of another size is another.
        if (size === file.size) for (const span of opened.spans) spans.add(span)
        else if (opened.spans.length > 0) await journal.clear()
      }
      const length = journal === undefined ? 0 : file.size
      if ((await handle.stat()).size !== length) await handle.truncate(length)
      return new Transfer(file, places, { folder: folder!, handle, journal, spans })
    } catch (error) {
      await journal?.close()
      await handle?.close()
      await folder!.release()
      throw error
    }
  }

  /** The unfinished file, and the finished one. */
  get handle(): FileHandle {
    return this.#handle
  }

  /** All bytes at once, where the disk lets two files share them. */
  async cloneFrom(source: FileHandle): Promise<boolean> {
    // What is there already is believed by its lines, which a clone would make untrue.
    if (this.#spans.total > 0 || this.#journal === undefined) return false
    if (!(await cloneFile(source, this.#handle))) return false
    const span = { start: 0, end: this.file.size }
    this.#spans.add(span)
    this.#journal.wrote(span)
    this.#hash.follow(span.end)
    return true
  }

  /** Spans that are still to be fetched, none longer than `most`. */
  missing(most: number): readonly Span[] {
    return this.#spans.missing(this.file.size, most)
  }

  /** To a digest that the listing does not say: stores may tell it of single files alone, as they are signed. */
  hold(sha256: string | undefined): void {
    this.#stated ??= sha256
  }

  /** Bytes of the file from `at` on, as they came. */
  async write(chunks: readonly Uint8Array[], at: number): Promise<void> {
    let end = at
    for (const chunk of chunks) {
      this.#hash.feed(chunk, end)
      end += chunk.length
    }
    await writeAll(this.#handle, chunks, at)
    this.#spans.add({ start: at, end })
    this.#journal?.wrote({ start: at, end })
    this.#hash.follow(this.#spans.frontier)
  }

  /** The bytes that came are others than they should be, or came in a way that cannot be gone on with. */
  async discard(): Promise<void> {
    await this.#hash.reset()
    this.#spans = new ByteSpans()
    await this.#journal?.clear()
  }

  /** Gives the file its name. Throws `TABLE_CORRUPT` where its bytes have another digest than the provider states. */
  async finish(): Promise<{ readonly sha256: string; readonly verified: boolean }> {
    const { path, size, etag } = this.file
    const stated = this.#stated
    const sha256 = await this.#hash.digest(size)
    if (stated !== undefined && stated !== sha256)
      throw wrongDigest({ path, stated, found: sha256 })
    // Where nothing tells whether the machine stopped meanwhile, the bytes are on the disk before the name is.
    if (bootId() === '') await this.#handle.datasync()
    const { mtimeMs, size: written } = await this.#handle.stat()
    if (written !== size) {
      throw new TableError(
        'CONFLICT',
        `the unfinished file of ${JSON.stringify(path)} was changed by somebody else`,
      )
    }
    const verified = stated !== undefined
    const { known, pin, journals } = this.#places
    await known.record({ path, size, etag, sha256, verified, mtimeMs, pin, boot: bootId() })
    await fileAt(this.#folder, path)
    await moveInto(this.#folder, PART_PREFIX + partName(path), basename(path))
    if (this.#journal !== undefined) await removeFrom(journals, partName(path))
    return { sha256, verified }
  }

  async close(): Promise<void> {
    await this.#hash.idle()
    await this.#journal?.close()
    await this.#handle.close()
    await this.#folder.release()
  }
}

/** Bytes of two answers are of one file where a strong tag or a digest says so. */
export function isBound({ etag, sha256 }: WireAssetFile): boolean {
  return sha256 !== undefined || etag?.startsWith('"') === true
}

function isResumable(file: WireAssetFile): boolean {
  return file.size > JOURNALED_BYTES && isBound(file)
}

async function writeAll(
  handle: FileHandle,
  chunks: readonly Uint8Array[],
  at: number,
): Promise<void> {
  const total = chunks.reduce((sum, { length }) => sum + length, 0)
  const { bytesWritten } = await handle.writev([...chunks], at)
  if (bytesWritten === total) return
  // A disk that is nearly full takes a part; the next write says why.
  let rest = Buffer.concat(chunks).subarray(bytesWritten)
  for (let position = at + bytesWritten; rest.length > 0; ) {
    const wrote = await handle.write(rest, 0, rest.length, position)
    if (wrote.bytesWritten === 0) {
      throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC', syscall: 'write' })
    }
    position += wrote.bytesWritten
    rest = rest.subarray(wrote.bytesWritten)
  }
}

function wrongDigest({
  path,
  stated,
  found,
}: {
  readonly path: string
  readonly stated: string
  readonly found: string
}): TableError {
  return new TableError(
    'TABLE_CORRUPT',
    `the bytes of ${JSON.stringify(path.slice(0, 300))} are not those that the provider digested: expected sha256 ${stated}, found ${found}`,
    { context: { path: path.slice(0, 300), foundSha256: found } },
  )
}
