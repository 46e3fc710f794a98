/** What a Range header asks of a file: nothing we follow, bytes, or bytes that the file does not have. */
export type RequestedRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' }

/**
 * RFC 9110 section 14: one range of bytes is followed. Other units, malformed headers and several ranges at once are
 * answered with the whole file, as the section allows. `end` is exclusive.
 */
export function parseRange(header: string | null, size: number): RequestedRange {
  const match = header === null ? null : /^bytes=(\d*)-(\d*)$/i.exec(header.trim())
  if (match === null) return { kind: 'whole' }
  const first = match[1]!
  const last = match[2]!
  if (first === '') return last === '' ? { kind: 'whole' } : suffixRange(Number(last), size)
  const start = Number(first)
  const end = last === '' ? size : Math.min(Number(last) + 1, size)
  if (last !== '' && Number(last) < start) return { kind: 'whole' }
  return start >= size ? { kind: 'unsatisfiable' } : { kind: 'part', start, end }
}

function suffixRange(length: number, size: number): RequestedRange {
  if (length === 0 || size === 0) return { kind: 'unsatisfiable' }
  return { kind: 'part', start: Math.max(0, size - length), end: size }
}
