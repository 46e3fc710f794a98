import { FormatError } from '../bytes/format-error.js'

/** Arrays that a frame can be. */
export interface FrameArrays {
  readonly u8: Uint8Array
  readonly i32: Int32Array
  readonly u32: Uint32Array
  readonly f64: Float64Array
  readonly i64: BigInt64Array
  readonly u64: BigUint64Array
}
export type FrameKind = keyof FrameArrays

type Listed = readonly [name: string, kind: FrameKind, length: number]

/** Every array begins at a multiple of so many bytes. */
const ALIGNMENT = 8
/** Of `order` and the length of the document. */
const HEAD_BYTES = 16
/** A machine of another byte order reads another number. */
const ORDER = 0x0102_0304
/** A document names arrays and a few facts. */
const MAX_DOCUMENT_BYTES = 16 * 1024 ** 2

const ARRAYS = {
  u8: Uint8Array,
  i32: Int32Array,
  u32: Uint32Array,
  f64: Float64Array,
  i64: BigInt64Array,
  u64: BigUint64Array,
} as const

const encoder = new TextEncoder()

/** Gathers arrays by name, and gives the pieces that are all of them one behind another. */
export class FrameWriter {
  readonly #listed: Listed[] = []
  readonly #arrays: Uint8Array[] = []

  add<K extends FrameKind>(name: string, kind: K, array: FrameArrays[K]): this {
    this.#listed.push([name, kind, array.length])
    this.#arrays.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
    return this
  }

  /** `facts` is anything that JSON has. The arrays are not copied: they must stay as they are until the pieces are written. */
  finish(facts: unknown): readonly Uint8Array[] {
    const document = encoder.encode(JSON.stringify({ facts, arrays: this.#listed }))
    const head = new Uint8Array(padded(HEAD_BYTES + document.length))
    new Uint32Array(head.buffer, 0, 2).set([ORDER, document.length])
    head.set(document, HEAD_BYTES)
    const pieces: Uint8Array[] = [head]
    for (const bytes of this.#arrays) {
      pieces.push(bytes)
      const missing = padded(bytes.length) - bytes.length
      if (missing > 0) pieces.push(new Uint8Array(missing))
    }
    return pieces
  }
}

/** Frames that were read: arrays are views of the bytes. */
export class Frames {
  readonly facts: unknown
  readonly #arrays = new Map<string, { readonly kind: FrameKind; readonly array: unknown }>()

  /** Throws `FormatError` where the bytes are not what a `FrameWriter` of this machine gave. They begin at a multiple of eight. */
  constructor(bytes: Uint8Array) {
    const { facts, arrays, end } = readDocument(bytes)
    this.facts = facts
    const buffer = bytes.buffer as ArrayBuffer
    let at = end
    for (const [name, kind, length] of arrays) {
      const Values = ARRAYS[kind]
      const size = length * Values.BYTES_PER_ELEMENT
      if (at + size > bytes.length) throw new FormatError(`the frame ${name} goes beyond its bytes`)
      if (this.#arrays.has(name)) throw new FormatError(`two frames are named ${name}`)
      this.#arrays.set(name, { kind, array: new Values(buffer, bytes.byteOffset + at, length) })
      at = padded(at + size)
    }
    if (at !== bytes.length) throw new FormatError('there are bytes behind the last frame')
  }

  has(name: string): boolean {
    return this.#arrays.has(name)
  }

  /** The array of a name, which must be of `kind`, and of `length` where one is said. */
  array<K extends FrameKind>(name: string, kind: K, length?: number): FrameArrays[K] {
    const found = this.#arrays.get(name)
    if (found?.kind !== kind) {
      throw new FormatError(`the frame ${name} is ${found?.kind ?? 'missing'}, expected ${kind}`)
    }
    const array = found.array as FrameArrays[K]
    if (length !== undefined && array.length !== length) {
      throw new FormatError(`the frame ${name} has ${array.length} values, expected ${length}`)
    }
    return array
  }
}

function readDocument(bytes: Uint8Array) {
  if (bytes.byteOffset % ALIGNMENT !== 0 || bytes.length < HEAD_BYTES) {
    throw new FormatError('no frames begin here')
  }
  const [order, length] = new Uint32Array(bytes.buffer, bytes.byteOffset, 2)
  if (order !== ORDER) throw new FormatError('frames of another machine')
  const end = padded(HEAD_BYTES + length!)
  if (length! > MAX_DOCUMENT_BYTES || end > bytes.length) {
    throw new FormatError('the document of frames goes beyond its bytes')
  }
  const text = new TextDecoder('utf-8', { fatal: true })
  let document: { readonly facts?: unknown; readonly arrays?: unknown }
  try {
    document = JSON.parse(text.decode(bytes.subarray(HEAD_BYTES, HEAD_BYTES + length!)))
  } catch (cause) {
    throw new FormatError('the document of frames is no JSON', { cause })
  }
  const arrays = document?.arrays
  if (!Array.isArray(arrays) || !arrays.every(isListed)) {
    throw new FormatError('the document of frames lists no arrays')
  }
  return { facts: document.facts, arrays, end }
}

function isListed(listed: unknown): listed is Listed {
  if (!Array.isArray(listed) || listed.length !== 3) return false
  const [name, kind, length] = listed as readonly unknown[]
  return (
    typeof name === 'string' &&
    typeof kind === 'string' &&
    Object.hasOwn(ARRAYS, kind) &&
    Number.isSafeInteger(length) &&
    (length as number) >= 0
  )
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT
}
