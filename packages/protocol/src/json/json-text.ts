/** JSON that is already text: a format's own document, passed on byte for byte. */
export class RawJson {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type WireValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | RawJson
  | readonly WireValue[]
  | { readonly [key: string]: WireValue }

/** Compact JSON on one line. 64-bit integers keep their digits, absent members are left out. */
export function writeJson(value: WireValue): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object') return JSON.stringify(value)
  if (value instanceof RawJson) return value.text
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  const members: string[] = []
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${writeJson(member)}`)
  }
  return `{${members.join(',')}}`
}

export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

const LONG_INTEGER = /[0-9]{16}/
/** A number as far as it goes: each character is looked at once, whatever stands behind. */
const NUMBER = /-?[0-9][0-9.eE+-]*/g
/** No wider type has more digits; a longer run stays the double that JSON makes of it, since its digits cost time. */
const INTEGER = /^-?[0-9]{16,40}$/
const MARK = '\u0000n'

/** True where a run of digits in `text` is so long that a double may not hold it. */
export function hasLongInteger(text: string): boolean {
  return LONG_INTEGER.test(text)
}

/** JSON.parse, except that integers which a double would alter come back as bigint. Throws SyntaxError. */
export function parseJson(text: string): JsonValue {
  if (!hasLongInteger(text)) return JSON.parse(text) as JsonValue
  return JSON.parse(withMarks(text), (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) && INTEGER.test(value.slice(MARK.length))
      ? BigInt(value.slice(MARK.length))
      : value,
  ) as JsonValue
}

/** False where `text` has more members and items than `most`; looked at once, and no further than that. */
export function hasFewValues(text: string, most: number): boolean {
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at) - 1
    else if (code === COMMA || code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++values > most) return false
    }
  }
  return true
}

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b

/** Long integers outside strings as marked strings. One pass, also over text that is no JSON. */
function withMarks(text: string): string {
  const parts: string[] = []
  for (let at = 0; at < text.length; ) {
    const quote = text.indexOf('"', at)
    const outside = quote < 0 ? text.length : quote
    parts.push(text.slice(at, outside).replace(NUMBER, marked))
    at = quote < 0 ? text.length : endOfString(text, quote)
    parts.push(text.slice(outside, at))
  }
  return parts.join('')
}

function marked(token: string): string {
  const isExact = !INTEGER.test(token) || Number.isSafeInteger(Number(token))
  return isExact ? token : JSON.stringify(`${MARK}${token}`)
}

/** Behind the quote that ends the string which begins at `start`: one before which no odd backslash stands. */
function endOfString(text: string, start: number): number {
  for (let from = start + 1; ; ) {
    const close = text.indexOf('"', from)
    if (close < 0) return text.length
    let slashes = close
    while (text[slashes - 1] === '\\') slashes--
    if ((close - slashes) % 2 === 0) return close + 1
    from = close + 1
  }
}
