import type { RangedFile } from '@spillway/assets'
import { isTableError, TableError } from '@spillway/core'
import type { WireAssetFile, WireSignedFile } from '@spillway/protocol/wire'
import type { AssetClient } from '../assets/asset-client.js'
import type { FolderName } from '../assets/asset-name.js'
import { SignedUrls } from '../download/signed-urls.js'
import { withRetries } from '../http/retry.js'

export interface RemoteReadsOptions {
  readonly client: Pick<AssetClient, 'fileUrls' | 'openFile'>
  readonly folder: FolderName
  /** Those that will be read. */
  readonly files: readonly WireAssetFile[]
  /** Of all files together. */
  readonly maxBytes: number
  readonly signal: AbortSignal
}

/** Files up to this are fetched whole where a store sends no parts. */
const WHOLE_BYTES = 1024 * 1024
/** URLs of one file that are refused. */
const MAX_REFUSED = 3
/** Files that a store does not send, after which it is no longer waited for. */
const PATIENCE = 3

/** Parts of listed files, over signed URLs, of a bounded number of bytes in all. */
export class RemoteReads {
  readonly #options: RemoteReadsOptions
  readonly #urls: SignedUrls
  #left: number
  #unavailable = 0

  constructor(options: RemoteReadsOptions) {
    this.#options = options
    this.#urls = new SignedUrls(options)
    this.#left = options.maxBytes
  }

  file(listed: WireAssetFile): RangedFile {
    const { path, size } = listed
    return { path, size, read: (start, end) => this.#read(listed, { start, end }) }
  }

  /** All of a file that has no more than `maxBytes`. */
  async whole(listed: WireAssetFile, maxBytes: number): Promise<Uint8Array> {
    const { path, size } = listed
    if (size > maxBytes) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `it has ${size} bytes: such a file is read up to ${maxBytes}`,
        { context: { path: path.slice(0, 300) } },
      )
    }
    return size === 0 ? new Uint8Array(0) : this.#read(listed, { start: 0, end: size })
  }

  async #read(listed: WireAssetFile, range: ByteRange): Promise<Uint8Array> {
    this.#spend(listed, range.end - range.start)
    for (let refused = 1; ; refused++) {
      const url = await this.#urls.get(listed)
      try {
        return await this.#patiently(() => this.#fetch(url, range))
      } catch (error) {
        if (!isTableError(error)) throw error
        if (error.code === 'UNSUPPORTED_FEATURE' && listed.size <= WHOLE_BYTES) {
          const all = await this.#fetch(url, { start: 0, end: listed.size })
          return all.subarray(range.start, range.end)
        }
        if (error.code !== 'PERMISSION_DENIED' || refused >= MAX_REFUSED) throw error
        this.#urls.refuse(url)
      }
    }
  }

  #spend({ path }: WireAssetFile, bytes: number): void {
    const { maxBytes } = this.#options
    if (bytes > this.#left) {
      throw new TableError(
        'UNSUPPORTED_FEATURE',
        `${bytes} bytes of it were not read: with them it were more than ${maxBytes} of all files, which are read at most`,
        { context: { path: path.slice(0, 300) } },
      )
    }
    this.#left -= bytes
  }

  /** A store that is away is waited for some times, not for every file again. */
  async #patiently(fetch: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const { signal } = this.#options
    const retries = this.#unavailable < PATIENCE ? 2 : 0
    try {
      return await withRetries(fetch, { retries, signal })
    } catch (error) {
      if (isTableError(error) && error.retryable) this.#unavailable++
      throw error
    }
  }

  async #fetch(file: WireSignedFile, { start, end }: ByteRange): Promise<Uint8Array> {
    const { client, signal } = this.#options
    const bytes = new Uint8Array(end - start)
    const isAll = start === 0 && end === file.size
    for (let at = start; at < end; ) {
      const range = isAll ? undefined : { start: at, end }
      const opened = await client.openFile(file, { range, signal })
      try {
        for await (const chunk of opened.chunks) {
          bytes.set(chunk, at - start)
          at += chunk.length
        }
      } finally {
        opened.close()
      }
    }
    return bytes
  }
}

interface ByteRange {
  readonly start: number
  readonly end: number
}
