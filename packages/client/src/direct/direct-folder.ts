import { createHash } from 'node:crypto'
import { mapConcurrently, type ObjectMeta, TableError } from '@spillway/core'
import type {
  WireAssetFile,
  WireCredentials,
  WireFilePage,
  WireSignedFile,
} from '@spillway/protocol/wire'
import type { FilesOptions, FileUrlsOptions } from '../assets/asset-client.js'
import { fileBound } from '../assets/file-bound.js'
import type { FolderStore } from './open-store.js'

/** A file is looked at, and listed ones are asked for their digest, so many at once. */
const LOOKED_AT = 16
/** A page, as servers make them. */
const PAGE_FILES = 1000
/** URLs are signed again before they end: how long they live costs nothing. */
const URL_SECONDS = 900

/** The files of a folder as its store lists them, and URLs that are signed here. */
export class DirectFolder {
  readonly #location: string
  readonly #access: FolderStore
  /** As they were listed last: what a file is by now its store says when it is fetched. */
  #listed: ReadonlyMap<string, WireAssetFile> = new Map()

  constructor(location: string, access: FolderStore) {
    this.#location = location
    this.#access = access
  }

  async *files({
    prefix = '',
    maxResults,
    maxFiles,
    signal,
  }: FilesOptions): AsyncGenerator<WireFilePage> {
    const { store, sha256 } = this.#access
    const metas: ObjectMeta[] = []
    const count = fileBound('the folder', maxFiles)
    for await (const meta of store.list(this.#location + prefix, signal && { signal })) {
      count(meta.path.length)
      // What ends with a slash marks a folder, and is none of its files.
      if (!meta.path.endsWith('/')) metas.push(meta)
    }
    const files = await mapConcurrently(metas, LOOKED_AT, async meta =>
      this.#fileOf(meta, await sha256?.(meta, signal)),
    )
    if (prefix === '') this.#listed = new Map(files.map(file => [file.path, file]))
    const snapshotId = snapshotOf(files)
    const size = Math.max(1, maxResults ?? PAGE_FILES)
    for (let at = 0; at === 0 || at < files.length; at += size) {
      const isLast = at + size >= files.length
      const nextPageToken = isLast ? undefined : String(at + size)
      yield { snapshotId, files: files.slice(at, at + size), nextPageToken }
    }
  }

  /** As they were listed, or, where nobody listed them, or `fresh`, as they are now. */
  async fileUrls(
    paths: readonly string[],
    { expiresInSeconds = URL_SECONDS, signal }: FileUrlsOptions,
    { fresh }: { readonly fresh: boolean },
  ): Promise<readonly WireSignedFile[]> {
    const files = await mapConcurrently(paths, LOOKED_AT, async path => {
      const listed = fresh ? undefined : this.#listed.get(path)
      return listed ?? this.#lookAt(path, signal)
    })
    const { urls, expiresAt } = await this.#access.signer.sign(
      paths.map(path => this.#location + path),
      { expiresInSeconds, now: Date.now(), signal },
    )
    return files.map((file, i) => ({ ...file, url: urls[i]!, expirationTimestamp: expiresAt }))
  }

  async #lookAt(path: string, signal: AbortSignal | undefined): Promise<WireAssetFile> {
    const isName = path !== '' && !path.split('/').some(each => ['', '.', '..'].includes(each))
    const meta = isName && (await this.#access.store.head(this.#location + path, signal))
    if (meta) return this.#fileOf(meta, undefined)
    const context = { path: path.slice(0, 300) }
    throw new TableError('NOT_FOUND', `there is no file ${JSON.stringify(context.path)}`, {
      context,
    })
  }

  #fileOf(
    { path, size, lastModified, etag }: ObjectMeta,
    sha256: string | undefined,
  ): WireAssetFile {
    const tag = tagOf(etag)
    return {
      path: path.slice(this.#location.length),
      size,
      lastModified,
      ...(tag === undefined ? {} : { etag: tag }),
      ...(sha256 === undefined ? {} : { sha256 }),
    }
  }
}

/** Some services leave the quotes out of listings. It is sent back in a header: nothing else may be in it. */
function tagOf(etag: string | undefined): string | undefined {
  if (etag === undefined || /^(?:W\/)?"[\x21\x23-\x7e]{0,1024}"$/.test(etag)) return etag
  return /^[\w-]{1,200}$/.test(etag) ? `"${etag}"` : undefined
}

/** Named by what a change would change. */
function snapshotOf(files: readonly WireAssetFile[]): string {
  const hash = createHash('sha256')
  for (const { path, size, etag, lastModified } of files) {
    hash.update(`${JSON.stringify([path, size, etag ?? lastModified])}\n`)
  }
  return hash.digest('hex').slice(0, 32)
}

/** Keys that are given again once they have less than this. */
const RENEW_BEFORE_MS = 20 * 60_000
/** Of a provider whose keys live shorter than that. */
const RENEW_EVERY_MS = 60_000

/** The same keys for all who ask, until they are about to end. */
export function renewed<Keys>(
  first: WireCredentials,
  options: {
    readonly ask: () => Promise<WireCredentials>
    readonly keysOf: (credentials: WireCredentials) => Keys
  },
): () => Promise<Keys> {
  let current = { credentials: Promise.resolve(first), at: Date.now(), until: first.expirationTime }
  return async () => {
    const now = Date.now()
    const isFresh = now - current.at < RENEW_EVERY_MS && current.until > now
    if (!isFresh && current.until - now < RENEW_BEFORE_MS) {
      const before = current
      const asked = options.ask()
      current = { credentials: asked, at: now, until: Number.POSITIVE_INFINITY }
      try {
        const { expirationTime } = await asked
        current = { credentials: asked, at: now, until: expirationTime }
      } catch (error) {
        current = before
        throw error
      }
    }
    return options.keysOf(await current.credentials)
  }
}
