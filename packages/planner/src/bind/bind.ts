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
import { predicateText } from '../predicates/predicate-text.js'
import { mayBeNan } from '../predicates/rewrite-not.js'
import { bindComparison, bindIn } from './bind-comparison.js'
import type { CoerceOptions } from './bound-literal.js'
import { joinLists } from './join-lists.js'
import { isWellFormed } from './literal.js'

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
/** Each condition is a walk over the statistics of every file: what a hint may cost has a limit. */
const MAX_CONDITIONS = 2000
const MAX_LISTED = 100

type UnboundLeaf = Leaf<Reference, Literal>

/**
 * Resolves names against `schema` and turns literals into values of the column's own type, rounded outward where
 * they have none. A part that cannot be bound becomes `unknown` in its place, which never prunes.
 */
export function bind(predicate: Predicate, schema: Schema, options: CoerceOptions = {}): Bound {
  const binder = new Binder(schema, options)
  return { predicate: binder.walk(predicate, 0), unapplied: binder.unapplied }
}

class Binder {
  readonly unapplied: Unapplied[] = []
  readonly #schema: Schema
  readonly #options: CoerceOptions
  #conditions = 0

  constructor(schema: Schema, options: CoerceOptions) {
    this.#schema = schema
    this.#options = options
  }

  walk(part: Predicate, depth: number): BoundPredicate {
    if (depth > MAX_DEPTH) return this.#refuse(part, `nested deeper than ${MAX_DEPTH} levels`)
    switch (part.kind) {
      case 'alwaysTrue':
      case 'alwaysFalse':
      case 'unknown':
        return part
      case 'not':
        return { kind: 'not', operand: this.walk(part.operand, depth + 1) }
      case 'and':
      case 'or': {
        const operands = joinLists(part.kind, part.operands)
        return { kind: part.kind, operands: operands.map(each => this.walk(each, depth + 1)) }
      }
      default:
        return this.#leaf(part)
    }
  }

  #leaf(leaf: UnboundLeaf): BoundPredicate {
    if (this.#conditions++ >= MAX_CONDITIONS) {
      return this.#refuse(leaf, `more than ${MAX_CONDITIONS} conditions`)
    }
    const path = findColumn(leaf.ref.names, this.#schema)
    if (path === undefined) {
      return this.#refuse(leaf, `there is no column ${leaf.ref.names.join('.')}`)
    }
    const repeated = path.slice(0, -1).find(field => isRepeated(field.type))
    if (repeated !== undefined) {
      const where = `inside the ${typeName(repeated.type)} ${repeated.name}`
      return this.#refuse(leaf, `${leaf.ref.names.join('.')} is ${where}`)
    }
    const bound = this.#column(leaf, path)
    return typeof bound === 'string' ? this.#refuse(leaf, bound) : bound
  }

  /** The bound leaf, or the reason why there is none. */
  #column(leaf: UnboundLeaf, path: FieldPath): BoundPredicate | string {
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
        return bindComparison(leaf.op, ref, leaf.value, this.#options)
      case 'in':
      case 'notIn':
        return bindIn(leaf, ref, this.#options)
    }
  }

  /** A hostile predicate cannot make the list long: what is beyond it is unknown all the same. */
  #refuse(part: Predicate, reason: string): BoundPredicate {
    if (this.unapplied.length < MAX_LISTED) {
      this.unapplied.push({ predicate: predicateText(part), reason })
    }
    return { kind: 'unknown', reason }
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
