import {
  type BoundPredicate,
  type BoundReference,
  compareValues,
  type DataFile,
  type Field,
  type Leaf,
  leafOf,
  type Predicate,
  TableError,
  type TableMetadata,
  type Value,
} from '@spillway/core'
import { bind } from '@spillway/planner'

/** True for a file all of whose rows a recipient was granted. */
export type PartitionGrant = (file: DataFile) => boolean

/**
 * A grant of some partitions, decided file by file from partition values alone: a value that is null, or that the
 * predicate says nothing about, is not granted. Throws where partition values cannot decide it.
 */
export function partitionGrant(predicate: Predicate, metadata: TableMetadata): PartitionGrant {
  const { predicate: bound, unapplied } = bind(predicate, metadata.schema)
  const [problem] = unapplied
  if (problem !== undefined) throw refused(`${problem.predicate}: ${problem.reason}`)
  check(bound)
  return file => evaluate(bound, field => partitionValue(field, file, metadata)) === true
}

type Lookup = (field: Field) => Value | null

function partitionValue(field: Field, file: DataFile, metadata: TableMetadata): Value | null {
  const parts = metadata.partitionSpecs.get(file.specId)?.fields ?? []
  const index = parts.findIndex(
    ({ transform, sourceIds }) => transform.kind === 'identity' && sourceIds[0] === field.id,
  )
  if (index >= 0) return file.partition[index] ?? null
  throw refused(`${field.name} is not a partition column of every file`)
}

/** SQL's three values: null is neither true nor false. */
function evaluate(predicate: BoundPredicate, lookup: Lookup): boolean | null {
  switch (predicate.kind) {
    case 'alwaysTrue':
      return true
    case 'alwaysFalse':
      return false
    case 'unknown':
      return null
    case 'not': {
      const value = evaluate(predicate.operand, lookup)
      return value === null ? null : !value
    }
    case 'and':
      return every(predicate.operands, lookup, true)
    case 'or':
      return every(predicate.operands, lookup, false)
    default:
      return evaluateLeaf(predicate, lookup(leafOf(predicate.ref.path)))
  }
}

/** AND where `neutral` is true, OR where it is false. */
function every(
  operands: readonly BoundPredicate[],
  lookup: Lookup,
  neutral: boolean,
): boolean | null {
  let result: boolean | null = neutral
  for (const operand of operands) {
    const value = evaluate(operand, lookup)
    if (value === !neutral) return !neutral
    if (value === null) result = null
  }
  return result
}

function evaluateLeaf(leaf: Leaf<BoundReference, Value>, value: Value | null): boolean | null {
  if (leaf.kind === 'isNull') return value === null
  if (leaf.kind === 'notNull') return value !== null
  if (value === null) return null
  switch (leaf.kind) {
    case 'isNan':
      return Number.isNaN(value)
    case 'notNan':
      return !Number.isNaN(value)
    case 'startsWith':
      return String(value).startsWith(leaf.prefix)
    case 'notStartsWith':
      return !String(value).startsWith(leaf.prefix)
    case 'in':
      return leaf.values.some(one => compareValues(value, one) === 0)
    case 'notIn':
      return leaf.values.every(one => compareValues(value, one) !== 0)
    case 'comparison':
      return compare(leaf.op, compareValues(value, leaf.value))
  }
}

function compare(op: 'eq' | 'notEq' | 'lt' | 'ltEq' | 'gt' | 'gtEq', order: number): boolean {
  switch (op) {
    case 'eq':
      return order === 0
    case 'notEq':
      return order !== 0
    case 'lt':
      return order < 0
    case 'ltEq':
      return order <= 0
    case 'gt':
      return order > 0
    case 'gtEq':
      return order >= 0
  }
}

/** A timestamp in a partition path has no zone of its own: which rows it holds is not certain enough to share by. */
function check(predicate: BoundPredicate): void {
  switch (predicate.kind) {
    case 'alwaysTrue':
    case 'alwaysFalse':
      return
    case 'unknown':
      throw refused(predicate.reason)
    case 'not':
      check(predicate.operand)
      return
    case 'and':
    case 'or':
      predicate.operands.forEach(check)
      return
    default:
      if (predicate.ref.path.length > 1 || leafOf(predicate.ref.path).type === 'timestamptz') {
        throw refused(`${leafOf(predicate.ref.path).name} cannot be shared by`)
      }
  }
}

function refused(reason: string): TableError {
  return new TableError(
    'INTERNAL',
    `the provider's partition filter cannot be decided by partition values: ${reason}`,
  )
}
