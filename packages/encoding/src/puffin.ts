import { isUtf8 } from 'node:buffer'
import {
  atOnce,
  budgetsOf,
  DEFAULT_BUDGETS,
  inSlices,
  isJsonObject,
  isTableError,
  type JsonValue,
  type ObjectStore,
  type ReadBudgets,
  readListed,
  requireWithin,
  Slices,
  type Steps,
  TableError,
} from '@spillway/core'
import { crc32 } from './bytes/crc32.js'
import { located } from './bytes/located.js'
import { inflateBytes } from './compression/inflate-bytes.js'
import { Inflation } from './compression/inflation.js'
import { longJsonInSteps } from './json/long-json.js'

/** One blob of a Puffin file (Puffin spec, "BlobMetadata"). */
export interface PuffinBlob {
  readonly type: string
  readonly fields: readonly number[]
  readonly offset: number
  readonly length: number
  readonly compression?: string
  readonly properties: ReadonlyMap<string, string>
}

export interface PuffinFooter {
  readonly blobs: readonly PuffinBlob[]
  readonly properties: ReadonlyMap<string, string>
}

const MAGIC = [0x50, 0x46, 0x41, 0x31]
/** FooterPayloadSize, Flags and Magic, after the payload. */
const FOOTER_END = 12
const FOOTER_GUESS = 16 * 1024
const BLOBS_IN_A_STEP = 512

/** The footer of a Puffin file, in one ranged read where it is small. */
export async function readPuffinFooter(
  store: ObjectStore,
  path: string,
  signal?: AbortSignal,
): Promise<PuffinFooter> {
  const tail = await readSuffix(store, path, FOOTER_GUESS, signal)
  const budgets = budgetsOf(store)
  const needed = located(path, () => footerLength(tail))
  const what = 'a Puffin footer'
  requireWithin(budgets, 'footerBytes', { what, observed: needed, unit: 'bytes', path })
  const bytes = needed <= tail.length ? tail : await readSuffix(store, path, needed, signal)
  return inSlices(footerInSteps(bytes, budgets), new Slices(), next => located(path, next))
}

/** The bytes of one blob, uncompressed. */
export async function readPuffinBlob(
  store: ObjectStore,
  path: string,
  blob: Pick<PuffinBlob, 'offset' | 'length' | 'compression'>,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const { offset, length, compression } = blob
  const budgets = budgetsOf(store)
  const what = 'a Puffin blob'
  const end = offset + length
  const bytes = await readListed(
    store,
    { path, size: end },
    { range: { start: offset, end }, signal },
  )
  if (bytes === undefined) throw missing(path)
  return located(path, () => {
    const room = new Inflation(budgets, { what, storedBytes: length, path })
    return inflateBlob(bytes, compression, room)
  })
}

/** A footer from bytes that end where the file ends. */
export function parsePuffinFooter(
  bytes: Uint8Array,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): PuffinFooter {
  return atOnce(footerInSteps(bytes, budgets))
}

function* footerInSteps(bytes: Uint8Array, budgets: ReadBudgets): Steps<PuffinFooter> {
  const length = footerLength(bytes)
  if (length > bytes.length) throw badPuffin('its footer is longer than the file')
  const start = bytes.length - length
  if (!isMagic(bytes, start)) throw badPuffin('no magic before its footer')
  const flags = bytes.subarray(bytes.length - 8, bytes.length - 4)
  if ((flags[0]! & 1) !== 0) {
    throw new TableError('UNSUPPORTED_FEATURE', 'a Puffin footer compressed with LZ4')
  }
  if ((flags[0]! & ~1) !== 0 || flags[1] !== 0 || flags[2] !== 0 || flags[3] !== 0) {
    throw badPuffin('flags that no version of the format defines')
  }
  return yield* decodeFooter(bytes.subarray(start + 4, bytes.length - FOOTER_END), budgets)
}

/**
 * What a `deletion-vector-v1` blob, or a Delta deletion vector file at its offset, wraps: magic and 64-bit roaring
 * bitmap. Length and CRC-32 around it are verified (Puffin spec, "deletion-vector-v1").
 */
