import { isTableError, TableError } from '@spillway/core'
import type { WireAssetFile, WireSignedFile } from '@spillway/protocol/wire'
import type { AssetClient } from '../assets/asset-client.js'
import type { FolderName } from '../assets/asset-name.js'

export interface SignedUrlsOptions {
  readonly client: Pick<AssetClient, 'fileUrls'>
  readonly folder: FolderName
  /** All that will be asked for, about in that order. */
  readonly files: readonly WireAssetFile[]
  readonly signal: AbortSignal
}

/** Files signed in one request: those that will be asked for next. */
const AHEAD = 100
/** A URL with less time than this is not begun with. */
const MARGIN_MS = 30_000
/** A clock that is wrong makes every URL look expired: one is used for as long in any case. */
const FRESH_MS = 60_000
/** Files that are not there any more, after which the whole listing is taken for old. */
const MAX_GONE = 32

interface Kept {
  readonly file: WireSignedFile
  readonly signedAt: number
}

/** URLs of files as they were listed, signed ahead, and again where they have expired or are refused. */
export class SignedUrls {
  readonly #options: SignedUrlsOptions
  readonly #places: ReadonlyMap<string, number>
  readonly #kept = new Map<string, Kept>()
  readonly #asked = new Map<string, Promise<void>>()
  readonly #gone = new Set<string>()

  constructor(options: SignedUrlsOptions) {
    this.#options = options
    this.#places = new Map(options.files.map(({ path }, i) => [path, i]))
  }

  /** Throws `CONFLICT` where the file is another than was listed, or is not there any more. */
  async get(listed: WireAssetFile): Promise<WireSignedFile> {
    const { path } = listed
    if (!this.#isUsable(path)) {
      const asked = this.#asked.get(path) ?? this.#ask(path)
      await asked
    }
    const kept = this.#kept.get(path)
    if (kept === undefined) throw changed(path, 'is not there any more')
    // Held to the listing: what the store has by now is looked at when it answers.
    const { url, expirationTimestamp, ...now } = kept.file
    if (!isSameFile(listed, now)) throw changed(path, 'has changed since it was listed')
    const { sha256 = now.sha256 } = listed
    return { ...listed, ...(sha256 && { sha256 }), url, expirationTimestamp }
  }

  /** The store did not take this URL. */
  refuse({ path, url }: WireSignedFile): void {
    if (this.#kept.get(path)?.file.url === url) this.#kept.delete(path)
  }

  /** Nobody will ask for it again. */
  forget({ path }: WireAssetFile): void {
    this.#kept.delete(path)
  }

  #isUsable(path: string): boolean {
    const kept = this.#kept.get(path)
    if (kept === undefined) return false
    const now = Date.now()
    return kept.file.expirationTimestamp > now + MARGIN_MS || now - kept.signedAt < FRESH_MS
  }

  #ask(path: string): Promise<void> {
    const from = this.#places.get(path) ?? 0
    const { files } = this.#options
    const next = files.slice(from + 1, from + AHEAD).map(each => each.path)
    const ahead = next.filter(
      each => !this.#kept.has(each) && !this.#asked.has(each) && !this.#gone.has(each),
    )
    const paths = [path, ...ahead]
    const asked = this.#sign(paths).finally(() => {
      for (const each of paths) this.#asked.delete(each)
    })
    for (const each of paths) this.#asked.set(each, asked)
    return asked
  }

  /** A file that is not there fails the whole request: halves find it. */
  async #sign(paths: readonly string[]): Promise<void> {
    const { client, folder, signal } = this.#options
    try {
      const signedAt = Date.now()
      const signed = await client.fileUrls(folder, paths, { signal })
      for (const file of signed) this.#kept.set(file.path, { file, signedAt })
    } catch (error) {
      if (!isTableError(error) || error.code !== 'NOT_FOUND') throw error
      if (paths.length === 1) {
        this.#gone.add(paths[0]!)
        this.#kept.delete(paths[0]!)
        return
      }
      if (this.#gone.size > MAX_GONE)
        throw changed(paths[0]!, 'and many more are not there any more')
      const half = paths.length >>> 1
      await this.#sign(paths.slice(0, half))
      await this.#sign(paths.slice(half))
    }
  }
}

interface FileIdentity {
  readonly size: number
  readonly etag?: string | undefined
  readonly sha256?: string | undefined
}

/** Compared by what both sides know, strong tags alone. */
export function isSameFile(listed: FileIdentity, found: FileIdentity): boolean {
  if (listed.size !== found.size) return false
  const tags = [listed.etag, found.etag].filter(each => each?.startsWith('"'))
  if (tags.length === 2 && tags[0] !== tags[1]) return false
  return listed.sha256 === undefined || found.sha256 === undefined || listed.sha256 === found.sha256
}

function changed(path: string, reason: string): TableError {
  return new TableError('CONFLICT', `${JSON.stringify(path.slice(0, 300))} ${reason}`, {
    context: { path: path.slice(0, 300), stale: 1 },
  })
}
