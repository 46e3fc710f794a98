import type { Predicate } from '@spillway/core'
import { type Draft, junctionDraft, leafDraft, notDraft } from './predicate-tree.js'
import type { Token } from './sql-lexer.js'

/** One pair of brackets, or the whole text: ORs of ANDs, collected until its end. */
interface Frame {
  readonly close: number
  readonly alternatives: Draft[]
  operands: Draft[]
  negated: boolean
}

/**
 * The boolean structure of a condition: AND, OR, NOT and the brackets around them. What lies between is handed to
 * `readAtom` as a range of tokens. Keeps its own stack, so no nesting exhausts the engine's. A string is the reason why
 * the structure is not certain.
 */
export function readStructure(
  tokens: readonly Token[],
  readAtom: (start: number, end: number) => Predicate,
): Draft | string {
  const closing = matchBrackets(tokens)
  if (typeof closing === 'string') return closing
  const outer: Frame[] = []
  let frame = openFrame(tokens.length)
  let at = 0
  for (;;) {
    // An operand is due: NOTs, then a bracketed condition or an atom.
    for (; isWord(tokens, at, 'NOT') && at < frame.close; at++) frame.negated = !frame.negated
    if (at >= frame.close) return expected(tokens[at], 'a condition')
    if (isCondition(tokens, at, closing, frame.close)) {
      outer.push(frame)
      frame = openFrame(closing[at]!)
      at++
      continue
    }
    const end = atomEnd(tokens, at, closing, frame.close)
    if (end === at) return expected(tokens[at], 'a condition')
    addOperand(frame, leafDraft(readAtom(at, end)))
    at = end
    while (at === frame.close) {
      const draft = closeFrame(frame)
      const parent = outer.pop()
      if (parent === undefined) return draft
      frame = parent
      addOperand(frame, draft)
      at++
    }
    if (isWord(tokens, at, 'OR')) startAlternative(frame)
    at++
  }
}

function openFrame(close: number): Frame {
  return { close, alternatives: [], operands: [], negated: false }
}

function addOperand(frame: Frame, draft: Draft): void {
  frame.operands.push(frame.negated ? notDraft(draft) : draft)
  frame.negated = false
}

function startAlternative(frame: Frame): void {
  frame.alternatives.push(junctionDraft('and', frame.operands))
  frame.operands = []
}

function closeFrame(frame: Frame): Draft {
  startAlternative(frame)
  return junctionDraft('or', frame.alternatives)
}

const PAIRS: ReadonlyMap<string, string> = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
])

/** For each opening bracket, where it closes. */
function matchBrackets(tokens: readonly Token[]): Int32Array | string {
  const closing = new Int32Array(tokens.length)
  const open: number[] = []
  for (const [index, token] of tokens.entries()) {
    if (token.kind !== 'symbol') continue
    if (PAIRS.has(token.text)) open.push(index)
    else if (token.text === ')' || token.text === ']' || token.text === '}') {
      const start = open.pop()
      if (start === undefined || PAIRS.get(tokens[start]!.text) !== token.text) {
        return `unexpected ${token.text} at offset ${token.start}`
      }
      closing[start] = index
    }
  }
  const unclosed = open.pop()
  if (unclosed === undefined) return closing
  return `the bracket at offset ${tokens[unclosed]!.start} is not closed`
}

const QUERY_WORDS = ['SELECT', 'WITH', 'VALUES', 'FROM', 'TABLE'] as const

/** True for a bracket that holds a condition, not a part of one: nothing but AND or OR follows it. */
function isCondition(
  tokens: readonly Token[],
  at: number,
  closing: Int32Array,
  end: number,
): boolean {
  if (tokens[at]!.kind !== 'symbol' || tokens[at]!.text !== '(') return false
  if (QUERY_WORDS.some(word => isWord(tokens, at + 1, word))) return false
  const after = closing[at]! + 1
  return after === end || isWord(tokens, after, 'AND') || isWord(tokens, after, 'OR')
}

/** Where an atom ends: before the next AND or OR that is not inside brackets, a BETWEEN or a CASE. */
function atomEnd(
  tokens: readonly Token[],
  start: number,
  closing: Int32Array,
  end: number,
): number {
  let betweens = 0
  let cases = 0
  for (let at = start; at < end; at++) {
    const token = tokens[at]!
    if (token.kind === 'symbol' && PAIRS.has(token.text)) at = closing[at]!
    else if (isWord(tokens, at, 'CASE')) cases++
    else if (isWord(tokens, at, 'END') && cases > 0) cases--
    else if (cases > 0) continue
    else if (isWord(tokens, at, 'BETWEEN')) betweens++
    else if (isWord(tokens, at, 'OR')) return at
    else if (isWord(tokens, at, 'AND')) {
      if (betweens === 0) return at
      betweens--
    }
  }
  return end
}

/** An unquoted word, whatever its case, that is not part of a dotted name. */
function isWord(tokens: readonly Token[], at: number, word: string): boolean {
  const token = tokens[at]
  if (token?.kind !== 'word' || token.text.length !== word.length) return false
  return token.text.toUpperCase() === word && tokens[at - 1]?.text !== '.'
}

function expected(found: Token | undefined, what: string): string {
  return found === undefined
    ? `expected ${what} at the end`
    : `expected ${what} at offset ${found.start}, found ${found.text.slice(0, 40)}`
}
