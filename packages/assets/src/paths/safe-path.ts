import { unescapePath } from '@spillway/core'
import { withoutIgnored } from './folded-path.js'
import { type PathFault, type PathRefusalOptions, pathRefusal } from './path-fault.js'

/** The longest segment and path that are let pass, in bytes of UTF-8: `NAME_MAX` and `PATH_MAX` of Linux. */
export const MAX_SEGMENT_BYTES = 255
export const MAX_PATH_BYTES = 4096

/** How often a name is decoded before it is given up: somebody behind us may decode as often. */
const MAX_DECODINGS = 10

const ESCAPE = /%[0-9a-fA-F]{2}/
const CONTROL = /\p{Cc}/u
const UNPAIRED = /\p{Cs}/u
const PLAIN = /^[\x20-\x7e]*$/

/** Names of devices of Windows, whatever extension they have: `NUL.txt` is `NUL`. `¹²³` count as digits there. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]) *(?:\.|$)/i

/**
 * `path` itself, where it is a relative path of a file, `/` between its segments, that stays below whatever folder it is
 * joined to, on POSIX and on Windows, and still does after any number of percent decodings. Nothing is repaired: a name
 * is the name of an object, so what passes is what was given. Throws what `pathFault` finds.
 */
export function requireSafePath(path: string, options?: PathRefusalOptions): string {
  const fault = pathFault(path)
  if (fault !== undefined) throw pathRefusal(path, fault, options)
  return path
}

/** What is wrong with `path` by itself; undefined where nothing is. Takes time linear in its length. */
export function pathFault(path: string): PathFault | undefined {
  return lengthFault(path) ?? spellingFault(path) ?? unseenFault(path) ?? encodingFault(path)
}

function lengthFault(path: string): PathFault | undefined {
  // A name in UTF-16 has no more units than bytes in UTF-8, so that a long one need not be encoded.
  if (path.length > MAX_PATH_BYTES || byteLength(path) > MAX_PATH_BYTES) {
    return { kind: 'too-long', reason: `has more than ${MAX_PATH_BYTES} bytes` }
  }
  if (path.length <= MAX_SEGMENT_BYTES && PLAIN.test(path)) return undefined
  for (const segment of path.split('/')) {
    if (byteLength(segment) > MAX_SEGMENT_BYTES) {
      return { kind: 'too-long', reason: `has a segment of more than ${MAX_SEGMENT_BYTES} bytes` }
    }
  }
  return undefined
}

/** Bytes of UTF-8 without encoding. An unpaired surrogate counts as three, as its replacement has. */
function byteLength(text: string): number {
  if (PLAIN.test(text)) return text.length
  let bytes = 0
  for (const character of text) {
    const codePoint = character.codePointAt(0)!
    bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
  }
  return bytes
}

function spellingFault(path: string): PathFault | undefined {
  if (path === '') return { kind: 'empty', reason: 'is empty' }
  if (UNPAIRED.test(path)) {
    return { kind: 'unpaired-surrogate', reason: 'has half of a surrogate pair' }
  }
  if (CONTROL.test(path)) return { kind: 'control', reason: 'has a control character' }
  if (path.includes('\\')) {
    return { kind: 'backslash', reason: 'has a backslash, which separates folders on Windows' }
  }
  if (path.startsWith('/')) return { kind: 'absolute', reason: 'begins at a root' }
  if (/^[a-zA-Z]:/.test(path)) return { kind: 'drive', reason: 'begins with the letter of a drive' }
  if (path.includes(':')) {
    return { kind: 'colon', reason: 'has ":", which names a stream of a file on Windows' }
  }
  for (const segment of path.split('/')) {
    const fault = segmentSpelling(segment)
    if (fault !== undefined) return fault
  }
  return undefined
}

function segmentSpelling(segment: string): PathFault | undefined {
  if (segment === '') return { kind: 'empty', reason: 'has an empty segment' }
  if (segment === '.' || segment === '..') {
    return { kind: 'dot-segment', reason: `has a segment "${segment}"` }
  }
  if (segment.endsWith('.') || segment.endsWith(' ')) {
    return { kind: 'trailing', reason: 'ends a segment with a dot or space, which Windows drops' }
  }
  if (DEVICE.test(segment)) {
    return { kind: 'device', reason: 'has a segment that is a device of Windows' }
  }
  return undefined
}

/** What a name is on a disk that does not see all of its characters. */
function unseenFault(path: string): PathFault | undefined {
  const seen = withoutIgnored(path)
  const fault = seen === path ? undefined : spellingFault(seen)
  if (fault === undefined) return undefined
  return { kind: fault.kind, reason: `${fault.reason} but for characters that some disks ignore` }
}

/** What a name would be for whoever decodes it once more than he should. */
function encodingFault(path: string): PathFault | undefined {
  let text = path
  for (let decodings = 0; ESCAPE.test(text); decodings++) {
    if (decodings === MAX_DECODINGS) {
      return { kind: 'encoded', reason: `is still encoded after ${MAX_DECODINGS} decodings` }
    }
    const decoded = unescapePath(text)
    if (decoded === undefined) {
      return { kind: 'encoded', reason: 'has percent escapes that are no UTF-8' }
    }
    const fault = spellingFault(decoded) ?? unseenFault(decoded)
    if (fault !== undefined) {
      return { kind: fault.kind, reason: `${fault.reason} once its percent escapes are decoded` }
    }
    text = decoded
  }
  return undefined
}

/** What is wrong with `name` as the name of one file or folder. */
export function segmentFault(name: string): PathFault | undefined {
  const fault = pathFault(name)
  if (fault !== undefined || !name.includes('/')) return fault
  return { kind: 'absolute', reason: 'holds "/", where one name is expected' }
}
