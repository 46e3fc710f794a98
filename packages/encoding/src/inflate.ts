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
import { Inflation } from './inflation.js'

/** Bytes of a document that may be compressed, which its first bytes tell better than its name: gzip, zstd or neither. */
export function inflateDocument(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Uint8Array {
  const gzip = bytes[0] === 0x1f && bytes[1] === 0x8b
  const zstd = bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd
  const inflated = gzip
    ? inflate('gzip', bytes, path, budgets)
    : zstd
      ? inflate('zstd', bytes, path, budgets)
      : bytes
  requireDocument(inflated.length, path, budgets)
  return inflated
}

/** Refuses a document that is too long to be held as one text. */
export function requireDocument(length: number, path: string, budgets: ReadBudgets): void {
  requireWithin(budgets, 'documentBytes', {
    what: 'a document',
    observed: length,
    unit: 'bytes',
    path,
  })
}

/** The text of a document, which may be compressed, without a byte order mark. */
export function documentText(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): string {
  const inflated = inflateDocument(bytes, path, budgets)
  if (!isUtf8(inflated)) {
    throw new TableError('TABLE_CORRUPT', `expected a text in UTF-8 at ${path}`, {
      context: { path },
    })
  }
  const hasMark = inflated[0] === 0xef && inflated[1] === 0xbb && inflated[2] === 0xbf
  return decodeText(hasMark ? inflated.subarray(3) : inflated)
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
    if (isTableError(cause)) throw cause
    throw new TableError(
      'TABLE_CORRUPT',
      `expected a document compressed with ${codec} at ${path}`,
      {
        context: { path },
        cause,
      },
    )
  }
}

function documentInflation(storedBytes: number, path: string, budgets: ReadBudgets): Inflation {
  return new Inflation(budgets, { what: 'a document', storedBytes, path }, 'documentBytes')
}
