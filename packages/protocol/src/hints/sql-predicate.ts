import type { Predicate } from '@spillway/core'
import { MAX_HINT_LENGTH, type ParsedHint, UnappliedList } from './hint.js'
import { finishDraft } from './predicate-tree.js'
import { readCondition } from './sql-condition.js'
import { lexSql, type Token } from './sql-lexer.js'
import { NotUnderstood, TokenCursor } from './sql-operand.js'
import { readStructure } from './sql-structure.js'

/**
 * A SQL condition (a `predicateHints` entry, or what a person typed) as far as it is understood: an unknown part is
 * `unknown` in its place and cancels nothing else. Only where the structure itself is in doubt is all of it unknown.
 * Never throws.
 */
export function parseSqlPredicate(text: string): ParsedHint {
  const unapplied = new UnappliedList()
  const predicate = parse(text, unapplied)
  return { predicate, unapplied: unapplied.finish() }
}

function parse(text: string, unapplied: UnappliedList): Predicate {
  if (text.length > MAX_HINT_LENGTH) {
    return unapplied.refuse(text, `longer than ${MAX_HINT_LENGTH} characters`)
  }
  if (text.trim() === '') return { kind: 'alwaysTrue' }
  const lexed = lexSql(text)
  if (lexed.error !== undefined) return unapplied.refuse(text, lexed.error)
  const { tokens } = lexed
  const draft = readStructure(tokens, (start, end) =>
    readAtom(text, tokens, [start, end], unapplied),
  )
  return typeof draft === 'string' ? unapplied.refuse(text, draft) : finishDraft(draft, unapplied)
}

function readAtom(
  text: string,
  tokens: readonly Token[],
  [start, end]: readonly [number, number],
  unapplied: UnappliedList,
): Predicate {
  const source = () => text.slice(tokens[start]!.start, tokens[end - 1]!.end)
  const refuse = (reason: string) => unapplied.refuse(source(), reason)
  try {
    return readCondition(new TokenCursor(tokens, start, end), refuse)
  } catch (error) {
    if (error instanceof NotUnderstood) return refuse(error.message)
    throw error
  }
}
