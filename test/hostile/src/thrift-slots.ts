import { NotWhole, type Slot } from './slots.js'

const latin1 = new TextDecoder('latin1')

/** Slots of one struct in Thrift's compact protocol that starts at `start`, and where it ends. Paths are field numbers. */
export function thriftSlots(
  bytes: Uint8Array,
  start = 0,
): { readonly slots: readonly Slot[]; readonly end: number } {
  const walker = new ThriftWalker(bytes, start)
  walker.struct('', 0)
  return { slots: walker.slots, end: walker.at }
}

class ThriftWalker {
  readonly slots: Slot[] = []
  at: number
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes
    this.at = start
  }

  struct(path: string, depth: number): void {
    if (depth > 60) throw new NotWhole('too deep')
    let field = 0
    for (;;) {
      const start = this.at
      const head = this.#byte()
      if (head === 0) return
      const type = head & 0x0f
      if (head >> 4 !== 0) field += head >> 4
      else field = Number(zigzag(this.#unsigned()))
      const name = path === '' ? String(field) : `${path}.${field}`
      // The type and the number: changed, the field is another.
      this.slots.push({
        path: `${name}#field`,
        kind: 'byte',
        start,
        end: start + 1,
        text: String(type),
      })
      if (type === 1 || type === 2) continue
      this.#value(type, name, depth + 1)
    }
  }

  #value(type: number, path: string, depth: number): void {
    if (this.slots.length > 2_000_000) throw new NotWhole('too many values')
    const start = this.at
    const slot = (kind: Slot['kind'], text: string) => {
      this.slots.push({ path, kind, start, end: this.at, text })
    }
    switch (type) {
      case 1:
      case 2:
      case 3:
        slot('byte', String(this.#byte()))
        return
      case 4:
      case 5:
      case 6:
        slot('thrift-int', String(zigzag(this.#unsigned())))
        return
      case 7:
        this.#skip(8)
        slot('double', latin1.decode(this.#bytes.subarray(start, this.at)))
        return
      case 8: {
        const length = this.#unsigned()
        const from = this.at
        this.#skip(Number(length))
        slot('thrift-binary', latin1.decode(this.#bytes.subarray(from, this.at)))
        return
      }
      case 9:
      case 10:
        this.#list(path, depth)
        return
      case 12:
        this.struct(path, depth)
        return
      default:
        throw new NotWhole(`thrift type ${type}`)
    }
  }

  #list(path: string, depth: number): void {
    const start = this.at
    const head = this.#byte()
    let size = head >> 4
    if (size === 15) size = Number(this.#unsigned())
    if (size > this.#bytes.length) throw new NotWhole(`a list of ${size}`)
    this.slots.push({
      path: `${path}#size`,
      kind: 'byte',
      start,
      end: start + 1,
      text: String(size),
    })
    for (let i = 0; i < size; i++) this.#value(head & 0x0f, `${path}[${i}]`, depth)
  }

  #byte(): number {
    const byte = this.#bytes[this.at++]
    if (byte === undefined) throw new NotWhole('cut off')
    return byte
  }

  #unsigned(): bigint {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.#byte()
      if (shift > 63n) throw new NotWhole('a long varint')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, value)
    }
  }

  #skip(length: number): void {
    this.at += length
    if (!(this.at <= this.#bytes.length)) throw new NotWhole('cut off')
  }
}

function zigzag(unsigned: bigint): bigint {
  return (unsigned >> 1n) ^ -(unsigned & 1n)
}
