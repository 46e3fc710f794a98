import {
  closingQuote,
  DEFAULT_BUDGETS,
  type ReadBudgets,
  requireWithin,
  TableError,
} from '@spillway/core'

export interface JsonLimits {
  /** Named in errors. */
  readonly path?: string | undefined
  readonly budgets?: ReadBudgets | undefined
}

const QUOTE = 0x22
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
    if (code === QUOTE) {
      const close = closingQuote(text, at)
      at = close < 0 ? observed : close
    } else if (code === COMMA) values++
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
export function parseJsonWithin(text: string, what: string, limits: JsonLimits = {}): unknown {
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
