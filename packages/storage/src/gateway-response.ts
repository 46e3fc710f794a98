import type { FileHandle } from 'node:fs/promises'
import { type FooterEdit, isTableError } from '@spillway/core'
import { parseRange } from './http-range.js'
import { isMissing } from './local-error.js'
import { fileMeta } from './local-meta.js'
import { openLocal } from './local-open.js'
import { localRoots } from './local-path.js'
import { type ViewedFile, type ViewFooter, viewedFile } from './viewed-file.js'

/** A file that a valid URL names: `path` is below one of `folders` by its text; links are looked at when it is opened. */
export interface GatewayTarget {
  readonly folders: readonly string[]
  readonly path: string
  /** The file is served under the footer that these make of its own. */
  readonly edits?: readonly FooterEdit[]
}

export interface ServeOptions {
  readonly viewFooter?: ViewFooter
}

/** An error as the wire's clients read it: one JSON object. */
export function refuse(
  status: number,
  errorCode: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Response {
  const allow = status === 405 ? { Allow: 'GET, HEAD' } : {}
  return new Response(JSON.stringify({ errorCode, message }), {
    status,
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...allow, ...headers },
  })
}

/** The file a verified URL names, whole or in part. Trouble of the disk is an answer too, which may be asked again. */
export async function serveFile(
  request: Request,
  target: GatewayTarget,
  options: ServeOptions = {},
): Promise<Response> {
  try {
    return await answerFile(request, target, options)
  } catch {
    return refuse(503, 'STORAGE_UNAVAILABLE', 'the file cannot be read now')
  }
}

async function answerFile(
  request: Request,
  target: GatewayTarget,
  { viewFooter }: ServeOptions,
): Promise<Response> {
  const file = await openInside(target)
  if (file === 'outside') {
    return refuse(403, 'PERMISSION_DENIED', 'this URL names a file outside the shared folder')
  }
  if (file === undefined) return refuse(404, 'NOT_FOUND', 'the file is no longer there')
  let handedOver = false
  try {
    const found = await file.stat({ bigint: true })
    if (!found.isFile()) return refuse(404, 'NOT_FOUND', 'the file is no longer there')
    const { size, etag = '', lastModified } = fileMeta(target.path, found)
    const { edits } = target
    const view = edits && viewFooter && (await viewedFile(file, size, { edits, viewFooter }))
    const served = answer(request, {
      size: view === undefined ? size : view.keptBytes + view.tail.length,
      etag: view === undefined ? etag : etag.replace(/"$/, `-${view.mark}"`),
      lastModified,
    })
    if (served.part === undefined) return new Response(null, served)
    handedOver = true
    return new Response(streamPart(file, served.part, view), served)
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
  /** Bytes of the body; absent for HEAD, 304 and 416. */
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
  if (matchesAny(request.headers.get('If-None-Match'), etag)) return { status: 304, headers }
  headers['Content-Length'] = String(size)
  if (request.method === 'HEAD') return { status: 200, headers }
  const range = isSameFile(request.headers.get('If-Range'), headers)
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

function matchesAny(header: string | null, etag: string): boolean {
  if (header === null) return false
  return header
    .split(',')
    .some(tag => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag)
}

/** If-Range: a range of another version of the file would be glued to the wrong bytes. */
function isSameFile(ifRange: string | null, headers: Record<string, string>): boolean {
  return ifRange === null || ifRange === headers.ETag || ifRange === headers['Last-Modified']
}

const CHUNK_BYTES = 256 * 1024

/** Reads as the recipient reads, a chunk ahead at most. A file that shrinks breaks the answer off. */
function streamPart(
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
  view?: ViewedFile,
): ReadableStream<Uint8Array> {
  const ownEnd = view === undefined ? end : Math.min(end, view.keptBytes)
  let position = start
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        if (view !== undefined && position >= ownEnd) {
          const { keptBytes, tail } = view
          if (end > position) controller.enqueue(tail.slice(position - keptBytes, end - keptBytes))
          await file.close()
          controller.close()
          return
        }
        const wanted = Math.min(CHUNK_BYTES, ownEnd - position)
        const chunk = new Uint8Array(wanted)
        const { bytesRead } = await file.read(chunk, 0, wanted, position)
        if (bytesRead === 0 && wanted > 0)
          throw new Error('the file became shorter while it was read')
        position += bytesRead
        if (bytesRead > 0) controller.enqueue(chunk.subarray(0, bytesRead))
        if (position < end) return
        await file.close()
        controller.close()
      } catch (error) {
        await file.close()
        throw error
      }
    },
    cancel: () => file.close(),
  })
}
