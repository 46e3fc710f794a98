import type { Slot } from './slots.js'

const latin1 = new TextDecoder('latin1')

/** Keys and values of a Java properties file, without its comments. */
export function propertiesSlots(bytes: Uint8Array): readonly Slot[] {
  const slots: Slot[] = []
  for (let start = 0; start < bytes.length; ) {
    const found = bytes.indexOf(0x0a, start)
    const end = found < 0 ? bytes.length : found
    const line = latin1.decode(bytes.subarray(start, end))
    const equals = line.search(/[=:]/)
    if (equals > 0 && !/^\s*[#!]/.test(line)) {
      const path = line.slice(0, equals).trim()
      const stop = Math.min(bytes.length, end + 1)
      slots.push({ path, kind: 'json-member', start, end: stop, text: '' })
      const text = line.slice(equals + 1).trim()
      slots.push({ path, kind: 'text', start: start + equals + 1, end, text })
    }
    start = end + 1
  }
  return slots
}
