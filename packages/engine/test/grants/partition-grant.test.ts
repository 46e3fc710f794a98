import {
  and,
  createSchema,
  type DataFile,
  eq,
  gt,
  gtEq,
  isIn,
  isNull,
  type Literal,
  lt,
  not,
  notEq,
  notNull,
  or,
  type Predicate,
  type PrimitiveType,
  startsWith,
  type TableMetadata,
  type Value,
} from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { partitionGrant } from '../../src/grants/partition-grant.js'

const TYPES: Readonly<Record<string, PrimitiveType>> = {
  region: 'string',
  year: 'int',
  id: 'long',
  price: 'double',
}
const names = Object.keys(TYPES)

const column = (id: number, name: string, type: PrimitiveType) => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: true,
})

const metadata = {
  schema: createSchema([
    ...names.map((name, index) => column(index + 1, name, TYPES[name]!)),
    column(9, 'amount', 'long'),
    column(10, 'at', 'timestamptz'),
  ]),
  partitionSpecs: new Map([
    [
      0,
      {
        specId: 0,
        fields: names.map((name, index) => ({
          id: 1000 + index,
          name,
          transform: { kind: 'identity' as const },
          sourceIds: [index + 1],
        })),
      },
    ],
  ]),
} as unknown as TableMetadata

const file = (...partition: readonly (Value | null)[]) =>
  ({ specId: 0, partition }) as unknown as DataFile

const EU = file('eu', 2026, 7n, 1.5)
const NULLS = file(null, null, null, null)

/** Its region cannot be told. */
const UNREADABLE = { specId: 0, partition: [undefined, 2026, 7n, 1.5] }

const EMPTY_TEXT = {
  specId: 0,
  partition: [null, 2026, 7n, 1.5],
  delta: { partitionValues: new Map([['region', '']]) },
} as unknown as DataFile

describe('a grant of partitions', () => {
  it.each<readonly [string, Predicate, boolean, boolean]>([
    ['an equality', eq('region', 'eu'), true, false],
    ['another value', eq('region', 'us'), false, false],
    ['an inequality, which null is not', notEq('region', 'us'), true, false],
    ['the negation of one', not(eq('region', 'us')), true, false],
    ['null', isNull('region'), false, true],
    ['anything but null', notNull('region'), true, false],
    ['null or a value', or(isNull('region'), eq('region', 'eu')), true, true],
    ['a range', and(gtEq('year', 2026), lt('year', 2027)), true, false],
    ['a list', isIn('region', ['us', 'eu']), true, false],
    ['a prefix', startsWith('region', 'e'), true, false],
    ['everything', { kind: 'alwaysTrue' }, true, true],
    ['nothing', { kind: 'alwaysFalse' }, false, false],
  ])('of %s', (_, predicate, eu, nulls) => {
    const part = partitionGrant(predicate, metadata)
    expect([EU, NULLS, EU].map(part.holds)).toEqual([eu, nulls, eu])
  })

  it.each<readonly [string, Predicate, boolean]>([
    ['its value', eq('region', 'eu'), false],
    ['any other value', notEq('region', 'us'), false],
    ['null', isNull('region'), false],
    ['anything but null', notNull('region'), false],
    ['the negation of a value', not(eq('region', 'us')), false],
    ['another column', eq('year', 2026), true],
    ['its value or another column', or(eq('region', 'eu'), eq('year', 2026)), true],
  ])('of %s, of a file whose value cannot be told', (_, predicate, granted) => {
    expect(partitionGrant(predicate, metadata).holds(UNREADABLE)).toBe(granted)
  })

  it.each([
    ['a column that is no partition', gt('amount', 1)],
    ['a column that is not there', eq('nothing', 1)],
    ['a timestamp, whose zone no path says', eq('at', { value: 0n, type: 'timestamptz' })],
    ['what is not understood', { kind: 'unknown', reason: 'a function' } as const],
  ])('of %s is refused', (_, predicate) => {
    expect(() => partitionGrant(predicate, metadata).holds(EU)).toThrow(/cannot be decided/)
  })
})

