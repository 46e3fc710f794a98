import { createHash } from 'node:crypto'
import type { AssetFile, AssetFilePage } from '@spillway/core'

/** The files of a folder at one moment, in byte order of their paths. */
export interface FolderListing {
  /** A digest of paths, sizes and validators. */
  readonly id: string
  readonly length: number
  /** About what it takes in memory. */
  readonly byteLength: number
  file(index: number): AssetFile
  /** Index of the first file whose path is not before `prefix`. */
  firstOf(prefix: string): number
}

/** Which files of a listing are wanted. */
export interface PageQuery {
  readonly maxResults: number
  /** Only files whose paths begin so. */
  readonly prefix: string
  /** Index of the first that may come. */
  readonly from?: { readonly after: number } | undefined
}

export function pageOf(
  listing: FolderListing,
  { maxResults, prefix, from }: PageQuery,
): AssetFilePage {
  const files: AssetFile[] = []
  let at = Math.max(from?.after ?? 0, listing.firstOf(prefix))
  for (; at < listing.length && files.length < maxResults; at++) {
    const file = listing.file(at)
    if (!file.path.startsWith(prefix)) return { snapshotId: listing.id, files }
    files.push(file)
  }
  const hasMore = at < listing.length && listing.file(at).path.startsWith(prefix)
  return { snapshotId: listing.id, files, ...(hasMore && { next: at }) }
}

/** A million files as an ordinary folder: numbers in columns, texts as they come. */
export class ListingBuilder {
  readonly #paths: string[] = []
  readonly #etags: (string | undefined)[] = []
  readonly #numbers: number[] = []
  readonly #hash = createHash('sha256')
  #byteLength = 0

  get length(): number {
    return this.#paths.length
  }

  /** About what it takes in memory so far. */
  get byteLength(): number {
    return this.#byteLength
  }

  /** Files come in byte order of their paths, as stores list them. */
  add({ path, size, lastModified, etag }: AssetFile): void {
    this.#paths.push(path)
    this.#etags.push(etag)
    this.#numbers.push(size, lastModified)
    this.#hash.update(JSON.stringify([path, size, etag ?? lastModified]))
    this.#byteLength += 2 * (path.length + (etag?.length ?? 0)) + BYTES_BESIDE
  }

  finish(): FolderListing {
    const paths = this.#paths
    const etags = this.#etags
    const numbers = Float64Array.from(this.#numbers)
    return {
      id: this.#hash.digest('base64url').slice(0, 32),
      length: paths.length,
      byteLength: this.#byteLength,
      file(index) {
        const [path, etag] = [paths[index]!, etags[index]]
        return { path, size: numbers[2 * index]!, lastModified: numbers[2 * index + 1]!, etag }
      },
      firstOf(prefix) {
        let [low, high] = [0, paths.length]
        while (low < high) {
          const middle = (low + high) >>> 1
          if (isBefore(paths[middle]!, prefix)) low = middle + 1
          else high = middle
        }
        return low
      },
    }
  }
}

/** Headers of two texts, two numbers and the places in arrays. */
const BYTES_BESIDE = 80

/** In the order of UTF-8, which is that of code points. */
export function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0
}
