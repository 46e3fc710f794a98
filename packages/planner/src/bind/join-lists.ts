import { type Literal, type Predicate, type Reference, typeName } from '@spillway/core'

/** Equalities of one column among operands. */
interface List {
  readonly ref: Reference
  readonly values: Literal[]
  count: number
}

/**
 * `a = 1 OR a = 2` as `a IN (1, 2)`, and `a <> 1 AND a <> 2` as `a NOT IN (1, 2)`: the same in three values, and one
 * walk over the statistics in place of many (JSON hints have no IN). Only of literals of one type, since a list of
 * several would be brought to one.
 */
export function joinLists(
  kind: 'and' | 'or',
  operands: readonly Predicate[],
): readonly Predicate[] {
  const lists = new Map<string, List>()
  for (const operand of operands) {
    const values = memberValues(kind, operand)
    if (values === undefined) continue
    const key = keyOf(values)
    const list = lists.get(key)
    if (list === undefined)
      lists.set(key, { ref: values.ref, values: [...values.values], count: 1 })
    else {
      for (const value of values.values) list.values.push(value)
      list.count++
    }
  }
  const joined = new Set<string>()
  return operands.flatMap(operand => {
    const member = memberValues(kind, operand)
    const key = member && keyOf(member)
    const list = key === undefined ? undefined : lists.get(key)
    if (key === undefined || list === undefined || list.count === 1) return [operand]
    if (joined.has(key)) return []
    joined.add(key)
    return [{ kind: kind === 'or' ? 'in' : 'notIn', ref: list.ref, values: list.values }]
  })
}

/** Column and type; lists that have several types already are left alone. */
function keyOf({ ref, values }: { ref: Reference; values: readonly Literal[] }): string {
  const types = new Set(values.map(({ type, asTyped }) => `${typeName(type)} ${asTyped}`))
  return JSON.stringify([ref.names, ...types])
}

/** The literals of an equality (in an OR) or of an inequality (in an AND). */
function memberValues(
  kind: 'and' | 'or',
  operand: Predicate,
): { readonly ref: Reference; readonly values: readonly Literal[] } | undefined {
  if (operand.kind === 'comparison') {
    if (operand.op !== (kind === 'or' ? 'eq' : 'notEq')) return undefined
    return { ref: operand.ref, values: [operand.value] }
  }
  if (operand.kind === (kind === 'or' ? 'in' : 'notIn') && 'values' in operand) return operand
  return undefined
}
