import type { Value } from '@spillway/core'

/** Text cut to `length` code points or bytes to `length` bytes; other values as they are. */
export function truncateDown(value: Value, length: number): Value {
  if (typeof value === 'string') return Array.from(value).slice(0, length).join('')
  return value instanceof Uint8Array && value.length !== 16 ? value.slice(0, length) : value
}

/** The shortest text or bytes above everything that begins as `value` does; undefined where there is none. */
export function truncateUp(value: Value, length: number): Value | undefined {
  if (typeof value === 'string') {
    const points = Array.from(value)
    if (points.length <= length) return value
    for (let i = length - 1; i >= 0; i--) {
      const next = points[i]!.codePointAt(0)! + 1
      if (next > 0x10ffff) continue
      const point = String.fromCodePoint(next >= 0xd800 && next < 0xe000 ? 0xe000 : next)
      return points.slice(0, i).join('') + point
    }
    return undefined
  }
  if (!(value instanceof Uint8Array) || value.length === 16 || value.length <= length) return value
  const bytes = value.slice(0, length)
  for (let i = bytes.length - 1; i >= 0; i--) {
    if (bytes[i] === 0xff) continue
    bytes[i]!++
    return bytes.slice(0, i + 1)
  }
  return undefined
}
