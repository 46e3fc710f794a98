import { leafOf, type Schema, type Value } from '@spillway/core'
import type { LogicalRow } from '@spillway/testkit'

interface Node {
  readonly op: string
  readonly children?: readonly Node[]
  readonly name?: string
  readonly value?: string
  readonly valueType?: string
}

/**
 * Whether a server like the reference server keeps a file for a JSON hint, as strictly as one may be: minima and maxima without
 * NaN, maxima of timestamps cut to milliseconds, -0 below 0, texts ordered by units of UTF-16.
 */
export function javaKeeps(node: Node, rows: readonly LogicalRow[], schema: Schema): boolean {
  const [first, second] = node.children ?? []
  switch (node.op) {
    case 'and':
      return node.children!.every(each => javaKeeps(each, rows, schema))
    case 'or':
      return node.children!.some(each => javaKeeps(each, rows, schema))
    case 'isNull':
      return valuesOf(first!.name!, rows, schema).some(value => value === null)
    default:
      return boundsKeep(node.op, valuesOf(first!.name!, rows, schema), second!)
  }
}

function valuesOf(name: string, rows: readonly LogicalRow[], schema: Schema) {
  const path = schema.find([name])!
  return rows.map(row => row.get(leafOf(path).id) ?? null)
}

function boundsKeep(op: string, values: readonly (Value | null)[], literal: Node): boolean {
  const isMoment = literal.valueType === 'timestamp'
  const known = values.filter(value => value !== null && !Number.isNaN(value)) as Value[]
  // Bounds that are not there prove nothing, but of nulls.
  if (known.length === 0) return values.some(value => value !== null)
  const cut = (value: Value) =>
    isMoment ? Number((value as bigint) - mod(value as bigint)) / 1000 : value
  const ordered = known.map(cut).sort(compare)
  const value = literalValue(literal)
  const low = compare(ordered[0]!, value)
  const high = compare(ordered.at(-1)!, value)
  switch (op) {
    case 'equal':
      return low <= 0 && high >= 0
    case 'lessThan':
      return low < 0
    case 'lessThanOrEqual':
      return low <= 0
    case 'greaterThan':
      return high > 0
    case 'greaterThanOrEqual':
      return high >= 0
    default:
      throw new Error(`a server may refuse ${op}`)
  }
}

function mod(micros: bigint): bigint {
  return ((micros % 1000n) + 1000n) % 1000n
}

function literalValue({ value = '', valueType }: Node): Value {
  switch (valueType) {
    case 'int':
    case 'float':
    case 'double':
      return Number(value)
    case 'long':
      return BigInt(value)
    case 'date':
      return Date.parse(value) / 86_400_000
    case 'timestamp':
      return Date.parse(value)
    case 'bool':
      return value === 'true'
    case 'string':
      return value
    default:
      throw new Error(`a server may refuse ${valueType}`)
  }
}

function compare(a: Value, b: Value): number {
  if (a === 0 && b === 0) return Number(Object.is(b, -0)) - Number(Object.is(a, -0))
  return a < b ? -1 : a > b ? 1 : 0
}
