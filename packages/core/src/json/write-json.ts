import { ExactNumber, type JsonValue } from './parse-json.js'

/** JSON that is already text: a format's own document, passed on byte for byte. */
export class RawJson {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** What has JSON: of an object, members that are undefined are left out. */
export type WritableJson =
  | JsonValue
  | undefined
  | RawJson
  | readonly WritableJson[]
  | { readonly [key: string]: WritableJson }

/** Compact JSON on one line. 64-bit integers and exact numbers keep their digits; undefined is null where it is no member. */
export function writeJson(value: WritableJson): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'bigint') return value.toString()
  // JSON has a zero below zero, which `JSON.stringify` drops; without its fraction some readers take it for an integer.
  if (Object.is(value, -0)) return '-0.0'
  if (typeof value !== 'object') return JSON.stringify(value)
  if (value instanceof RawJson || value instanceof ExactNumber) return value.text
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  const members: string[] = []
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${writeJson(member)}`)
  }
  return `{${members.join(',')}}`
}
