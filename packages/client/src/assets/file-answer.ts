import { type ErrorCode, isPassingStatus, TableError } from '@spillway/core'
import type { WireSignedFile } from '@spillway/protocol/wire'
import type { BytesAnswer } from '../http/bytes-answer.js'

/** A file as it was signed, and where it lies: for errors, which never hold the URL. */
export interface FilePlace {
  readonly host: string
  readonly file: WireSignedFile
}

/** What stores answer to a signed URL that has expired, or was signed with credentials that have. */
const REFUSED: ReadonlySet<number> = new Set([400, 401, 403])

/** What a status says, where it is none that bytes come with. */
export function refusalOf(status: number, place: FilePlace): TableError | undefined {
  if (status === 200 || status === 206) return undefined
  const fail = (code: ErrorCode, reason: string, retryable = false) =>
    fileError(place, { code, reason, retryable, status })
  if (status === 404 || status === 410)
    return fail('CONFLICT', `it is not there any more (${status})`)
  if (status === 412) return fail('CONFLICT', 'it has changed since it was listed (412)')
  if (status === 416) return fail('CONFLICT', 'it is shorter than it was listed (416)')
  if (REFUSED.has(status)) return fail('PERMISSION_DENIED', `its URL is not taken (${status})`)
  const mayPass = isPassingStatus(status)
  if (mayPass || status >= 500) {
    return fail('STORAGE_UNAVAILABLE', `the storage answered ${status}`, mayPass)
  }
  return fail('INVALID_REQUEST', `the storage answered ${status}`)
}

/** Which bytes of the file an answer's body is. */
export function bodyRange(
  response: BytesAnswer,
  range: { readonly start: number; readonly end: number } | undefined,
  place: FilePlace,
): { readonly start: number; readonly end: number } {
  const { size, etag } = place.file
  const fail = (code: ErrorCode, reason: string) => {
    // Nobody will read it.
    response.body?.cancel().catch(() => undefined)
    return fileError(place, { code, reason, retryable: false })
  }
  const encoding = response.headers.get('content-encoding') ?? 'identity'
  if (!/^(?:identity|aws-chunked)?$/i.test(encoding)) {
    throw fail(
      'TABLE_CORRUPT',
      `it came encoded (${encoding.slice(0, 40)}), which was not asked for`,
    )
  }
  const found = response.headers.get('etag')
  if (found !== null && isOther(found, etag)) {
    throw fail('CONFLICT', 'it has changed since it was listed: its entity tag is another')
  }
  if (response.status === 200) {
    const length = lengthOf(response)
    if (length !== undefined && length !== size) {
      throw fail('CONFLICT', `it has ${length} bytes, ${size} were listed`)
    }
    if (range !== undefined && (range.start > 0 || range.end < size)) {
      throw fail('UNSUPPORTED_FEATURE', 'the storage sends it whole where a part was asked for')
    }
    return { start: 0, end: size }
  }
  if (range === undefined) throw fail('TABLE_CORRUPT', 'a part came where all was asked for')
  return partOf(response, range, { size, fail })
}

function partOf(
  response: BytesAnswer,
  range: { readonly start: number; readonly end: number },
  {
    size,
    fail,
  }: { readonly size: number; readonly fail: (code: ErrorCode, reason: string) => TableError },
): { readonly start: number; readonly end: number } {
  const header = response.headers.get('content-range') ?? ''
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/.exec(header)
  const asked = `bytes ${range.start} to ${range.end - 1} were asked for`
  if (match === null) {
    const found = header === '' ? 'no content-range' : JSON.stringify(header.slice(0, 80))
    throw fail('TABLE_CORRUPT', `${asked}, the answer says ${found}`)
  }
  const [start, last] = [Number(match[1]), Number(match[2])]
  if (match[3] !== '*' && Number(match[3]) !== size) {
    throw fail('CONFLICT', `it has ${match[3]} bytes, ${size} were listed`)
  }
  if (start !== range.start || last < start || last >= range.end) {
    throw fail('TABLE_CORRUPT', `${asked}, ${start} to ${last} came`)
  }
  const length = lengthOf(response)
  if (length !== undefined && length !== last - start + 1) {
    throw fail('TABLE_CORRUPT', `${length} bytes are said to be bytes ${start} to ${last}`)
  }
  return { start, end: last + 1 }
}

/** Undefined where a body says nothing of its length. */
function lengthOf({ headers }: BytesAnswer): number | undefined {
  const text = headers.get('content-length')
  return text === null || !/^\d{1,16}$/.test(text) ? undefined : Number(text)
}

/** Tags are compared where both are strong; stores that say a weak one, or none, are believed by `If-Match` and size. */
function isOther(found: string, listed: string | undefined): boolean {
  return listed?.startsWith('"') === true && found.startsWith('"') && found !== listed
}

export function fileError(
  { host, file }: FilePlace,
  {
    code,
    reason,
    retryable,
    status,
  }: {
    readonly code: ErrorCode
    readonly reason: string
    readonly retryable: boolean
    readonly status?: number
  },
): TableError {
  const path = JSON.stringify(file.path.slice(0, 300))
  return new TableError(
    code,
    `${path} cannot be read from the provider's storage at ${host}: ${reason}`,
    {
      context: {
        path: file.path.slice(0, 300),
        host,
        ...(code === 'CONFLICT' && { stale: 1 }),
        ...(status === undefined ? {} : { status }),
      },
      retryable,
    },
  )
}
