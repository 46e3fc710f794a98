const QUOTE = 0x22
const COMMA = 0x2c
const OPEN = [0x5b, 0x7b] as const
const CLOSE = [0x5d, 0x7d] as const

/** Levels and values of a text, before it is parsed. Of what is no JSON it may say anything: that is parsed, and refused, after. */
export function measureJson(text: string): { readonly levels: number; readonly values: number } {
  let depth = 0
  let levels = 0
  let values = 1
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) {
      const close = closingQuote(text, at)
      at = close < 0 ? text.length : close
    } else if (code === COMMA) values++
    else if (code === OPEN[0] || code === OPEN[1]) {
      values++
      if (++depth > levels) levels = depth
    } else if (code === CLOSE[0] || code === CLOSE[1]) depth--
  }
  return { levels, values }
}

/** Where the string that begins with the quote at `start` ends: its closing quote, or -1. At the speed of a search. */
export function closingQuote(text: string, start: number): number {
  let end = text.indexOf('"', start + 1)
  while (end >= 0 && isEscaped(text, end, start)) end = text.indexOf('"', end + 1)
  return end
}

/** True behind an odd number of backslashes. */
function isEscaped(text: string, at: number, start: number): boolean {
  let before = at
  while (before - 1 > start && text.charCodeAt(before - 1) === BACKSLASH) before--
  return (at - before) % 2 === 1
}

const BACKSLASH = 0x5c
