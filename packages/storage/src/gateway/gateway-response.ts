import type { FileHandle } from 'node:fs/promises'
import { type FooterEdit, isTableError } from '@spillway/core'
import { codeOf, isMissing, localError } from '../local/local-error.js'
import { fileMeta } from '../local/local-meta.js'
import { openLocal } from '../local/local-open.js'
import { localRoots } from '../local/local-path.js'
import { fileBody } from './file-body.js'
import { parseRange } from './http-range.js'
import { isRangeOfSame, preconditionOf } from './preconditions.js'
import { UnviewableFile, type Views } from './viewed-file.js'

/** A file that a valid URL names: `path` is below one of `folders` by its text; links are looked at when it is opened. */
export interface GatewayTarget {
  readonly folders: readonly string[]
  readonly path: string
  /** The file is served under the footer that these make of its own. */
  readonly edits?: readonly FooterEdit[]
}

export interface ServeOptions {
  readonly views?: Views | undefined
  /** Told of trouble of the disk, which the recipient is told no more of than that there is some. */
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * An error without a body: clients that look at no status would take one for the file. What went wrong stands in a
 * header, for whoever looks with curl.
 */
export function refuse(
  status: number,
  errorCode: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const allow = status === 405 ? { Allow: 'GET, HEAD' } : {}
  return new Response(null, {
    status,
    headers: {
      'Content-Length': '0',
      'Cache-Control': 'no-store',
      [ERROR_HEADER]: `${errorCode}; ${message}`,
      ...allow,
      ...headers,
    },
  })
}

const ERROR_HEADER = 'spillway-error'

/** The file a verified URL names, whole or in part. Trouble of the disk is an answer too: 503 where it may pass. */
export async function serveFile(
  request: Request,
  target: GatewayTarget,
  options: ServeOptions = {},
): Promise<Response> {
  try {
    return await answerFile(request, target, options)
  } catch (error) {
    // What the file system refuses is no bug of ours, which a log would take it for.
    options.onError?.(/^E[A-Z0-9]+$/.test(codeOf(error)) ? localError(error, target.path) : error)
    return failed(error)
  }
}

/** The disk's trouble as an answer. */
export function failed(error: unknown): Response {
  const code = codeOf(error)
  if (error instanceof UnviewableFile || isTableError(error)) {
    return refuse(400, 'TABLE_CORRUPT', 'the file is no Parquet file; ask your provider')
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return refuse(403, 'PERMISSION_DENIED', 'the file cannot be read; ask your provider')
  }
  if (code === 'ELOOP') return refuse(404, 'RESOURCE_DOES_NOT_EXIST', GONE)
  return refuse(503, 'TEMPORARILY_UNAVAILABLE', 'the file cannot be read now', {
    'Retry-After': '1',
  })
}

const CHANGED = 'the file is not the one that was asked for: it has changed'
const GONE = 'the file is no longer there: ask for the table again'

async function answerFile(
  request: Request,
  target: GatewayTarget,
  { views }: ServeOptions,
): Promise<Response> {
  const file = await openInside(target)
  if (file === 'outside') {
    return refuse(403, 'PERMISSION_DENIED', 'this URL names a file outside the shared folder')
  }
  if (file === undefined) return refuse(404, 'RESOURCE_DOES_NOT_EXIST', GONE)
  let handedOver = false
  try {
    const found = await file.stat({ bigint: true })
    if (!found.isFile()) return refuse(404, 'RESOURCE_DOES_NOT_EXIST', GONE)
    const { size, etag = '', lastModified } = fileMeta(target.path, found)
    const { edits } = target
    const version = { path: target.path, version: etag, size }
    const view = edits && (await views?.of(file, version, edits))
    const served = answer(request, {
      size: view === undefined ? size : view.keptBytes + view.tail.length,
      etag: view === undefined ? etag : etag.replace(/"$/, `-${view.mark}"`),
      lastModified,
    })
    if (served.status === 412) {
      return refuse(412, 'RESOURCE_CONFLICT', CHANGED, { ETag: served.headers.ETag! })
    }
    if (served.part === undefined) return new Response(null, served)
    handedOver = true
    const isSame = async () =>
      fileMeta(target.path, await file.stat({ bigint: true })).etag === etag
    return new Response(fileBody(file, served.part, { view, isSame }), served)
  } finally {
    if (!handedOver) await file.close()
  }
}

/** Opens the real file, so that no symbolic link leads out of the folders. */
async function openInside(target: GatewayTarget): Promise<FileHandle | 'outside' | undefined> {
  try {
    return await openLocal(localRoots(target.folders), target.path)
  } catch (error) {
    if (isMissing(error)) return undefined
    if (isTableError(error)) return 'outside'
    throw error
  }
}

interface Served {
  readonly size: number
  readonly etag: string
  readonly lastModified: number
}

interface Answer {
  readonly status: number
  readonly headers: Record<string, string>
  /** Bytes of the body; absent for HEAD, 304, 412 and 416. */
  readonly part?: { readonly start: number; readonly end: number }
}

/** Status and headers (RFC 9110): what is sent is always the stored bytes, of exactly the length that is stated. */
function answer(request: Request, { size, etag, lastModified }: Served): Answer {
  const headers: Record<string, string> = {
    'Accept-Ranges': 'bytes',
    'Content-Type': 'application/octet-stream',
    // Compressing on the way would break ranges and lengths.
    'Cache-Control': 'private, no-transform',
    'X-Content-Type-Options': 'nosniff',
    'Last-Modified': new Date(lastModified).toUTCString(),
    ETag: etag,
  }
  const precondition = preconditionOf(request.headers, { etag, lastModified })
  if (precondition === 'failed') return { status: 412, headers }
  if (precondition === 'not modified') return { status: 304, headers }
  headers['Content-Length'] = String(size)
  if (request.method === 'HEAD') return { status: 200, headers }
  const range = isRangeOfSame(request.headers, { etag, lastModified })
    ? parseRange(request.headers.get('Range'), size)
    : { kind: 'whole' as const }
  if (range.kind === 'whole') return { status: 200, headers, part: { start: 0, end: size } }
  if (range.kind === 'unsatisfiable') {
    headers['Content-Range'] = `bytes */${size}`
    headers['Content-Length'] = '0'
    return { status: 416, headers }
  }
  headers['Content-Range'] = `bytes ${range.start}-${range.end - 1}/${size}`
  headers['Content-Length'] = String(range.end - range.start)
  return { status: 206, headers, part: { start: range.start, end: range.end } }
}
