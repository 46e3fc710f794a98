/** One token of a SQL predicate; `start` and `end` are offsets into the text. */
export interface Token {
  readonly kind: 'word' | 'identifier' | 'string' | 'hex' | 'number' | 'symbol'
  /** A word in upper case, an identifier or a string without its quotes, a number or symbol as written. */
  readonly text: string
  readonly start: number
  readonly end: number
}

/** Tokens, or why the text has no certain structure. */
export type Lexed =
  | { readonly tokens: readonly Token[]; readonly error?: undefined }
  | { readonly error: string }

const SPACE = /\s+/y
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy
const NUMBER = /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?(?:BD|bd|[LSYDFlsydf])?(?![\p{L}\p{N}_])/uy
const SYMBOL = /<=>|<=|>=|<>|!=|==|::|->|[-+*/%=<>(),.[\]{}:?@#^&|~]/y
/** Outside a quoted text these may change what binds to what, or hide text: dialects disagree about them. */
const UNCERTAIN = /--|\/\*|\|\||&&|;|!(?!=)/y

/** Splits a SQL predicate into tokens. Never throws. */
export function lexSql(text: string): Lexed {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    SPACE.lastIndex = at
    if (SPACE.test(text)) {
      at = SPACE.lastIndex
      continue
    }
    const uncertain = matchAt(UNCERTAIN, text, at)
    if (uncertain !== undefined) return { error: `${uncertain} is not supported` }
    const token = quotedAt(text, at) ?? plainAt(text, at)
    if (token === undefined) return { error: `unexpected character at offset ${at}` }
    if (typeof token === 'string') return { error: token }
    tokens.push(token)
    at = token.end
  }
  return { tokens }
}

function plainAt(text: string, start: number): Token | undefined {
  const word = matchAt(WORD, text, start)
  if (word !== undefined) {
    return { kind: 'word', text: word, start, end: start + word.length }
  }
  for (const [kind, pattern] of PLAIN) {
    const found = matchAt(pattern, text, start)
    if (found !== undefined) return { kind, text: found, start, end: start + found.length }
  }
  return undefined
}

const PLAIN = [
  ['number', NUMBER],
  ['symbol', SYMBOL],
] as const

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0]
}

/** A quoted token, a reason why it has no end, or undefined where none begins. */
function quotedAt(text: string, start: number): Token | string | undefined {
  const first = text[start]!
  if (first === "'") return stringAt(text, start)
  if (first === '`' || first === '"') return identifierAt(text, start, first)
  if ((first === 'x' || first === 'X') && text[start + 1] === "'") return hexAt(text, start)
  return undefined
}

function hexAt(text: string, start: number): Token | string {
  const close = text.indexOf("'", start + 2)
  if (close < 0) return `the hexadecimal literal at offset ${start} has no end`
  return { kind: 'hex', text: text.slice(start + 2, close), start, end: close + 1 }
}

function identifierAt(text: string, start: number, quote: string): Token | string {
  let name = ''
  let from = start + 1
  for (;;) {
    const close = text.indexOf(quote, from)
    if (close < 0) return `the quoted name at offset ${start} has no end`
    name += text.slice(from, close)
    if (text[close + 1] !== quote) return { kind: 'identifier', text: name, start, end: close + 1 }
    name += quote
    from = close + 2
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['0', '\0'],
  ['b', '\b'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['Z', '\u001a'],
  // Kept as written: they mean something to LIKE only.
  ['%', '\\%'],
  ['_', '\\_'],
])

/** As Spark writes and reads them: a backslash escapes, and a doubled quote is one quote. */
function stringAt(text: string, start: number): Token | string {
  const pieces: string[] = []
  let from = start + 1
  for (let at = from; at < text.length; at++) {
    if (text[at] === "'") {
      if (text[at + 1] !== "'") {
        pieces.push(text.slice(from, at))
        return { kind: 'string', text: pieces.join(''), start, end: at + 1 }
      }
      pieces.push(text.slice(from, at + 1))
      from = at + 2
      at++
    } else if (text[at] === '\\') {
      const { value, length } = escapeAt(text, at)
      pieces.push(text.slice(from, at), value)
      from = at + length
      at = from - 1
    }
  }
  return `the text at offset ${start} has no end`
}

const UNICODE_ESCAPE = /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))/y

function escapeAt(text: string, at: number): { value: string; length: number } {
  UNICODE_ESCAPE.lastIndex = at
  const match = UNICODE_ESCAPE.exec(text)
  if (match !== null) {
    const [whole, short, long, octal] = match
    const code =
      octal === undefined ? Number.parseInt(short ?? long!, 16) : Number.parseInt(octal, 8)
    if (code <= 0x10ffff) return { value: String.fromCodePoint(code), length: whole.length }
  }
  const escaped = text[at + 1]
  if (escaped === undefined) return { value: '', length: 1 }
  return { value: ESCAPES.get(escaped) ?? escaped, length: 2 }
}
