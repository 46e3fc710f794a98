import {
  DEFAULT_BUDGETS,
  measureJson,
  type ReadBudgets,
  requireWithin,
  TableError,
} from '@spillway/core'

export interface JsonLimits {
  /** Named in errors. */
  readonly path?: string | undefined
  readonly budgets?: ReadBudgets | undefined
}

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
  const { levels: deepest, values } = measureJson(text)
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
