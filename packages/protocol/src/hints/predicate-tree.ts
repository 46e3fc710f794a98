import type { Predicate } from '@spillway/core'
import { MAX_HINT_DEPTH, type UnappliedList } from './hint.js'

/** A predicate under construction: its lists and operands are owned, and may still change. */
export type Draft =
  | { readonly kind: 'leaf'; readonly predicate: Predicate }
  | { readonly kind: 'and' | 'or'; readonly operands: Draft[] }
  | { readonly kind: 'not'; operand: Draft }

export function leafDraft(predicate: Predicate): Draft {
  return { kind: 'leaf', predicate }
}

/** AND or OR of some operands, merged with those among them that are the same already. */
export function junctionDraft(kind: 'and' | 'or', drafts: readonly Draft[]): Draft {
  if (drafts.length === 1) return drafts[0]!
  // The longest list of the same kind takes the others in: linear for a chain nested either way.
  let operands: Draft[] = []
  for (const draft of drafts) {
    if (draft.kind === kind && draft.operands.length > operands.length) operands = draft.operands
  }
  for (const draft of drafts) {
    if (draft.kind !== kind) operands.push(draft)
    else if (draft.operands !== operands) {
      for (const operand of draft.operands) operands.push(operand)
    }
  }
  return { kind, operands }
}

export function notDraft(operand: Draft): Draft {
  return operand.kind === 'not' ? operand.operand : { kind: 'not', operand }
}

/**
 * The finished predicate. What nests deeper than a hint may is `unknown`: cut first, without recursion, so that
 * nothing after this can exhaust the stack.
 */
export function finishDraft(root: Draft, unapplied: UnappliedList): Predicate {
  cutDeep(root, unapplied)
  return finish(root)
}

function cutDeep(root: Draft, unapplied: UnappliedList): void {
  const reason = `nested deeper than ${MAX_HINT_DEPTH} levels`
  let stand: Draft | undefined
  const pending: { readonly draft: Draft; readonly depth: number }[] = [{ draft: root, depth: 0 }]
  const visit = (child: Draft, depth: number): Draft => {
    if (child.kind === 'leaf') return child
    if (depth >= MAX_HINT_DEPTH) {
      stand ??= leafDraft(unapplied.refuse('(...)', reason))
      return stand
    }
    pending.push({ draft: child, depth })
    return child
  }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { draft, depth } = next
    if (draft.kind === 'not') draft.operand = visit(draft.operand, depth + 1)
    else if (draft.kind !== 'leaf') {
      for (const [index, operand] of draft.operands.entries()) {
        draft.operands[index] = visit(operand, depth + 1)
      }
    }
  }
}

function finish(draft: Draft): Predicate {
  switch (draft.kind) {
    case 'leaf':
      return draft.predicate
    case 'not':
      return { kind: 'not', operand: finish(draft.operand) }
    default:
      return { kind: draft.kind, operands: draft.operands.map(finish) }
  }
}
