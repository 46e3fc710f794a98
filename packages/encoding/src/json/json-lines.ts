import { isAscii } from 'node:buffer'
import type { TextDecoder as Utf8Decoder } from 'node:util'
import { TableError } from '@spillway/core'

export interface JsonLine {
  /** Counted from 1. */
  readonly line: number
  readonly text: string
}

export interface JsonLinesOptions {
  /** Named in errors. */
  readonly path?: string
  /** A longer line is refused before it is decoded. 64 MiB unless given. */
  readonly maxLineBytes?: number
}

const DEFAULT_MAX_LINE_BYTES = 64 * 1024 * 1024
const NEWLINE = 0x0a
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf]

/** The lines of a newline-delimited document that are not blank. A carriage return before the newline is dropped. */
export function* jsonLines(
  bytes: Uint8Array,
  options: JsonLinesOptions = {},
): Generator<JsonLine, void, undefined> {
  const limit = options.maxLineBytes ?? DEFAULT_MAX_LINE_BYTES
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let start = BYTE_ORDER_MARK.every((byte, i) => bytes[i] === byte) ? BYTE_ORDER_MARK.length : 0
  for (let line = 1; start < bytes.length; line++) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline < 0 ? bytes.length : newline
    const content = trimmed(bytes, start, end)
    if (content.length > limit) throw tooLong(content.length, limit, line, options.path)
    if (content.length > 0) yield { line, text: decode(content, utf8, line, options.path) }
    start = end + 1
  }
}

/** `jsonLines` with a callback. */
export function forEachJsonLine(
  bytes: Uint8Array,
  visit: (text: string, line: number) => void,
  options: JsonLinesOptions = {},
): void {
  for (const { text, line } of jsonLines(bytes, options)) visit(text, line)
}

function trimmed(bytes: Uint8Array, start: number, end: number): Uint8Array {
  let from = start
  let to = end
  while (from < to && isSpace(bytes[from]!)) from++
  while (to > from && isSpace(bytes[to - 1]!)) to--
  return bytes.subarray(from, to)
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x09 || byte === 0x0d
}

function decode(bytes: Uint8Array, utf8: Utf8Decoder, line: number, path?: string): string {
  // Copying ASCII is several times faster than decoding it.
  if (isAscii(bytes)) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  }
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw new TableError(
      'TABLE_CORRUPT',
      `line ${line} of ${path ?? 'the document'} is not UTF-8`,
      {
        context: { line, ...(path === undefined ? {} : { path }) },
        cause,
      },
    )
  }
}

function tooLong(length: number, limit: number, line: number, path?: string): TableError {
  return new TableError(
    'TABLE_CORRUPT',
    `line ${line} of ${path ?? 'the document'} has ${length} bytes: at most ${limit} are read`,
    { context: { line, length, ...(path === undefined ? {} : { path }) } },
  )
}
