import {
  type ComparisonOp,
  type DataType,
  type FieldPath,
  type Literal,
  leafOf,
  type Predicate,
  type PrimitiveType,
  type Reference,
} from '@spillway/core'
import type { LogicalTable } from './logical-table.js'
import type { Random } from './random.js'
import { COMPARABLE_TYPES, interestingValues } from './random-value.js'

const OPERATORS: readonly ComparisonOp[] = ['eq', 'notEq', 'lt', 'ltEq', 'gt', 'gtEq']

/** A predicate over `table`, of every kind there is, some of it beyond what anybody can use. */
export function randomPredicate(table: LogicalTable, random: Random, depth = 0): Predicate {
  const roll = depth > 3 ? 1 : random.fraction()
  if (roll < 0.15) return { kind: 'not', operand: randomPredicate(table, random, depth + 1) }
  if (roll < 0.55) {
    const kind = random.chance(0.5) ? 'and' : 'or'
    const operands = Array.from({ length: random.integer(1, 3) }, () =>
      randomPredicate(table, random, depth + 1),
    )
    return { kind, operands }
  }
  if (roll < 0.58) {
    return random.pick<Predicate>([
      { kind: 'alwaysTrue' },
      { kind: 'alwaysFalse' },
      { kind: 'unknown', reason: 'random' },
    ])
  }
  return randomLeaf(table, random)
}

function randomLeaf(table: LogicalTable, random: Random): Predicate {
  const path = randomColumn(table, random)
  if (path === undefined) return { kind: 'isNull', ref: { names: ['no such column'] } }
  const ref: Reference = { names: path.map(field => field.name) }
  const { type } = leafOf(path)
  const roll = random.fraction()
  if (roll < 0.12) return { kind: random.pick(['isNull', 'notNull'] as const), ref }
  if (type === 'string' && roll < 0.4) {
    return {
      kind: random.pick(['startsWith', 'notStartsWith'] as const),
      ref,
      prefix: randomPrefix(random),
    }
  }
  if ((type === 'float' || type === 'double') && roll < 0.2) {
    return { kind: random.pick(['isNan', 'notNan'] as const), ref }
  }
  if (roll < 0.5) {
    const values = Array.from({ length: random.integer(0, 4) }, () => randomLiteral(type, random))
    return { kind: random.pick(['in', 'in', 'notIn'] as const), ref, values }
  }
  return { kind: 'comparison', op: random.pick(OPERATORS), ref, value: randomLiteral(type, random) }
}

function randomColumn(table: LogicalTable, random: Random): FieldPath | undefined {
  const roll = random.fraction()
  if (roll < 0.02) return undefined
  // Structs and lists as wholes, and what is inside a list.
  if (roll < 0.06 || table.columns.length === 0) return [random.pick(table.schema.fields)]
  return random.pick(table.columns)
}

function randomPrefix(random: Random): string {
  const text = String(random.pick(interestingValues('string')))
  return Array.from(text).slice(0, random.integer(0, 3)).join('')
}

/** A literal for a column of `type`: mostly of its own type, often of one it can be compared with, seldom of any. */
function randomLiteral(type: DataType, random: Random): Literal {
  const own =
    typeof type === 'object' && !('precision' in type) && type.kind !== 'fixed' ? 'int' : type
  const primitive = own as PrimitiveType
  const roll = random.fraction()
  if (roll < 0.03) return literalOf(random.pick(COMPARABLE_TYPES), random)
  if (roll < 0.6) return literalOf(primitive, random)
  return neighbourLiteral(primitive, random)
}

function literalOf(type: PrimitiveType, random: Random): Literal {
  const isFloating = type === 'float' || type === 'double'
  if (isFloating && random.chance(0.03)) return { value: Number.NaN, type }
  return { value: random.pick(interestingValues(type)), type }
}

/** A literal of another type that SQL compares with `type`. */
function neighbourLiteral(type: PrimitiveType, random: Random): Literal {
  if (typeof type === 'object') {
    return type.kind === 'decimal' ? numericLiteral(random) : literalOf('binary', random)
  }
  switch (type) {
    case 'float':
      return random.chance(0.5) ? numericLiteral(random) : nearFloatLiteral(random)
    case 'int':
    case 'long':
    case 'double':
      return numericLiteral(random)
    case 'date':
    case 'timestamp':
    case 'timestamptz':
    case 'timestamp_ns':
    case 'timestamptz_ns':
      return momentLiteral(random)
    case 'boolean':
      return textLiteral(['true', 'FALSE', 'yes'], random)
    case 'time':
      return textLiteral(['12:00:00', '00:00:00.000001', '25:00:00', '1:0'], random)
    case 'uuid':
      return textLiteral(['7f010203-0405-0607-0809-0a0b0c0d0e0f', 'no uuid'], random)
    default:
      return literalOf(type, random)
  }
}

function textLiteral(texts: readonly string[], random: Random): Literal {
  return {
    value: random.pick(texts),
    type: 'string',
    ...(random.chance(0.3) ? { asTyped: true } : {}),
  }
}

/** A literal between two floats, next to one that columns hold. */
function nearFloatLiteral(random: Random): Literal {
  if (random.chance(0.3)) return { value: 1n, type: { kind: 'decimal', precision: 2, scale: 1 } }
  return { value: random.pick([0.1, -0.1, 16777217, 1.0000000001, 0.9999999999]), type: 'double' }
}

const DECIMAL_SCALES = [0, 1, 2, 3, 5, 12]

function numericLiteral(random: Random): Literal {
  switch (random.integer(0, 4)) {
    case 0: {
      const scale = random.pick(DECIMAL_SCALES)
      const value =
        BigInt(random.integer(-3000, 3000)) * random.pick([1n, 1n, 10n ** 6n, 10n ** 20n])
      return { value, type: { kind: 'decimal', precision: 38, scale } }
    }
    case 1:
      return literalOf('long', random)
    case 2:
      return literalOf('double', random)
    case 3:
      return literalOf('float', random)
    default:
      return textLiteral(
        ['0', '1', '-1', '10', '9', '1.5', '0.1', '007', '1e1', 'one', '99999999999'],
        random,
      )
  }
}

const MOMENT_TYPES = ['date', 'timestamp', 'timestamptz', 'timestamp_ns', 'timestamptz_ns'] as const

function momentLiteral(random: Random): Literal {
  if (random.chance(0.6)) return literalOf(random.pick(MOMENT_TYPES), random)
  return textLiteral(
    [
      '2026-01-03',
      '1970-01-01',
      '2026-01-03 00:00:00',
      '2026-01-03T12:00:00',
      '2026-01-03T00:00:00.123456Z',
      '2026-01-03 05:30:00+05:30',
      '2026-01-03 00:00:00.1234567',
      '2026-02-30',
      'yesterday',
    ],
    random,
  )
}
