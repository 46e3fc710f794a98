/** JSON that is already text: a format's own document, passed on byte for byte. */
export class RawJson {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type WireValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | RawJson
  | readonly WireValue[]
  | { readonly [key: string]: WireValue }

/** Compact JSON on one line. 64-bit integers keep their digits, absent members are left out. */
export function writeJson(value: WireValue): string {
  if (value === undefined || value === null) return 'null'
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object') return JSON.stringify(value)
  if (value instanceof RawJson) return value.text
  if (Array.isArray(value)) return `[${value.map(writeJson).join(',')}]`
  const members: string[] = []
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined) members.push(`${JSON.stringify(key)}:${writeJson(member)}`)
  }
  return `{${members.join(',')}}`
}

export type JsonValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue }

const LONG_INTEGER = /[0-9]{16}/
// A string, or an integer outside strings; strings are matched so that digits inside them are stepped over.
const STRING_OR_INTEGER = /"[^"\\]*(?:\\.[^"\\]*)*"|-?[0-9]{16,}(?![0-9.eE])/gs
const MARK = '\u0000n'

/** JSON.parse, except that integers which a double would alter come back as bigint. Throws SyntaxError. */
export function parseJson(text: string): JsonValue {
  if (!LONG_INTEGER.test(text)) return JSON.parse(text) as JsonValue
  const marked = text.replace(STRING_OR_INTEGER, token =>
    token.startsWith('"') || Number.isSafeInteger(Number(token))
      ? token
      : JSON.stringify(`${MARK}${token}`),
  )
  return JSON.parse(marked, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(MARK) && /^-?[0-9]+$/.test(value.slice(2))
      ? BigInt(value.slice(2))
      : value,
  ) as JsonValue
}
