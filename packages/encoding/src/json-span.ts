const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b
const CLOSE_LIST = 0x5d
const CLOSE_OBJECT = 0x7d

/** How much of a text one value takes. */
export interface JsonMeasure {
  /** Undefined where it is longer than was asked. */
  readonly end: number | undefined
  /** In it, itself counted. */
  readonly values: number
  /** Of lists and objects in each other. */
  readonly levels: number
}

/** Finds where values of a JSON text end, by their brackets and quotes alone: whoever parses them finds out what is wrong. */
export class JsonSpan {
  readonly #text: string
  at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Where the next token begins. */
  skipSpace(): number {
    while (isSpace(this.#text.charCodeAt(this.at))) this.at++
    return this.at
  }

  /** The value at hand, if it is a list or an object no longer than `most` characters, or anything else. */
  measure(most: number): JsonMeasure {
    const first = this.#text.charCodeAt(this.at)
    if (first === QUOTE) return { end: this.stringEnd(), values: 1, levels: 0 }
    if (first !== OPEN_LIST && first !== OPEN_OBJECT) {
      return { end: this.#scalarEnd(), values: 1, levels: 0 }
    }
    return this.#container(Math.min(this.#text.length, this.at + most))
  }

  #container(limit: number): JsonMeasure {
    const text = this.#text
    let depth = 0
    let levels = 0
    let values = 0
    for (let at = this.at; at < limit; at++) {
      const code = text.charCodeAt(at)
      if (code === QUOTE) at = stringEnd(text, at) - 1
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

  /** Behind the closing quote of the string at hand; the end of the text where there is none. */
  stringEnd(): number {
    return stringEnd(this.#text, this.at)
  }

  #scalarEnd(): number {
    let at = this.at
    while (at < this.#text.length && !endsScalar(this.#text.charCodeAt(at))) at++
    // One character at least, so that whoever parses it goes on, or says what it is.
    return Math.max(at, Math.min(this.at + 1, this.#text.length))
  }
}

/**
 * Behind the closing quote of the string that begins at `start`; the end of the text where there is none. Most of a document
 * is passed over here at the speed of a search.
 */
export function stringEnd(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end >= 0 && isEscaped(text, end, start)) end = text.indexOf('"', end + 1)
  return end < 0 ? text.length : end + 1
}

/** True behind an odd number of backslashes. */
function isEscaped(text: string, at: number, start: number): boolean {
  let before = at
  while (before - 1 > start && text.charCodeAt(before - 1) === BACKSLASH) before--
  return (at - before) % 2 === 1
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

function endsScalar(code: number): boolean {
  return code === COMMA || code === CLOSE_LIST || code === CLOSE_OBJECT || isSpace(code)
}
