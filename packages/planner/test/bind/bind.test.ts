import {
  and,
  type BoundReference,
  createSchema,
  eq,
  gt,
  isIn,
  isNull,
  type Leaf,
  lt,
  not,
  notEq,
  or,
  type Predicate,
  type PrimitiveType,
  startsWith,
  type Value,
} from '@spillway/core'
import { bind, fieldsOf, rewriteNot } from '@spillway/planner'
import { allReadings, Random, randomPredicate, randomTable, rowTest } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { predicateText } from '../../src/predicates/predicate-text.js'
import { field } from '../support/one-column.js'

const schema = createSchema([
  field(1, 'id', 'long'),
  field(2, 'Name', 'string'),
  field(3, 'a.b', 'int'),
  field(4, 's', { kind: 'struct', fields: [field(5, 'x', 'double'), field(6, 'y.z', 'date')] }),
  field(7, 'list', { kind: 'list', element: field(8, 'element', 'int') }),
  field(9, 'v', { kind: 'opaque', name: 'variant' }),
])

function reasons(predicate: Predicate): readonly string[] {
  return bind(predicate, schema).unapplied.map(
    ({ predicate: text, reason }) => `${text}: ${reason}`,
  )
}

describe('bind', () => {
  it.each<readonly [string, Predicate, number]>([
    ['a name', eq('id', 1), 1],
    ['a name in another case', eq('NAME', 'x'), 2],
    ['a name with a dot', eq('a.b', 1), 3],
    ['a nested name', eq(['s', 'x'], 1), 5],
    ['a nested name with a dot', isNull(['s', 'y.z']), 6],
    ['a path written as one name', eq('s.x', 1), 5],
    ['a struct as a whole', isNull('s'), 4],
    ['a list as a whole', isNull('list'), 7],
    ['an opaque column', isNull('v'), 9],
  ])('finds %s', (_, predicate, id) => {
    const bound = bind(predicate, schema)
    expect(bound.unapplied).toEqual([])
    expect(fieldsOf(bound.predicate).map(path => path.at(-1)?.id)).toEqual([id])
  })

  it.each<readonly [Predicate, string]>([
    [eq('nowhere', 1), 'nowhere = 1: there is no column nowhere'],
    [eq(['list', 'element'], 1), 'list.element = 1: list.element is inside the list list'],
    [eq('s', 1), 's = 1: a long literal beside a struct column'],
    [eq('v', 1), 'v = 1: a long literal beside a variant column'],
    [startsWith('id', '1'), "id LIKE '1%': a long column has no prefix"],
    [eq('Name', 5), 'Name = 5: a long literal beside a string column'],
    [isIn('id', [1n, 'one']), "id IN (1, 'one'): the text is not a plain long"],
  ])('reports what it cannot use: %#', (predicate, reported) => {
    expect(reasons(predicate)).toEqual([reported])
  })

  it('leaves the parts around an unusable one in place', () => {
    const bound = bind(and(eq('nowhere', 1), gt('id', 5)), schema)
    expect(bound.predicate).toMatchObject({
      kind: 'and',
      operands: [{ kind: 'unknown' }, { kind: 'comparison', op: 'gt', value: 5n }],
    })
  })

  it('does not repeat parts that came unknown', () => {
    expect(reasons({ kind: 'unknown', reason: 'f(x)' })).toEqual([])
  })

  it('joins equalities of one column into a list', () => {
    const bound = bind(or(eq('id', 1), lt('id', 0), eq('id', 2), isIn('id', [3n])), schema)
    expect(bound.predicate).toMatchObject({
      operands: [
        { kind: 'in', values: [1n, 2n, 3n] },
        { kind: 'comparison', op: 'lt' },
      ],
    })
  })

  it('joins inequalities under AND, and never across types', () => {
    const bound = bind(and(notEq('id', 1), notEq('id', 2), notEq('id', '3')), schema)
    expect(bound.predicate).toMatchObject({
      operands: [{ kind: 'not' }, { kind: 'comparison', op: 'notEq', value: 3n }],
    })
  })

  it('takes a predicate nested 100,000 deep', () => {
    let deep: Predicate = eq('id', 1)
    for (let i = 0; i < 100_000; i++) deep = i % 2 === 0 ? not(deep) : and(gt('id', 5), deep)
    const bound = bind(deep, schema)
    expect(bound.unapplied.map(({ reason }) => reason)).toEqual([
      'nested deeper than 250 levels',
      'nested deeper than 250 levels',
    ])
    expect(rewriteNot(bound.predicate).kind).not.toBe('not')
  })

  it('stops at 2,000 conditions', () => {
    const many = and(...Array.from({ length: 5000 }, (_, i) => gt('id', BigInt(i))))
    const bound = bind(many, schema)
    expect(bound.unapplied).toHaveLength(100)
    expect(bound.unapplied[0]?.reason).toBe('more than 2000 conditions')
  })
})