/** SQL's three values, from their definition. */
function truth(predicate: Predicate, row: Readonly<Record<string, Value | null>>): boolean | null {
  switch (predicate.kind) {
    case 'not': {
      const value = truth(predicate.operand, row)
      return value === null ? null : !value
    }
    case 'and':
    case 'or': {
      const values = predicate.operands.map(operand => truth(operand, row))
      const decisive = predicate.kind === 'or'
      if (values.includes(decisive)) return decisive
      return values.includes(null) ? null : !decisive
    }
    case 'isNull':
      return row[predicate.ref.names[0]!] === null
    case 'comparison': {
      const value = row[predicate.ref.names[0]!]
      if (value === null || value === undefined) return null
      const { value: other } = predicate.value as Literal
      const order = value < other ? -1 : value > other ? 1 : 0
      return {
        eq: order === 0,
        notEq: order !== 0,
        lt: order < 0,
        ltEq: order <= 0,
        gt: order > 0,
        gtEq: order >= 0,
      }[predicate.op]
    }
    default:
      throw new Error(predicate.kind)
  }
}

const valuesOf = {
  region: ['', 'de', 'eu', 'us'],
  year: [-1, 0, 2025, 2026],
  id: [-1n, 0n, 7n, 2n ** 62n],
  price: [-1.5, 0, 1.5, Number.MAX_VALUE],
} as const
type Name = keyof typeof valuesOf

const leaf = fc.constantFrom(...(names as Name[])).chain(name =>
  fc.oneof(
    fc.constant(isNull(name)),
    fc
      .tuple(
        fc.constantFrom(...([...valuesOf[name]] as Value[])),
        fc.constantFrom(eq, notEq, lt, gt, gtEq),
      )
      .map(([value, make]) => make(name, { value, type: TYPES[name]! })),
  ),
)
const predicates = fc.letrec<{ node: Predicate }>(tie => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    tie('node').map(not),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map(all => and(...all)),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map(any => or(...any)),
  ),
})).node
const rows = fc.tuple(
  ...names.map(name => fc.option(fc.constantFrom(...([...valuesOf[name as Name]] as Value[])))),
)

it('grants exactly the partitions for which the predicate is true', () => {
  fc.assert(
    fc.property(predicates, rows, (predicate, row) => {
      const values = Object.fromEntries(names.map((name, index) => [name, row[index] ?? null]))
      const part = partitionGrant(predicate, metadata)
      const granted = part.holds(file(...names.map(name => values[name]!)))
      expect(granted).toBe(truth(predicate, values) === true)
    }),
    { numRuns: quickOr(500, 2000) },
  )
})

it.each([
  isNull('region'),
  eq('region', ''),
  notNull('region'),
  not(eq('region', 'eu')),
  or(isNull('region'), eq('region', '')),
])('does not grant what some read as null and some as the empty text', predicate => {
  expect(partitionGrant(predicate, metadata).holds(EMPTY_TEXT)).toBe(false)
})

it('grants it by what is not disputed', () => {
  expect(partitionGrant(eq('year', 2026), metadata).holds(EMPTY_TEXT)).toBe(true)
})

it('says the same of every file, however many it has been asked about and however alike they are', () => {
  const texts = ['', ' ', 'eu', 'eu ', 'null', 'undefined', '6 null', 'é', 'x'.repeat(5000)]
  const regions = [null, ...texts, ...Array.from({ length: 10_000 }, (_, i) => `r${i % 5000}`)]
  const part = partitionGrant(or(gt('region', 'eu'), isNull('region')), metadata)
  for (const region of [...regions, ...regions]) {
    const granted = region === null || region > 'eu'
    expect([region, part.holds(file(region, 1, 7n, 1.5))]).toEqual([region, granted])
  }
  const ratios = partitionGrant(gt('year', 5), metadata)
  const years = [5, 6, null, 5, 6, null]
  expect(years.map(year => ratios.holds(file('eu', year, 7n, 1.5)))).toEqual(
    years.map(year => year === 6),
  )
})
