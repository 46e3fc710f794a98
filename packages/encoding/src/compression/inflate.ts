import { isUtf8 } from 'node:buffer'
import {
  DEFAULT_BUDGETS,
  decodeText,
  isTableError,
  type ReadBudgets,
  requireWithin,
  TableError,
} from '@spillway/core'
import { inflateBytes } from './inflate-bytes.js'
import { inflateBytesLater } from './inflate-later.js'
import { Inflation } from './inflation.js'

/** Bytes of a document that may be compressed, which its first bytes tell better than its name: gzip, zstd or neither. */
export function inflateDocument(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Uint8Array {
  const codec = codecOf(bytes)
  const inflated = codec === undefined ? bytes : inflate(codec, bytes, path, budgets)
  requireDocument(inflated.length, path, budgets)
  return inflated
}

function codecOf(bytes: Uint8Array): 'gzip' | 'zstd' | undefined {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return 'gzip'
  const isZstd = bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd
  return isZstd ? 'zstd' : undefined
}

/** Refuses a document that is too long to be held as one text. */
function requireDocument(length: number, path: string, budgets: ReadBudgets): void {
  requireWithin(budgets, 'documentBytes', {
    what: 'a document',
    observed: length,
    unit: 'bytes',
    path,
  })
}

/** The bytes of a text in UTF-8, which may be compressed, without a byte order mark; long ones are inflated while others go on. */
export async function documentBytes(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Promise<Uint8Array> {
  const codec = codecOf(bytes)
  if (codec === undefined || bytes.length < LONG_DOCUMENT) {
    return withoutMark(inflateDocument(bytes, path, budgets), path)
  }
  const inflation = documentInflation(bytes.length, path, budgets)
  const inflated = await inflateBytesLater(codec, bytes, inflation).catch(cause => {
    throw refused(codec, path, cause)
  })
  requireDocument(inflated.length, path, budgets)
  return withoutMark(inflated, path)
}

/** Compressed bytes that take some milliseconds to inflate. */
const LONG_DOCUMENT = 1 << 18

/** The text of a document, which may be compressed, without a byte order mark. */
export function documentText(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): string {
  return decodeText(withoutMark(inflateDocument(bytes, path, budgets), path))
}

function withoutMark(bytes: Uint8Array, path: string): Uint8Array {
  if (!isUtf8(bytes)) {
    throw new TableError('TABLE_CORRUPT', `expected a text in UTF-8 at ${path}`, {
      context: { path },
    })
  }
  const hasMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf
  return hasMark ? bytes.subarray(3) : bytes
}

function inflate(
  codec: 'gzip' | 'zstd',
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets,
): Uint8Array {
  try {
    return inflateBytes(codec, bytes, documentInflation(bytes.length, path, budgets))
  } catch (cause) {
    throw refused(codec, path, cause)
  }
}

function refused(codec: string, path: string, cause: unknown): unknown {
  if (isTableError(cause)) return cause
  return new TableError(
    'TABLE_CORRUPT',
    `expected a document compressed with ${codec} at ${path}`,
    { context: { path }, cause },
  )
}

function documentInflation(storedBytes: number, path: string, budgets: ReadBudgets): Inflation {
  return new Inflation(budgets, { what: 'a document', storedBytes, path }, 'documentBytes')
}
