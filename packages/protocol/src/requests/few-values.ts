import { closingQuote } from '@spillway/core'

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b

/** False where `text` has more members and items than `most`; looked at once, and no further than that. */
export function hasFewValues(text: string, most: number): boolean {
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const close = closingQuote(text, at)
      if (close < 0) return true
      at = close
    } else if (code === COMMA || code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++values > most) return false
    }
  }
  return true
}