export function unwrapDeletionVector(blob: Uint8Array): Uint8Array {
  if (blob.length < 12) throw badPuffin(`a deletion vector of ${blob.length} bytes`)
  const view = new DataView(blob.buffer, blob.byteOffset, blob.byteLength)
  const length = view.getUint32(0)
  if (length !== blob.length - 8) {
    throw badPuffin(
      `expected a deletion vector of ${blob.length - 8} bytes, found one of ${length}`,
    )
  }
  const bitmap = blob.subarray(4, blob.length - 4)
  if (view.getUint32(4, true) !== 1681511377) throw badPuffin('a deletion vector without its magic')
  const expected = view.getUint32(blob.length - 4)
  const found = crc32(bitmap)
  if (found !== expected) {
    throw badPuffin(`expected a deletion vector with CRC-32 ${expected}, found ${found}`)
  }
  return bitmap
}

function footerLength(tail: Uint8Array): number {
  if (tail.length < FOOTER_END + 4 || !isMagic(tail, tail.length - 4)) {
    throw badPuffin('no magic at its end')
  }
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength)
  const payload = view.getInt32(tail.length - FOOTER_END, true)
  if (payload < 0) throw badPuffin(`a footer of ${payload} bytes`)
  return payload + FOOTER_END + 4
}

function isMagic(bytes: Uint8Array, at: number): boolean {
  return MAGIC.every((byte, i) => bytes[at + i] === byte)
}

function* decodeFooter(payload: Uint8Array, budgets: ReadBudgets): Steps<PuffinFooter> {
  if (!isUtf8(payload)) throw new TableError('TABLE_CORRUPT', 'a Puffin footer that is not UTF-8')
  // An object is a LongObject only where one is asked for.
  const json = (yield* longJsonInSteps(payload, { budgets })) as JsonValue
  if (!isJsonObject(json) || !Array.isArray(json.blobs)) throw badPuffin('a footer without blobs')
  const blobs: PuffinBlob[] = []
  for (const blob of json.blobs as readonly JsonValue[]) {
    if (blobs.push(decodeBlob(blob)) % BLOBS_IN_A_STEP === 0) yield
  }
  return { blobs, properties: decodeProperties(json.properties) }
}

function decodeBlob(json: JsonValue): PuffinBlob {
  if (!isJsonObject(json)) throw badPuffin('a blob that is not an object')
  const { type, fields, offset, length } = json
  const compression = json['compression-codec']
  if (typeof type !== 'string' || !isSize(offset) || !isSize(length)) {
    throw badPuffin('a blob without type, offset or length')
  }
  return {
    type,
    fields: Array.isArray(fields) ? fields.filter(isSize) : [],
    offset,
    length,
    ...(typeof compression === 'string' ? { compression } : {}),
    properties: decodeProperties(json.properties),
  }
}

function decodeProperties(json: JsonValue | undefined): ReadonlyMap<string, string> {
  if (!isJsonObject(json)) return new Map()
  return new Map(Object.entries(json).map(([key, value]) => [key, String(value)]))
}

function isSize(json: JsonValue | undefined): json is number {
  return typeof json === 'number' && Number.isSafeInteger(json) && json >= 0
}

function inflateBlob(
  bytes: Uint8Array,
  compression: string | undefined,
  room: Inflation,
): Uint8Array {
  if (compression === undefined) return bytes
  if (compression !== 'zstd') {
    throw new TableError('UNSUPPORTED_FEATURE', `a Puffin blob compressed with ${compression}`)
  }
  try {
    return inflateBytes('zstd', bytes, room)
  } catch (cause) {
    if (isTableError(cause)) throw cause
    throw new TableError('TABLE_CORRUPT', 'expected a Puffin blob compressed with zstd', { cause })
  }
}

async function readSuffix(
  store: ObjectStore,
  path: string,
  suffix: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const found = await store.get(path, { range: { suffix }, signal })
  if (found === undefined) throw missing(path)
  return found.bytes
}

function missing(path: string): TableError {
  return new TableError('TABLE_CORRUPT', `the Puffin file ${path} is missing`, {
    context: { path },
  })
}

function badPuffin(what: string): TableError {
  return new TableError('TABLE_CORRUPT', `expected a Puffin file, found ${what}`)
}
