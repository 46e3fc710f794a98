import { closingQuote, corrupt, type JsonValue, parseJson, TableError } from '@spillway/core'

export interface JsonPlace {
  /** The noun and its article: `the header of safetensors`. */
  readonly what: string
  readonly path?: string | undefined
}

/** No document that is read here has more than six levels of its own. */
const MAX_DEPTH = 64

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * The JSON value of `bytes`, integers beyond 2^53 as bigint. `TABLE_CORRUPT` for what is no UTF-8, no JSON, or has a key
 * twice in one object: readers differ in which of the two they take. `UNSUPPORTED_FEATURE` beyond 64 levels.
 */
export function readStrictJson(bytes: Uint8Array, place: JsonPlace): JsonValue {
  const { what, path } = place
  try {
    const text = utf8.decode(bytes)
    requireOneOfEachKey(text, place)
    return parseJson(text)
  } catch (cause) {
    if (cause instanceof TableError) throw cause
    throw corrupt(`${what} as JSON in UTF-8`, 'it is none', { path, cause })
  }
}

/** One pass over quotes and brackets. Of what is no JSON it may find anything: that is parsed, and refused, after. */
function requireOneOfEachKey(text: string, { what, path }: JsonPlace): void {
  const open: (Set<string> | undefined)[] = []
  let isKey = false
  for (let i = 0; i < text.length; i++) {
    const character = text[i]
    if (character === '"') {
      const end = closingQuote(text, i)
      if (end < 0) return
      const keys = open.at(-1)
      if (isKey && keys !== undefined) {
        const key = keyOf(text.slice(i, end + 1))
        if (keys.has(key)) {
          throw corrupt(what, `it has the key ${JSON.stringify(key.slice(0, 200))} twice`, { path })
        }
        keys.add(key)
      }
      i = end
    } else if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined)
      isKey = character === '{'
      if (open.length > MAX_DEPTH) {
        const message = `${what} of more than ${MAX_DEPTH} levels: no more are read`
        throw new TableError('UNSUPPORTED_FEATURE', message, { context: { ...(path && { path }) } })
      }
    } else if (character === '}' || character === ']') open.pop()
    else if (character === ',') isKey = open.at(-1) !== undefined
    else if (character === ':') isKey = false
  }
}

function keyOf(quoted: string): string {
  return quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
}
