import {
  type BoundPredicate,
  type BoundReference,
  type FieldPath,
  type Leaf,
  type Literal,
  leafOf,
  type Predicate,
  type Reference,
  type Schema,
  typeName,
  type Value,
} from '@spillway/core'
import { bindComparison, bindIn } from './bind-comparison.js'
import { type CoerceOptions, isWellFormed } from './literal.js'
import { predicateText } from './predicate-text.js'
import { mayBeNan } from './rewrite-not.js'

export type { ZonelessLiterals } from './literal.js'

/** A part of a predicate that pruning could not use. */
export interface Unapplied {
  readonly predicate: string
  readonly reason: string
}

export interface Bound {
  readonly predicate: BoundPredicate
  readonly unapplied: readonly Unapplied[]
}

/** Deeper parts become `unknown`, so that no later walk can exhaust the stack. */
const MAX_DEPTH = 250

type UnboundLeaf = Leaf<Reference, Literal>

/**
 * Resolves names against `schema` and turns literals into values of the column's own type, rounded outward where
 * they have none. A part that cannot be bound becomes `unknown` in its place, which never prunes.
 */
export function bind(predicate: Predicate, schema: Schema, options: CoerceOptions = {}): Bound {
  const unapplied: Unapplied[] = []
  const refuse = (part: Predicate, reason: string): BoundPredicate => {
    unapplied.push({ predicate: predicateText(part), reason })
    return { kind: 'unknown', reason }
  }
  const walk = (part: Predicate, depth: number): BoundPredicate => {
    if (depth > MAX_DEPTH) return refuse(part, `nested deeper than ${MAX_DEPTH} levels`)
    switch (part.kind) {
      case 'alwaysTrue':
      case 'alwaysFalse':
      case 'unknown':
        return part
      case 'not':
        return { kind: 'not', operand: walk(part.operand, depth + 1) }
      case 'and':
      case 'or':
        return { kind: part.kind, operands: part.operands.map(each => walk(each, depth + 1)) }
      default: {
        const bound = bindLeaf(part, schema, options)
        return typeof bound === 'string' ? refuse(part, bound) : bound
      }
    }
  }
  return { predicate: walk(predicate, 0), unapplied }
}

/** The bound leaf, or the reason why there is none. */
function bindLeaf(
  leaf: UnboundLeaf,
  schema: Schema,
  options: CoerceOptions,
): BoundPredicate | string {
  const path = findColumn(leaf.ref.names, schema)
  if (path === undefined) return `there is no column ${leaf.ref.names.join('.')}`
  const repeated = path.slice(0, -1).find(field => isRepeated(field.type))
  if (repeated !== undefined) {
    return `${leaf.ref.names.join('.')} is inside the ${typeName(repeated.type)} ${repeated.name}`
  }
  const ref: BoundReference = { path }
  switch (leaf.kind) {
    case 'isNull':
    case 'notNull':
      return { kind: leaf.kind, ref }
    case 'isNan':
      return mayBeNan(ref) ? { kind: 'isNan', ref } : { kind: 'alwaysFalse' }
    case 'notNan':
      return mayBeNan(ref) ? { kind: 'notNan', ref } : { kind: 'alwaysTrue' }
    case 'startsWith':
    case 'notStartsWith':
      return bindPrefix(leaf.kind, leaf.prefix, path)
    case 'comparison':
      return bindComparison(leaf.op, ref, leaf.value, options)
    case 'in':
    case 'notIn':
      return bindIn(leaf.kind, ref, leaf.values, options)
  }
}

/** JSON hints have one name for a column: one that is no column's is taken for a path, dot by dot. */
function findColumn(names: readonly string[], schema: Schema): FieldPath | undefined {
  const found = schema.find(names)
  if (found !== undefined || names.length !== 1) return found
  return schema.find(names[0]!.split('.'))
}

function bindPrefix(
  kind: 'startsWith' | 'notStartsWith',
  prefix: string,
  path: FieldPath,
): Leaf<BoundReference, Value> | string {
  const { type } = leafOf(path)
  if (type !== 'string') return `a ${typeName(type)} column has no prefix`
  if (!isWellFormed(prefix)) return 'the prefix is not valid Unicode'
  const ref: BoundReference = { path }
  return { kind, ref, prefix }
}

function isRepeated(type: FieldPath[0]['type']): boolean {
  return typeof type === 'object' && (type.kind === 'list' || type.kind === 'map')
}
