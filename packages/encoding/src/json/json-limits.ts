import { DEFAULT_BUDGETS, type ReadBudgets, requireWithin, TableError } from '@spillway/core'

export interface JsonLimits {
  /** Named in errors. */
  readonly path?: string | undefined
  readonly budgets?: ReadBudgets | undefined
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c
const OPEN = [0x5b, 0x7b] as const
const CLOSE = [0x5d, 0x7d] as const

/**
 * Refuses JSON that nests deeper or holds more values than the limits allow, before it is parsed: a value costs tens of bytes
 * then, however few it is written in, and what walks over documents does so on the stack. Broken JSON is not found out here.
 */
export function requireJsonWithin(
  text: string,
  { path, budgets = DEFAULT_BUDGETS }: JsonLimits,
): void {
  const observed = text.length
  requireWithin(budgets, 'documentBytes', { what: 'a document', observed, unit: 'bytes', path })
  // Each level and each value takes a character at least.
  if (observed <= budgets.documentDepth) return
  let depth = 0
  let values = 1
  let deepest = 0
  for (let at = 0; at < observed; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = stringEnd(text, at) - 1
    else if (code === COMMA) values++
    else if (code === OPEN[0] || code === OPEN[1]) {
      values++
      if (++depth > deepest) deepest = depth
    } else if (code === CLOSE[0] || code === CLOSE[1]) depth--
  }
  const what = 'a document'
  requireWithin(budgets, 'documentDepth', { what, observed: deepest, unit: 'levels', path })
  requireWithin(budgets, 'documentValues', { what, observed: values, unit: 'values', path })
}

/** `JSON.parse` within the limits. What is no JSON is `TABLE_CORRUPT`, with `what` it should have been. */
export function parseJson(text: string, what: string, limits: JsonLimits = {}): unknown {
  requireJsonWithin(text, limits)
  try {
    return JSON.parse(text)
  } catch (cause) {
    const { path } = limits
    throw new TableError(
      'TABLE_CORRUPT',
      `expected ${what} in JSON${path === undefined ? '' : ` in ${path}`}`,
      {
        context: path === undefined ? {} : { path },
        cause,
      },
    )
  }
}

/**
 * Behind the closing quote of the string that begins at `start`; the end of the text where there is none. Most of a document
 * is passed over here at the speed of a search.
 */
function stringEnd(text: string, start: number): number {
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
