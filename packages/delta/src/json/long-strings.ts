import type { Steps } from '@spillway/core'
import { ByteBuffer } from './byte-buffer.js'
import { BACKSLASH, ENDS_PLAIN, QUOTE } from './json-bytes.js'
import { unescapePiece } from './json-escape.js'
import { JsonProblem } from './json-problem.js'

/** A string of JSON that somebody has been through before, in steps. */
interface LongString {
  /** Where the first escape is; where there is none, the closing quote. */
  readonly plainEnd: number
  /** The place behind the closing quote; undefined where the text ends before it. */
  readonly end: number | undefined
  /** Escapes resolved. */
  readonly text: Uint8Array
}

/** Long strings by where they start, behind the opening quote, in that order. */
export type LongStrings = ReadonlyMap<number, LongString>

const NONE: LongStrings = new Map()

/** The JSON in `bytes` from `start` to `end` without what its long strings hold. */
export function shortened(
  bytes: Uint8Array,
  [start, end]: readonly [number, number],
  strings: LongStrings = NONE,
): string {
  let text = ''
  let at = start
  for (const [from, string] of strings) {
    if (from < at || string.end === undefined || string.end > end) continue
    text += utf8.decode(bytes.subarray(at, from))
    at = string.end - 1
  }
  return text + utf8.decode(bytes.subarray(at, end))
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** A line of as many bytes is gone through at once in a millisecond. */
const LONG_BYTES = 256 * 1024
const BYTES_IN_A_STEP = 64 * 1024

const NEWLINE = 10

/**
 * The long strings of JSON actions in `bytes`, as far as they are whole: a cursor goes over each string in one piece, and statistics
 * of many columns are megabytes. No string of JSON goes over the end of a line, so that each line begins outside of one.
 */
export function* longStrings(bytes: Uint8Array): Steps<LongStrings> {
  if (bytes.length < LONG_BYTES) return NONE
  const found = new Map<number, LongString>()
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, start)
    const end = newline < 0 ? bytes.length : newline
    if (end - start >= LONG_BYTES) yield* ofLine(bytes, { start, end, isLast: newline < 0 }, found)
    start = end + 1
  }
  return found
}

interface Line {
  readonly start: number
  readonly end: number
  /** Where no line break is at `end`, the text may go on. */
  readonly isLast: boolean
}

function* ofLine(
  bytes: Uint8Array,
  { start, end, isLast }: Line,
  into: Map<number, LongString>,
): Steps<void> {
  let looked = start
  for (let quote = bytes.indexOf(QUOTE, start); quote >= 0 && quote < end; ) {
    const string = yield* stringAt(bytes, quote + 1, end)
    // What is no string of JSON is refused by whoever reads it.
    if (string === undefined) return
    if (string.end === undefined && !isLast) return
    if ((string.end ?? end) - quote >= BYTES_IN_A_STEP) into.set(quote + 1, string)
    if (string.end === undefined) return
    if (string.end - looked >= BYTES_IN_A_STEP) {
      looked = string.end
      yield
    }
    quote = bytes.indexOf(QUOTE, string.end)
  }
}

const EMPTY = new Uint8Array(0)

function* stringAt(bytes: Uint8Array, start: number, end: number): Steps<LongString | undefined> {
  let plainEnd: number | undefined
  let at = start
  for (let paused = start; at < end; ) {
    const limit = Math.min(end, paused + BYTES_IN_A_STEP)
    while (at < limit && ENDS_PLAIN[bytes[at]!] === 0) at++
    if (at >= limit && limit < end) {
      paused = at
      yield
      continue
    }
    if (at >= end || bytes[at] === QUOTE) break
    if (bytes[at] !== BACKSLASH) return undefined
    plainEnd ??= at
    at += 2
  }
  const isCut = at >= end
  if (isCut) return { plainEnd: plainEnd ?? end, end: undefined, text: EMPTY }
  if (plainEnd === undefined) return { plainEnd: at, end: at + 1, text: bytes.subarray(start, at) }
  // Of short ones nobody asks.
  if (at - start < BYTES_IN_A_STEP) return { plainEnd, end: at + 1, text: EMPTY }
  const text = yield* unescaped(bytes, start, at)
  return text && { plainEnd, end: at + 1, text }
}

/** Undefined where an escape is none that JSON has. */
function* unescaped(bytes: Uint8Array, start: number, end: number): Steps<Uint8Array | undefined> {
  const target = new ByteBuffer()
  try {
    for (let at = start; at < end; ) {
      at = unescapePiece({ bytes, end }, at, target, Math.min(end, at + BYTES_IN_A_STEP))
      yield
    }
  } catch (error) {
    if (error instanceof JsonProblem) return undefined
    throw error
  }
  return target.view()
}
