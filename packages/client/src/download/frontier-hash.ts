import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const READ_BYTES = 1024 * 1024

/**
 * The SHA-256 of a file whose bytes come in any order: what comes next is taken as it comes, the rest is read again from the
 * file, which the system still has in memory, once all before it is there.
 */
export class FrontierHash {
  readonly #handle: FileHandle
  #hash = createHash('sha256')
  #at = 0
  #frontier = 0
  #reading: Promise<void> | undefined
  #failure: unknown

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  /** Bytes that were just received for offset `at`. */
  feed(bytes: Uint8Array, at: number): void {
    if (at !== this.#at || this.#reading !== undefined) return
    this.#hash.update(bytes)
    this.#at += bytes.length
  }

  /** All bytes before `frontier` are in the file. */
  follow(frontier: number): void {
    this.#frontier = frontier
    if (this.#reading !== undefined || this.#at >= frontier) return
    this.#reading = this.#read().then(
      () => {
        this.#reading = undefined
      },
      error => {
        this.#failure = error
      },
    )
  }

  /** In lower-case hexadecimal, of the first `size` bytes, which are all there. */
  async digest(size: number): Promise<string> {
    for (this.follow(size); this.#at < size && this.#failure === undefined; this.follow(size)) {
      await this.#reading
    }
    await this.#reading
    if (this.#failure !== undefined) throw this.#failure
    return this.#hash.copy().digest('hex')
  }

  /** Begins again. Nothing may be under way. */
  reset(): void {
    this.#hash = createHash('sha256')
    this.#at = 0
    this.#frontier = 0
  }

  /** Until nothing reads the file any more. */
  async idle(): Promise<void> {
    this.#frontier = 0
    await this.#reading
  }

  async #read(): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES)
    while (this.#at < this.#frontier) {
      const wanted = Math.min(READ_BYTES, this.#frontier - this.#at)
      const { bytesRead } = await this.#handle.read(buffer, 0, wanted, this.#at)
      if (bytesRead === 0) throw new Error('the unfinished file was cut by somebody else')
      this.#hash.update(buffer.subarray(0, bytesRead))
      this.#at += bytesRead
    }
  }
}
