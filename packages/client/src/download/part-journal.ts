import { type FileHandle, readFile } from 'node:fs/promises'
import type { WireAssetFile } from '@spillway/protocol/wire'
import type { Span } from './byte-spans.js'
import { checkedLine, readCheckedLines } from './checked-lines.js'
import { type Folder, openOwn } from './destination.js'
import { bootId } from './this-process.js'

/**
 * Which bytes of an unfinished file are written, a line for each span, behind a first line that says of which file: another
 * size, tag or digest is another file, of which nothing is taken over. Lines are appended once their bytes are with the
 * system: they outlive the process. Where the machine stopped, bytes may not have reached the disk: they are believed only
 * where a digest will tell.
 */
export class PartJournal {
  readonly #handle: FileHandle
  readonly #file: WireAssetFile
  #writes: Promise<unknown> = Promise.resolve()

  private constructor(handle: FileHandle, file: WireAssetFile) {
    this.#handle = handle
    this.#file = file
  }

  static async open(
    folder: Folder,
    name: string,
    file: WireAssetFile,
  ): Promise<{ readonly journal: PartJournal; readonly spans: readonly Span[] }> {
    const place = folder.place(name)
    const handle = await openOwn(place, file.path)
    const { values, byteLength } = readCheckedLines(await readFile(place))
    const [first, ...lines] = values
    const journal = new PartJournal(handle, file)
    const sameBoot = first?.boot === bootId() && first.boot !== ''
    const isOurs = first !== undefined && isSame(first, file)
    if (!isOurs || !(sameBoot || file.sha256 !== undefined)) {
      await journal.clear()
      return { journal, spans: [] }
    }
    await handle.truncate(byteLength)
    const spans = lines.flatMap(({ start, end }) =>
      isOffset(start, file) && isOffset(end, file) ? [{ start, end }] : [],
    )
    return { journal, spans }
  }

  /** Forgets what is written. */
  async clear(): Promise<void> {
    await this.#handle.truncate(0)
    await this.#append({ ...identityOf(this.#file), boot: bootId() })
  }

  /** In the order of calls, so that a line that is torn is the last one. */
  wrote({ start, end }: Span): Promise<void> {
    const write = this.#writes.then(() => this.#append({ start, end }))
    this.#writes = write.catch(() => undefined)
    return write
  }

  async close(): Promise<void> {
    await this.#writes
    await this.#handle.close()
  }

  /** The end of the file is asked for: what is left of a line that a full disk cut is no longer believed, and in nobody's way. */
  async #append(value: Parameters<typeof checkedLine>[0]): Promise<void> {
    const { size } = await this.#handle.stat()
    const line = Buffer.from(checkedLine(value))
    const { bytesWritten } = await this.#handle.write(line, 0, line.length, size)
    if (bytesWritten < line.length) {
      await this.#handle.truncate(size)
      throw Object.assign(new Error('the disk is full'), { code: 'ENOSPC', syscall: 'write' })
    }
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
