import { NotWhole, type Slot } from './slots.js'

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** Slots of one JSON document (RFC 8259), with byte ranges; throws `NotWhole` at anything else. */
export function jsonSlots(bytes: Uint8Array, root = ''): readonly Slot[] {
  const walker = new JsonWalker(bytes)
  walker.document(root)
  return walker.slots
}

/** The same of a file of one document a line. Blank lines are none; some writers spread a document over lines. */
export function jsonLinesSlots(bytes: Uint8Array): readonly Slot[] {
  const slots: Slot[] = []
  let line = 0
  for (let start = 0; start < bytes.length; line++) {
    const end = documentEnd(bytes, start)
    const text = bytes.subarray(start, end)
    if (!isBlank(text)) {
      const path = `[${line}]`
      slots.push({
        path,
        kind: 'json-member',
        start,
        end: Math.min(bytes.length, end + 1),
        text: '',
      })
      for (const slot of jsonSlots(text, path)) {
        slots.push({ ...slot, start: slot.start + start, end: slot.end + start })
      }
    }
    start = end + 1
  }
  return slots
}

/** The end of the line with which a document is whole, or of the first where none is. */
function documentEnd(bytes: Uint8Array, start: number): number {
  const lineEnd = (from: number) => {
    const found = bytes.indexOf(0x0a, from)
    return found < 0 ? bytes.length : found
  }
  const first = lineEnd(start)
  if (isBlank(bytes.subarray(start, first))) return first
  for (let end = first; ; end = lineEnd(end + 1)) {
    try {
      jsonSlots(bytes.subarray(start, end))
      return end
    } catch (error) {
      if (!(error instanceof NotWhole)) throw error
      if (end >= bytes.length || end - start > LONGEST_DOCUMENT) return first
    }
  }
}

/** Of those that are spread over lines, in bytes. */
const LONGEST_DOCUMENT = 1 << 14

function isBlank(text: Uint8Array): boolean {
  return text.every(byte => byte === 0x20 || byte === 0x0d || byte === 0x09)
}

class JsonWalker {
  readonly slots: Slot[] = []
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  document(root: string): void {
    this.#space()
    this.#value(root, 0)
    this.#space()
    if (this.#at !== this.#bytes.length) throw new NotWhole('text after the document')
  }

  #value(path: string, depth: number): void {
    if (depth > 200) throw new NotWhole('too deep')
    const start = this.#at
    const first = this.#bytes[start]
    if (first === 0x7b) this.#object(path, depth)
    else if (first === 0x5b) this.#array(path, depth)
    else if (first === 0x22) {
      const text = this.#string()
      this.slots.push({ path, kind: 'json-string', start, end: this.#at, text })
    } else this.#scalar(path)
  }

  #object(path: string, depth: number): void {
    this.#members(0x7d, () => {
      const start = this.#at
      const key = this.#string()
      this.#space()
      this.#expect(0x3a)
      this.#space()
      const name = path === '' ? key : `${path}.${key}`
      const member = this.slots.length
      this.slots.push({ path: name, kind: 'json-member', start, end: start, text: '' })
      this.#value(name, depth + 1)
      this.slots[member] = { ...this.slots[member]!, end: this.#at }
    })
  }

  #array(path: string, depth: number): void {
    let index = 0
    this.#members(0x5d, () => {
      const name = `${path}[${index++}]`
      const member = this.slots.length
      const start = this.#at
      this.slots.push({ path: name, kind: 'json-member', start, end: start, text: '' })
      this.#value(name, depth + 1)
      this.slots[member] = { ...this.slots[member]!, end: this.#at }
    })
  }

  #members(close: number, member: () => void): void {
    this.#at++
    this.#space()
    if (this.#bytes[this.#at] === close) {
      this.#at++
      return
    }
    for (;;) {
      member()
      this.#space()
      const next = this.#bytes[this.#at++]
      if (next === close) return
      if (next !== 0x2c) throw new NotWhole(`byte ${this.#at - 1}: no comma`)
      this.#space()
    }
  }

  #string(): string {
    const start = this.#at
    this.#expect(0x22)
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined || byte < 0x20) throw new NotWhole('a string that does not end')
      this.#at += byte === 0x5c ? 2 : 1
      if (byte === 0x22) break
    }
    return parsed(this.#bytes.subarray(start, this.#at)) as string
  }

  #scalar(path: string): void {
    const start = this.#at
    while (
      this.#at < this.#bytes.length &&
      !/[\s,\]}]/.test(String.fromCharCode(this.#bytes[this.#at]!))
    ) {
      this.#at++
    }
    const raw = this.#bytes.subarray(start, this.#at)
    const value = parsed(raw)
    const kind = typeof value === 'number' ? 'json-number' : 'json-literal'
    this.slots.push({ path, kind, start, end: this.#at, text: utf8.decode(raw) })
  }

  #expect(byte: number): void {
    if (this.#bytes[this.#at] !== byte) throw new NotWhole(`byte ${this.#at}: no ${byte}`)
    this.#at++
  }

  #space(): void {
    for (;;) {
      const byte = this.#bytes[this.#at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.#at++
    }
  }
}

function parsed(raw: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(raw))
  } catch (cause) {
    throw new NotWhole('no JSON', { cause })
  }
}
