import { hash64Into } from '@spillway/core'

const utf8 = new TextEncoder()
const SMALLEST = 1024

interface NamedFile {
  readonly path: string
  readonly size: number
}

/**
 * Numbers of shapes by file: a hash of its path and size, and the number, in arrays of their own. Once it holds `maxFiles` the
 * older half is let go, of which what was asked for since is kept.
 */
export class ShapeTable {
  readonly #perGeneration: number
  #young = new Generation(SMALLEST)
  #old = new Generation(SMALLEST)
  readonly #key = new Uint32Array(2)

  constructor(maxFiles: number) {
    this.#perGeneration = Math.max(1, Math.ceil(maxFiles / 2))
  }

  get byteLength(): number {
    return this.#young.byteLength + this.#old.byteLength
  }

  /** Undefined where it is not known. */
  get(file: NamedFile): number | undefined {
    this.#hash(file)
    const young = this.#young.get(this.#key)
    if (young !== undefined) return young
    const old = this.#old.get(this.#key)
    if (old !== undefined) this.#put(old)
    return old
  }

  set(file: NamedFile, shape: number): void {
    this.#hash(file)
    this.#put(shape)
  }

  clear(): void {
    this.#young = new Generation(SMALLEST)
    this.#old = new Generation(SMALLEST)
  }

  #hash({ path, size }: NamedFile): void {
    hash64Into(utf8.encode(`${size} ${path}`), this.#key, 0)
  }

  #put(shape: number): void {
    if (this.#young.count >= this.#perGeneration && this.#young.get(this.#key) === undefined) {
      this.#old = this.#young
      this.#young = new Generation(SMALLEST)
    }
    this.#young.set(this.#key, shape)
  }
}

/** Open addressing, at most half full: 24 bytes a file. A stored number is one more than the shape's. */
class Generation {
  #keys: Uint32Array
  #shapes: Uint32Array
  count = 0

  constructor(capacity: number) {
    this.#keys = new Uint32Array(capacity * 2)
    this.#shapes = new Uint32Array(capacity)
  }

  get byteLength(): number {
    return this.#keys.byteLength + this.#shapes.byteLength
  }

  get(key: Uint32Array): number | undefined {
    const found = this.#shapes[this.#slotOf(key, 0)]!
    return found === 0 ? undefined : found - 1
  }

  set(key: Uint32Array, shape: number): void {
    if ((this.count + 1) * 2 > this.#shapes.length) this.#grow()
    const slot = this.#slotOf(key, 0)
    if (this.#shapes[slot] === 0) this.count++
    this.#keys[slot * 2] = key[0]!
    this.#keys[slot * 2 + 1] = key[1]!
    this.#shapes[slot] = shape + 1
  }

  /** Where the key at `at` is, or would be put. */
  #slotOf(keys: Uint32Array, at: number): number {
    const mask = this.#shapes.length - 1
    let slot = keys[at]! & mask
    while (this.#shapes[slot] !== 0) {
      if (this.#keys[slot * 2] === keys[at] && this.#keys[slot * 2 + 1] === keys[at + 1]) break
      slot = (slot + 1) & mask
    }
    return slot
  }

  #grow(): void {
    const keys = this.#keys
    const shapes = this.#shapes
    this.#keys = new Uint32Array(keys.length * 2)
    this.#shapes = new Uint32Array(shapes.length * 2)
    for (let from = 0; from < shapes.length; from++) {
      if (shapes[from] === 0) continue
      const slot = this.#slotOf(keys, from * 2)
      this.#keys[slot * 2] = keys[from * 2]!
      this.#keys[slot * 2 + 1] = keys[from * 2 + 1]!
      this.#shapes[slot] = shapes[from]!
    }
  }
}