describe('rewriteNot', () => {
  const text = (predicate: Predicate) => {
    const { predicate: bound } = bind(predicate, schema)
    return JSON.stringify(rewriteNot(bound), (key, value) => {
      if (key === 'ref' || key === 'reason') return undefined
      return typeof value === 'bigint' ? Number(value) : value
    })
  }

  it.each<readonly [string, Predicate, Predicate]>([
    ['NOT NOT', not(not(lt('id', 5))), lt('id', 5)],
    ['NOT <', not(lt('id', 5)), { ...lt('id', 5), op: 'gtEq' } as Predicate],
    ['NOT =', not(eq('id', 5)), notEq('id', 5)],
    [
      'De Morgan, AND',
      not(and(eq('id', 5), isNull('Name'))),
      or(notEq('id', 5), { ...isNull('Name'), kind: 'notNull' } as Predicate),
    ],
    [
      'De Morgan, OR',
      not(or(eq('id', 5), isNull('Name'))),
      and(notEq('id', 5), { ...isNull('Name'), kind: 'notNull' } as Predicate),
    ],
    ['NOT TRUE', not({ kind: 'alwaysTrue' }), { kind: 'alwaysFalse' }],
    ['NOT unknown', not({ kind: 'unknown', reason: 'r' }), { kind: 'unknown', reason: 'r' }],
  ])('%s', (_, before, after) => {
    expect(text(before)).toBe(text(after))
  })

  it('lets NaN pass both an order and its negation', () => {
    const { predicate } = bind(not(lt(['s', 'x'], 5)), schema)
    expect(rewriteNot(predicate)).toMatchObject({
      kind: 'or',
      operands: [
        { op: 'gtEq' },
        { kind: 'and', operands: [{ kind: 'unknown' }, { kind: 'isNan' }] },
      ],
    })
  })
})

describe('bind and rewriteNot together', () => {
  // What is bound reads back as SQL; as a predicate of its own it must match every row that the given one does.
  it('match every row that the given predicate matches', () => {
    const readings = allReadings([0]).filter(({ nulls }) => nulls === 'three-valued')
    let compared = 0
    for (let seed = 1; seed <= 400; seed++) {
      const random = new Random(seed)
      const shape = { types: ['int', 'long', 'string', 'date', 'boolean'] as const, deletes: false }
      const table = randomTable(shape, random)
      const predicate = randomPredicate(table, random)
      const { predicate: bound } = bind(predicate, table.schema, { zonelessLiterals: 'utc' })
      const rewritten = rewriteNot(bound)
      for (const reading of readings) {
        const before = rowTest(predicate, table.schema, reading)
        // `unknown` keeps: read back as TRUE.
        const after = rowTest(unbind(rewritten), table.schema, { ...reading, unknown: true })
        for (const row of table.files.flatMap(file => file.rows)) {
          if (before(row) === true) expect(after(row), predicateText(predicate)).toBe(true)
          compared++
        }
      }
    }
    expect(compared).toBeGreaterThan(10_000)
  })
})

/** A bound predicate as one over names and typed literals again. */
function unbind(predicate: ReturnType<typeof rewriteNot>): Predicate {
  switch (predicate.kind) {
    case 'alwaysTrue':
    case 'alwaysFalse':
    case 'unknown':
      return predicate
    case 'and':
    case 'or':
      return { kind: predicate.kind, operands: predicate.operands.map(unbind) }
    default:
      return unbindLeaf(predicate)
  }
}

function unbindLeaf(leaf: Leaf<BoundReference, Value>): Predicate {
  const { path } = leaf.ref
  const ref = { names: path.map(({ name }) => name) }
  const type = path.at(-1)!.type as PrimitiveType
  switch (leaf.kind) {
    case 'comparison':
      return { ...leaf, ref, value: { value: leaf.value, type } }
    case 'in':
    case 'notIn':
      return { ...leaf, ref, values: leaf.values.map(value => ({ value, type })) }
    case 'startsWith':
    case 'notStartsWith':
      return { ...leaf, ref }
    default:
      return { ...leaf, ref }
  }
}
