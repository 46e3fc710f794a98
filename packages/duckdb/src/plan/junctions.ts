import { type Literal, type Predicate, typeName } from '@spillway/core'

type List = Extract<Predicate, { kind: 'in' | 'notIn' }>

/** All of them, where no part is negated: flat, without what is always true, equalities of one column as one list. */
export function allOf(operands: readonly Predicate[]): Predicate {
  const parts = joined('notIn', flattened('and', operands))
  if (parts.some(({ kind }) => kind === 'alwaysFalse')) return { kind: 'alwaysFalse' }
  return junction(
    'and',
    parts.filter(({ kind }) => kind !== 'alwaysTrue'),
  )
}

/** Any of them, likewise. */
export function anyOf(operands: readonly Predicate[]): Predicate {
  const parts = joined('in', flattened('or', operands))
  if (parts.some(({ kind }) => kind === 'alwaysTrue')) return { kind: 'alwaysTrue' }
  return junction(
    'or',
    parts.filter(({ kind }) => kind !== 'alwaysFalse'),
  )
}

function junction(kind: 'and' | 'or', operands: readonly Predicate[]): Predicate {
  const [only] = operands
  if (only === undefined) return { kind: kind === 'and' ? 'alwaysTrue' : 'alwaysFalse' }
  return operands.length === 1 ? only : { kind, operands }
}

function flattened(kind: 'and' | 'or', operands: readonly Predicate[]): readonly Predicate[] {
  return operands.flatMap(each => (each.kind === kind ? each.operands : [each]))
}

/** Equalities, or inequalities, of one column with values of one type as one list, in the place of the first. */
function joined(kind: List['kind'], operands: readonly Predicate[]): readonly Predicate[] {
  const values = new Map<string, Literal[]>()
  const parts: (Predicate | { readonly key: string; readonly part: List })[] = []
  for (const operand of operands) {
    const part = listOf(kind, operand)
    if (part === undefined) {
      parts.push(operand)
      continue
    }
    const types = new Set(part.values.map(({ type }) => typeName(type)))
    const key = JSON.stringify([part.ref.names, ...types])
    const known = values.get(key)
    if (known === undefined) {
      values.set(key, [...part.values])
      parts.push({ key, part })
    } else for (const value of part.values) known.push(value)
  }
  return parts.map(each => {
    if (!('key' in each)) return each
    const all = values.get(each.key)!
    if (all.length > 1) return { ...each.part, values: all }
    const op = kind === 'in' ? 'eq' : 'notEq'
    return { kind: 'comparison', op, ref: each.part.ref, value: all[0]! }
  })
}

function listOf(kind: List['kind'], part: Predicate): List | undefined {
  if (part.kind === kind && 'values' in part && part.values.length > 0) return part
  if (part.kind !== 'comparison' || part.op !== (kind === 'in' ? 'eq' : 'notEq')) return undefined
  return { kind, ref: part.ref, values: [part.value] }
}
