export interface SplitSql {
  /** Whole statements, without their semicolons; those that are comments alone are left out. */
  readonly statements: readonly string[]
  /** What follows the last semicolon: a statement that is not finished, or nothing. */
  readonly rest: string
}

/** Cuts text at the semicolons that end statements: not those in strings, quoted names, dollar quotes and comments. */
export function splitSql(text: string): SplitSql {
  const statements: string[] = []
  let start = 0
  let hasSql = false
  for (let at = 0; at < text.length; ) {
    if (text[at] === ';') {
      if (hasSql) statements.push(text.slice(start, at).trim())
      start = ++at
      hasSql = false
      continue
    }
    const { end, isSql } = tokenAt(text, at)
    hasSql ||= isSql
    at = end
  }
  return { statements, rest: hasSql ? text.slice(start) : openComment(text.slice(start)) }
}

/** One piece of SQL: a string, a quoted name, a comment, or a single character of anything else. */
interface Token {
  readonly end: number
  /** False for space and comments. */
  readonly isSql: boolean
}

export function tokenAt(text: string, at: number): Token {
  const two = text.slice(at, at + 2)
  if (two === '--') return { end: endOf(text, '\n', at), isSql: false }
  if (two === '/*') return { end: commentEnd(text, at), isSql: false }
  switch (text[at]) {
    case "'":
      return { end: quoteEnd(text, at, isEscapeString(text, at)), isSql: true }
    case '"':
      return { end: quoteEnd(text, at, false), isSql: true }
    case '$': {
      const tag = dollarTag(text, at)
      const end = tag === undefined ? at + 1 : endOf(text, tag, at + tag.length)
      return { end, isSql: true }
    }
    default:
      return { end: at + 1, isSql: !/\s/.test(text[at]!) }
  }
}

/** Behind the next `mark`, or the end of the text. */
function endOf(text: string, mark: string, from: number): number {
  const found = text.indexOf(mark, from)
  return found < 0 ? text.length : found + mark.length
}

/** Comments nest, as PostgreSQL's do. */
function commentEnd(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; ) {
    const two = text.slice(i, i + 2)
    if (two === '/*') depth++
    else if (two === '*/') depth--
    else {
      i++
      continue
    }
    i += 2
    if (depth === 0) return i
  }
  return text.length
}

/** A doubled quote stands for one; in `E'…'` a backslash takes the next character with it. */
function quoteEnd(text: string, at: number, escapes: boolean): number {
  const quote = text[at]
  for (let i = at + 1; i < text.length; i++) {
    if (escapes && text[i] === '\\') i++
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1
      i++
    }
  }
  return text.length
}

function isEscapeString(text: string, at: number): boolean {
  return /[eE]/.test(text[at - 1] ?? '') && !/\w/.test(text[at - 2] ?? '')
}

/** `$$` or `$tag$`; a parameter such as `$1` or `$name` is none, nor is a dollar within a name. */
function dollarTag(text: string, at: number): string | undefined {
  if (/\w/.test(text[at - 1] ?? '')) return undefined
  return /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(text.slice(at, at + 128))?.[0]
}

/** A comment that was opened and not closed is the beginning of something; whole ones are nothing. */
function openComment(text: string): string {
  const at = text.lastIndexOf('/*')
  return at >= 0 && commentEnd(text, at) === text.length && !text.trimEnd().endsWith('*/')
    ? text
    : ''
}
