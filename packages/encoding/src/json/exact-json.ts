import {
  corrupt,
  ExactJsonError,
  type JsonValue,
  parseJsonExactly,
  type ReadBudgets,
} from '@spillway/core'
import { requireJsonWithin } from './json-limits.js'

/**
 * A value of a document, or of Avro data, as JSON for an error or a comparison. `JSON.stringify` has no text for the integers that
 * both read exactly, and throws.
 */
export function valueText(value: unknown): string {
  const text = JSON.stringify(value, (_, each: unknown) => {
    if (each instanceof Map) return [...each]
    return typeof each === 'bigint' ? each.toString() : each
  })
  return typeof value === 'bigint' ? value.toString() : (text ?? String(value))
}

export interface ExactJsonOptions {
  /** Named in errors. */
  readonly path?: string
  readonly line?: number
  readonly budgets?: ReadBudgets | undefined
}

/**
 * Parses one JSON document without rounding: integers beyond 2^53 come back as bigint, other numbers that a double
 * would alter as ExactNumber, everything else as `JSON.parse` would. A `__proto__` key is an ordinary key. What is larger or
 * nests deeper than `budgets` allows is refused first, so that recursion on untrusted text ends before the stack does.
 */
export function parseExactJson(text: string, options: ExactJsonOptions = {}): JsonValue {
  requireJsonWithin(text, options)
  return parseMeasuredJson(text, options)
}

/** `parseExactJson` of a text that is known to be within the limits. */
export function parseMeasuredJson(text: string, options: ExactJsonOptions): JsonValue {
  try {
    return parseJsonExactly(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    const cause = error instanceof ExactJsonError ? error.cause : error
    throw corrupt('a JSON document', error.message, { ...options, cause })
  }
}
