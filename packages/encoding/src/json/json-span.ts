const QUOTE = 0x22
const BACKSLASH = 0x5c
/** The `u` of an escape with four digits. */
const UNICODE = 0x75
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b
const CLOSE_LIST = 0x5d
const CLOSE_OBJECT = 0x7d

/** How much of a document one value takes. */
export interface JsonMeasure {
  /** The byte behind the value; undefined where it is longer than was asked. */
  readonly end: number | undefined
  /** Values in it, itself counted. */
  readonly values: number
  /** Levels of lists and objects in each other. */
  readonly levels: number
}

/** Finds where values of a JSON document in UTF-8 end, by their brackets and quotes alone: whoever parses them finds out what is wrong. */
export class JsonSpan {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Where the next token begins. */
  skipSpace(): number {
    while (isSpace(this.#bytes[this.at])) this.at++
    return this.at
  }

  /** The value at hand, if it is a list, an object or a string no longer than `most` bytes, or anything else. */
  measure(most: number): JsonMeasure {
    const first = this.#bytes[this.at]
    const limit = Math.min(this.#bytes.length, this.at + most)
    if (first === QUOTE)
      return { end: stringEnd(this.#bytes, this.at, limit), values: 1, levels: 0 }
    if (first !== OPEN_LIST && first !== OPEN_OBJECT) {
      return { end: this.#scalarEnd(), values: 1, levels: 0 }
    }
    return this.#container(limit)
  }

  #container(limit: number): JsonMeasure {
    const bytes = this.#bytes
    let depth = 0
    let levels = 0
    let values = 0
    for (let at = this.at; at < limit; at++) {
      const code = bytes[at]!
      if (code === QUOTE) at = (stringEnd(bytes, at, limit) ?? limit + 1) - 1
      else if (code === COMMA) values++
      else if (code === OPEN_LIST || code === OPEN_OBJECT) {
        values++
        if (++depth > levels) levels = depth
      } else if ((code === CLOSE_LIST || code === CLOSE_OBJECT) && --depth === 0) {
        return { end: at + 1, values: values + 1, levels }
      }
    }
    return { end: undefined, values, levels }
  }

  /** Behind the closing quote of the string at hand; the end of the document where there is none. */
  stringEnd(): number {
    return stringEnd(this.#bytes, this.at, this.#bytes.length) ?? this.#bytes.length
  }

  /** Within a string: where its next `most` bytes may be cut off, or its closing quote if that comes first. */
  stringPiece(most: number): number {
    const bytes = this.#bytes
    let at = this.at
    for (; at < bytes.length; at++) {
      const code = bytes[at]!
      if (code === QUOTE || (at >= this.at + most && (code & 0xc0) !== 0x80)) break
      if (code === BACKSLASH) at += bytes[at + 1] === UNICODE ? 5 : 1
    }
    return Math.min(at, bytes.length)
  }

  #scalarEnd(): number {
    let at = this.at
    while (at < this.#bytes.length && !endsScalar(this.#bytes[at]!)) at++
    // One byte at least, so that whoever parses it goes on, or says what it is.
    return Math.max(at, Math.min(this.at + 1, this.#bytes.length))
  }
}

/** Behind the closing quote; undefined where that is not before `limit`. */
function stringEnd(bytes: Uint8Array, start: number, limit: number): number | undefined {
  for (let at = start + 1; at < limit; at++) {
    const code = bytes[at]
    if (code === QUOTE) return at + 1
    if (code === BACKSLASH) at++
  }
  return undefined
}

function isSpace(code: number | undefined): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_LIST || code === CLOSE_OBJECT || isSpace(code)
}
