import type { BytesAnswer } from '@spillway/client'
import { isPassingStatus, isTableError, TableError } from '@spillway/core'
import type { ByteRange, RemoteObject } from './byte-source.js'

/** What is read, and where: for errors, which never hold the URL. */
export interface Place {
  readonly object: RemoteObject
  readonly host: string
}

export interface Failure {
  /** `refused`: an expired or unwelcome URL; `broken`: worth another try. */
  readonly kind: 'refused' | 'broken'
  readonly error: TableError
}

/** What clouds answer to a signed URL that has expired. */
const REFUSED: ReadonlySet<number> = new Set([400, 401, 403, 410])

export function failureOf(status: number, place: Place): Failure | undefined {
  if (status === 200 || status === 206) return undefined
  if (status === 412) throw replaced(place)
  if (status === 404) throw badObject(place, 'it is not there (404)')
  if (status === 416)
    throw badObject(place, 'it ends before the bytes that the share promises (416)')
  const error = new TableError(
    'STORAGE_UNAVAILABLE',
    `the provider's storage at ${place.host} answered ${status} for a file of the table`,
    { context: { file: place.object.key, status }, retryable: isPassingStatus(status) },
  )
  if (REFUSED.has(status)) return { kind: 'refused', error }
  if (isPassingStatus(status)) return { kind: 'broken', error }
  throw error
}

interface Body {
  /** Bytes to leave out first: whoever ignores ranges sends everything. */
  readonly skip: number
  readonly length: number
}

export function bodyOf(response: BytesAnswer, range: ByteRange, place: Place): Body {
  const asked = range.end - range.start
  const length = response.headers.get('content-length')
  if (response.status === 200) {
    checkSize(length === null ? undefined : Number(length), place)
    return { skip: range.start, length: asked }
  }
  const header = response.headers.get('content-range') ?? ''
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(header)
  if (match === null) throw badObject(place, `content-range is ${JSON.stringify(header)}`)
  const [first, last] = [Number(match[1]), Number(match[2])]
  if (match[3] !== '*') checkSize(Number(match[3]), place)
  if (first !== range.start || last >= range.end || last < first) {
    throw badObject(
      place,
      `bytes ${range.start} to ${range.end - 1} were asked for, ${first} to ${last} came`,
    )
  }
  return { skip: 0, length: last - first + 1 }
}

function checkSize(found: number | undefined, place: Place): void {
  const { size } = place.object
  if (found === undefined || size === undefined || found === size) return
  throw badObject(place, `it is ${found} bytes long, the share says ${size}`)
}

interface Copying {
  readonly take: (bytes: Uint8Array) => Promise<void>
  readonly received: (bytes: number) => void
}

/** A body that ends early throws something retryable; bytes beyond the range are an error. */
export async function copy(
  { skip, length }: Body,
  response: BytesAnswer,
  { take, received }: Copying,
): Promise<void> {
  const reader = response.body?.getReader()
  if (reader === undefined) throw new Error('an answer without a body')
  let skipped = 0
  let taken = 0
  try {
    while (taken < length) {
      const next = await reader.read()
      if (next.done) throw new Error(`the answer ends after ${taken} of ${length} bytes`)
      received(next.value.length)
      const start = Math.min(next.value.length, skip - skipped)
      skipped += start
      const rest = next.value.subarray(start, start + (length - taken))
      if (rest.length === 0) continue
      await take(rest)
      taken += rest.length
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

export function badObject({ object, host }: Place, reason: string): TableError {
  return new TableError(
    'TABLE_CORRUPT',
    `a file of the table at ${host} cannot be used: ${reason}`,
    { context: { file: object.key } },
  )
}

/** Another object is there now, under the same name: nothing that was read before belongs to it. */
export function replaced(place: Place): TableError {
  const { code, message, context } = badObject(place, 'it changed while it was read')
  return new TableError(code, message, { context: { ...context, replaced: 1 } })
}

/** True for the error of `replaced`, of the object of `key` where that is given. */
export function isReplaced(error: unknown, key?: string): boolean {
  if (!isTableError(error) || error.context.replaced !== 1) return false
  return key === undefined || error.context.file === key
}

export function brokenError(cause: unknown, { object, host }: Place): TableError {
  if (isTableError(cause)) return cause
  const inner = cause instanceof Error ? (cause.cause ?? cause) : cause
  const detail = inner instanceof Error ? inner.message : String(inner)
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `no whole answer from the provider's storage at ${host}: ${detail}`,
    { context: { file: object.key }, cause, retryable: true },
  )
}

export function exhausted(error: TableError, attempts: number): TableError {
  return new TableError(error.code, `${error.message} (after ${attempts} attempts)`, {
    context: error.context,
    cause: error,
  })
}
