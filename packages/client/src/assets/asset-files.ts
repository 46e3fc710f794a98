import { type FileMismatch, isTableError, TableError } from '@spillway/core'
import {
  decodeFilePage,
  decodeSignedFiles,
  type WireFilePage,
  type WireSignedFile,
} from '@spillway/protocol/wire'
import { type SendRequest, unusable } from '../http/http.js'
import { pageGuard, readObject } from '../http/list.js'
import { queryString } from '../http/paths.js'
import type { FilesOptions, FileUrlsOptions } from './asset-client.js'
import { type FolderName, folderPath, folderText } from './asset-name.js'
import { fileBound } from './file-bound.js'

/** Ten million files by pages of a hundred. */
const MAX_PAGES = 100_000

/** The pages of one listing. A path that comes twice, or a page of another listing, is a server that makes things up. */
export async function* filePages(
  send: SendRequest,
  folder: FolderName,
  { prefix, maxResults, maxFiles, signal }: FilesOptions,
): AsyncGenerator<WireFilePage> {
  const guard = pageGuard('the list of files')
  const paths = new Set<string>()
  let snapshotId: string | undefined
  const count = fileBound(folderText(folder), maxFiles)
  for (let pageToken: string | undefined, page = 0; page < MAX_PAGES; page++) {
    const query = queryString({ prefix: prefix || undefined, maxResults, pageToken })
    const request = { method: 'GET', path: folderPath(folder, `/files${query}`), signal } as const
    const found = await conflictTold(folder, () =>
      send(request, async answer => decodeFilePage(await readObject(answer))),
    )
    snapshotId ??= found.snapshotId
    if (found.snapshotId !== snapshotId) {
      throw unusable('its pages of files are of two listings')
    }
    guard.check(pageToken, found.files[0]?.path)
    for (const { path, mediaType = '' } of found.files) {
      count(path.length + mediaType.length)
      if (paths.has(path)) throw unusable(`it lists ${JSON.stringify(path.slice(0, 200))} twice`)
      if (prefix && !path.startsWith(prefix)) {
        throw unusable(`files below ${JSON.stringify(prefix)} were asked for, others came`)
      }
      paths.add(path)
    }
    yield found
    pageToken = found.nextPageToken
    if (pageToken === undefined) return
  }
  throw unusable(`the list of files has more than ${MAX_PAGES} pages`)
}

async function conflictTold<T>(folder: FolderName, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    if (!isTableError(error) || error.code !== 'CONFLICT') throw error
    throw new TableError(
      'CONFLICT',
      `the files of ${folderText(folder)} changed while they were listed: ${error.message}; begin the list again`,
      { context: error.context, cause: error },
    )
  }
}

/** As many as a server takes in one request. */
const PATHS_AT_ONCE = 1000

/** Signed URLs in the order of `paths`. */
export async function signFiles(
  send: SendRequest,
  { folder, paths }: { readonly folder: FolderName; readonly paths: readonly string[] },
  { expiresInSeconds, signal }: FileUrlsOptions,
): Promise<readonly WireSignedFile[]> {
  const signed: WireSignedFile[] = []
  for (let from = 0; from < paths.length; from += PATHS_AT_ONCE) {
    const asked = paths.slice(from, from + PATHS_AT_ONCE)
    const files = await send(
      {
        method: 'POST',
        path: folderPath(folder, '/file-urls'),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ paths: asked, expiresInSeconds }),
        signal,
      },
      async answer => decodeSignedFiles(await readObject(answer)),
    )
    const wrong = asked.findIndex((path, i) => files[i]?.path !== path)
    if (wrong >= 0 || files.length !== asked.length) {
      throw unusable('it signs other files than it was asked for')
    }
    for (const file of files) signed.push(file)
  }
  return signed
}

export async function sendMismatch(
  send: SendRequest,
  {
    folder,
    mismatch: { path, etag, sha256 },
    signal,
  }: {
    readonly folder: FolderName
    readonly mismatch: FileMismatch
    readonly signal: AbortSignal | undefined
  },
): Promise<void> {
  await send(
    {
      method: 'POST',
      path: folderPath(folder, '/file-mismatches'),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ path, etag, sha256 }),
      signal,
    },
    readObject,
  )
}
