import type { FileHandle } from 'node:fs/promises'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { Span } from './byte-spans.js'
import { checkedLine, readCheckedLines } from './disk/checked-lines.js'
import type { Folder } from './disk/destination.js'
import { openOwn, readBounded } from './disk/own-file.js'
import { bootId } from './disk/this-process.js'

/** A line for each of some thousand spans, some times over. */
export const MAX_JOURNAL_BYTES = 64 * 1024 * 1024

/**
 * Which bytes of an unfinished file are written, a line for each span, behind a first line that says of which file: another
 * size, tag or digest is another file, of which nothing is taken over. Lines are appended once their bytes are with the
 * system: they outlive the process. Where the machine stopped, bytes may not have reached the disk: they are believed only
 * where a digest will tell.
 */
export class PartJournal {
  readonly #handle: FileHandle
  readonly #file: WireAssetFile
  #noted: Span[] = []
  #writing: Promise<void> | undefined
  #failure: unknown
  #end = 0

  private constructor(handle: FileHandle, file: WireAssetFile) {
    this.#handle = handle
    this.#file = file
  }

  static async open(
    folder: Folder,
    name: string,
    file: WireAssetFile,
  ): Promise<{ readonly journal: PartJournal; readonly spans: readonly Span[] }> {
    const path = `${folder.path}/${name}`
    const handle = await openOwn(folder.place(name), path)
    const bytes = await readBounded(handle, { path, maxBytes: MAX_JOURNAL_BYTES }).catch(
      async error => {
        await handle.close()
        throw error
      },
    )
    const { values, byteLength } = readCheckedLines(bytes)
    const [first, ...lines] = values
    const journal = new PartJournal(handle, file)
    const sameBoot = first?.boot === bootId() && first.boot !== ''
    const isOurs = first !== undefined && isSame(first, file)
    if (!isOurs || !(sameBoot || file.sha256 !== undefined)) {
      await journal.clear()
      return { journal, spans: [] }
    }
    await handle.truncate(byteLength)
    journal.#end = byteLength
    const spans = lines.flatMap(({ start, end }) =>
      isOffset(start, file) && isOffset(end, file) ? [{ start, end }] : [],
    )
    return { journal, spans }
  }

  /** Forgets what is written. */
  async clear(): Promise<void> {
    this.#noted = []
    await this.#writing
    await this.#handle.truncate(0)
    this.#end = 0
    await this.#append(checkedLine({ ...identityOf(this.#file), boot: bootId() }))
  }

  /** Noted in one go with others that come while lines are written. Throws what went wrong with earlier ones. */
  wrote(span: Span): void {
    if (this.#failure !== undefined) throw this.#failure
    this.#noted.push(span)
    this.#writing ??= this.#write()
  }

  async close(): Promise<void> {
    await this.#writing
    await this.#handle.close()
  }

  async #write(): Promise<void> {
    try {
      while (this.#noted.length > 0) {
        const lines = this.#noted.map(({ start, end }) => checkedLine({ start, end }))
        this.#noted = []
        await this.#append(lines.join(''))
      }
    } catch (error) {
      this.#failure = error
    }
    this.#writing = undefined
  }

  /** A line that a full disk cut is taken back: what comes behind it would not be believed. */
  async #append(lines: string): Promise<void> {
    const bytes = Buffer.from(lines)
    const { bytesWritten } = await this.#handle.write(bytes, 0, bytes.length, this.#end)
    if (bytesWritten < bytes.length) {
      await this.#handle.truncate(this.#end)
      throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC', syscall: 'write' })
    }
    this.#end += bytes.length
  }
}

function identityOf({ path, size, etag, sha256 }: WireAssetFile) {
  return { path, size, etag, sha256 }
}

/** By digest where both know one, else by the validator. */
function isSame(
  first: ReturnType<typeof readCheckedLines>['values'][0],
  file: WireAssetFile,
): boolean {
  if (first.path !== file.path || first.size !== file.size) return false
  if (file.sha256 !== undefined && first.sha256 !== undefined) return first.sha256 === file.sha256
  return file.etag !== undefined && first.etag === file.etag
}

function isOffset(value: unknown, { size }: WireAssetFile): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 && value <= size
}
