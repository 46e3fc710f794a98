import { MAX_PATH_BYTES } from '../paths/safe-path.js'

/**
 * Why no file below a folder can be asked for by `path`: a clause about it. Undefined where one can, which is not to say that its
 * name is safe on every disk. What has such a fault is not listed, so that whatever is listed can be signed.
 */
export function filePathFault(path: string): string | undefined {
  // No more bytes than three for each character of UTF-16, so that a short one need not be looked at.
  const isLong = path.length * 3 > MAX_PATH_BYTES && Buffer.byteLength(path) > MAX_PATH_BYTES
  if (isLong) return `has more than ${MAX_PATH_BYTES} bytes`
  if (UNNAMED.test(path)) return 'holds a NUL, or half of a surrogate pair'
  if (EMPTY.test(path)) return 'has an empty segment'
  if (DOTS.test(path)) return "has a segment '.' or '..', or is read so once it is decoded"
  return undefined
}

const UNNAMED = /\0|\p{Cs}/u
const EMPTY = /^\/|\/\/|\/$|^$/
/** Fences and clients take the encoded ones for dots. */
const DOTS = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i
