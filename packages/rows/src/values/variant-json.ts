import { ExactNumber, type JsonValue } from '@spillway/core'
import { parseExactJson } from '@spillway/encoding'
import type { Json } from './json.js'

/** Texts, which are passed over, and the doubles that JSON has no number for. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity|nan|inf)\b/g
const SPELLED: Readonly<Record<string, string>> = {
  nan: 'NaN',
  inf: 'Infinity',
  '-inf': '-Infinity',
}

/** A variant, whose JSON DuckDB has as text. Numbers that a double would round are text, as everywhere. */
export function variantJson(text: string): Json {
  const spelled = text.replace(TOKENS, token =>
    token.startsWith('"') ? token : JSON.stringify(SPELLED[token] ?? token),
  )
  return plain(parseExactJson(spelled))
}

function plain(value: JsonValue): Json {
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof ExactNumber) return value.text
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value as Json
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
