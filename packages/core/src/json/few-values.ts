import { closingQuote } from './measure-json.js'

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_LIST = 0x5b
const OPEN_OBJECT = 0x7b

/** False where `text` has more members and items than `most`; looked at once, and no further than that. */
export function hasFewValues(text: string, most: number): boolean {
  return hasFew(text, most, COMMA)
}

/** False where `text` has more lists, objects and members of objects than `most`: each costs as much as hundreds of items. */
export function hasFewMembers(text: string, most: number): boolean {
  return hasFew(text, most, COLON)
}

function hasFew(text: string, most: number, mark: number): boolean {
  let found = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const close = closingQuote(text, at)
      if (close < 0) return true
      at = close
    } else if (code === mark || code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++found > most) return false
    }
  }
  return true
}
