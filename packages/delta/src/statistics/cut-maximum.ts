/**
 * What writers put after a maximum that they cut. Delta for Spark up to 3.1 put U+FFFD, which is below every character
 * beyond the BMP: what carries it is no upper bound. What stands before is certain, but for a surrogate pair that was
 * cut in two and became a question mark.
 */
const BROKEN_MARK = '\ufffd'
const CUT_WITHIN_PAIR = /\??[\u007f\ufffd\u{10ffff}]*$/u

/**
 * An upper bound of the values behind a recorded maximum. One that is marked as cut, or so long that it may have been,
 * gives way to the next prefix: above everything that starts with what is certain.
 */
export function upperOfMaximum(text: string, prefixLength: number): string | null {
  if (text.length < prefixLength && !text.endsWith(BROKEN_MARK)) return text
  return nextPrefix(text.replace(CUT_WITHIN_PAIR, ''))
}

/**
 * An upper bound of the values behind many recorded maxima, of which `greatest` is the greatest: the bounds of the others
 * may reach beyond it as far as they share its beginning with it.
 */
export function upperOfMaxima(greatest: string, prefixLength: number): string | null {
  const mark = greatest.search(/[\ufffd-\uffff\u{10000}-\u{10ffff}]/u)
  const certain = Math.min(mark < 0 ? greatest.length : mark, prefixLength - 1)
  return certain < greatest.length ? nextPrefix(beginning(greatest, certain)) : greatest
}

/** The first `length` units of `text`, less half a surrogate pair. */
function beginning(text: string, length: number): string {
  const last = text.charCodeAt(length - 1)
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length)
}

const LAST_CODE_POINT = 0x10ffff

/** The least string above every string that starts with `text`, by code point; null where there is none. */
export function nextPrefix(text: string): string | null {
  const points = Array.from(text, char => char.codePointAt(0)!)
  while (points.length > 0) {
    const last = points.pop()!
    if (last === LAST_CODE_POINT) continue
    // Surrogates are no characters: the one after U+D7FF is U+E000.
    const next = last === 0xd7ff ? 0xe000 : last + 1
    return String.fromCodePoint(...points, next)
  }
  return null
}
