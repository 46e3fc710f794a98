import { errorJson } from './error-json.js'
import { printable } from './format-table.js'

/** What went wrong, for people: a sentence, then what is known of where. */
export function errorLines(error: unknown): readonly string[] {
  const { message, context } = errorJson(error)
  const [first = '', ...rest] = message.split('\n')
  return [
    `spillway: ${printable(first)}`,
    ...rest.map(line => `  ${printable(line)}`),
    ...Object.entries(context).map(([key, value]) => `  ${key}: ${printable(String(value))}`),
  ]
}
