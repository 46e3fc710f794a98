import { type Field, type FieldPath, leafOf, statsLeaves, type Value } from '@spillway/core'
import type { LogicalRow, Random } from '@spillway/testkit'
import { quoteNested } from '../../../rows/src/sql/quote-nested.js'
import { field } from '../../../rows/test/support/fixture.js'

const decimal = (precision: number, scale: number) =>
  ({ kind: 'decimal', precision, scale }) as const

/** A column of every kind that hints know. */
export const AWKWARD: readonly Field[] = [
  field('i', 'int'),
  field('l', 'long'),
  field('x', 'double'),
  field('r', 'float'),
  field('m', decimal(10, 2)),
  field('w', decimal(38, 5)),
  field('d', 'date'),
  field('ts', 'timestamp'),
  field('tz', 'timestamptz'),
  field('s', 'string'),
  field('b', 'boolean'),
  field('st', { kind: 'struct', fields: [field('a', 'long'), field('y', 'double')] }),
]

const DAY = 86_400_000_000n
const FLOATS = [Number.NaN, -0, 0, 0.1, 20, 20.5, -3.25, 1e300, Infinity, -Infinity, 5e-324]
const LONGS = [-(2n ** 63n), -5n, 0n, 3n, 20n, 21n, 2n ** 53n + 1n, 2n ** 63n - 1n]
const MOMENTS = [-1n, 0n, 1n, 999n, -DAY, DAY / 2n, 19_000n * DAY + 123_456n, 19_000n * DAY, 5n]
const VALUES: Readonly<Record<string, readonly Value[]>> = {
  i: [-(2 ** 31), -5, 0, 3, 20, 21, 2 ** 31 - 1],
  l: LONGS,
  a: LONGS,
  x: FLOATS,
  y: FLOATS,
  r: FLOATS.map(Math.fround),
  m: [-5n, 0n, 300n, 2000n, 2050n, 2051n, 99_999_999_99n],
  w: [-5n, 0n, 300_000n, 2_000_000n, 2_050_001n, 10n ** 38n - 1n],
  d: [-1, 0, 19_000, 19_001, 19_031, -25_567],
  ts: MOMENTS,
  tz: MOMENTS,
  s: [
    '',
    'a',
    'ab',
    'abc',
    'ab%',
    "it's",
    'a\\b',
    'é',
    '\uffee',
    '\u{1f600}',
    'AB',
    'a\nb',
    'a\n\nb',
    'x'.repeat(40),
  ],
  b: [true, false],
}

const LEAVES: readonly FieldPath[] = [...statsLeaves(AWKWARD)]

/** Neighbours are often alike, so that files differ. */
export function awkwardRows(random: Random, count: number): readonly LogicalRow[] {
  const row = () =>
    new Map<number, Value | null>(
      LEAVES.map(path => {
        const { id, name } = leafOf(path)
        return [id, random.chance(0.15) ? null : random.pick(VALUES[name]!)]
      }),
    )
  let last = row()
  return Array.from({ length: count }, (_, at) => {
    const fresh = row()
    last =
      at % 4 === 0
        ? fresh
        : new Map([...last].map(([id, value]) => [id, random.chance(0.6) ? value : fresh.get(id)!]))
    return last
  })
}

/** The cells of a row as the columns of a SELECT. */
export function rowSql(row: LogicalRow): string {
  return AWKWARD.map(({ id, name, type }) => {
    const isStruct = typeof type === 'object' && type.kind === 'struct'
    const value = isStruct ? type.fields.map(each => row.get(each.id) ?? null) : row.get(id)
    return `${quoteNested(value, type, 'logical')} AS ${name}`
  }).join(', ')
}

const NUMBERS = [
  '0',
  '-0.0',
  '3',
  '20',
  '20.5',
  '20.501',
  '-3.25',
  '0.1',
  '1e3',
  '9007199254740993',
]
const MORE_NUMBERS = [
  "'NaN'::DOUBLE",
  "'inf'::DOUBLE",
  "'-inf'::DOUBLE",
  '20::DOUBLE',
  '0.1::FLOAT',
  '2147483648',
]
const TIMES = [
  "DATE '2022-01-08'",
  "DATE '1969-12-31'",
  "TIMESTAMP '2022-01-08 00:00:00.123456'",
  "TIMESTAMP '1970-01-01 12:00:00'",
  "TIMESTAMPTZ '2022-01-08 00:00:00.123456Z'",
  "TIMESTAMPTZ '2022-01-08 00:00:00.123Z'",
  "TIMESTAMPTZ '1969-12-31 20:30:00-03:30'",
  "'infinity'::TIMESTAMP",
]
const TEXTS = [
  "''",
  "'ab'",
  "'a'",
  "'it''s'",
  "'a\\b'",
  "'é'",
  "'\u{1f600}'",
  "'\uffee'",
  "E'a\\n\\nb'",
  `'${'x'.repeat(40)}'`,
]
const PATTERNS = ["'ab%'", "'a_'", "'%b'", "'ab'", "'a%c'", "'\u{1f600}%'", "'it''s%'"]
const OPERATORS = ['=', '<>', '<', '<=', '>', '>=', 'IS DISTINCT FROM', 'IS NOT DISTINCT FROM']
const NUMERIC = ['i', 'l', 'x', 'r', 'm', 'w', 'st.a', 'st.y']

type Kind = 'number' | 'time' | 'text'

const PLAIN: Readonly<Record<Kind, readonly string[]>> = {
  number: NUMERIC,
  time: ['d', 'ts', 'tz'],
  text: ['s'],
}
const COLUMNS: Readonly<Record<Kind, readonly string[]>> = {
  number: [
    ...NUMERIC,
    'i::DOUBLE',
    'm::DOUBLE',
    'l::DOUBLE',
    'l::FLOAT',
    'TRY_CAST(l AS INTEGER)',
    'r::DOUBLE',
    'i + 1',
  ],
  time: [
    'd',
    'ts',
    'tz',
    'd::TIMESTAMP',
    'ts::DATE',
    "date_trunc('month', d)",
    "date_trunc('hour', ts)",
    "date_trunc('day', tz)",
  ],
  text: ['s', 'left(s, 2)', 'substring(s, 1, 1)', 'lower(s)'],
}
const LITERALS: Readonly<Record<Kind, readonly string[]>> = {
  number: [...NUMBERS, ...MORE_NUMBERS, 'NULL'],
  time: TIMES,
  text: [...TEXTS, 'NULL'],
}

/** A condition of SQL over the columns, which may be an error. */
export function randomFilter(random: Random, depth = 0): string {
  const below = () => randomFilter(random, depth + 1)
  const roll = depth > 2 ? 1 : random.fraction()
  if (roll < 0.12) return `(${below()} AND ${below()})`
  if (roll < 0.24) return `(${below()} OR ${below()})`
  if (roll < 0.32) return `(NOT ${below()})`
  if (roll < 0.36) return `coalesce(${below()}, ${random.pick(['FALSE', 'TRUE'])})`
  if (roll < 0.4)
    return `(${below()}) IS ${random.pick(['', 'NOT '])}${random.pick(['TRUE', 'FALSE', 'NULL'])}`
  return leaf(random)
}

function leaf(random: Random): string {
  const kind = random.pick(['number', 'number', 'time', 'text'] as const)
  const plain = PLAIN[kind]
  const column = random.pick(random.chance(0.6) ? plain : COLUMNS[kind])
  const literal = () => random.pick(LITERALS[kind])
  const not = random.pick(['', '', 'NOT '])
  switch (random.integer(0, 9)) {
    case 0:
      return `${column} IS ${not}NULL`
    case 1:
      return `${column} ${not}BETWEEN ${literal()} AND ${literal()}`
    case 2: {
      const values = Array.from({ length: random.integer(1, 9) }, literal)
      return `${column} ${not}IN (${values.join(', ')})`
    }
    case 3:
      return `${random.pick(['s', 's', 'lower(s)'])} ${not}LIKE ${random.pick(PATTERNS)}`
    case 4:
      return random.pick([
        'b',
        'NOT b',
        'b IS NOT TRUE',
        'b <> TRUE',
        'isnan(x)',
        'NOT isnan(r)',
        "starts_with(s, 'ab')",
      ])
    case 5: {
      const list = random.pick(['[3, 20, NULL]', "['ab', NULL]", '[20.5, 0.1]', '[]'])
      return `${random.pick(['i', 'l', 's', 'x', 'm'])} ${not}IN ${list}`
    }
    case 6:
      return `(i, l) ${random.pick(['=', '<>', 'IN'])} ((3, 20))`
        .replace('IN ((3, 20))', 'IN ((3, 20), (20, 3))')
        .replace('((3, 20))', '(3, 20)')
    default:
      return `${column} ${random.pick(OPERATORS)} ${literal()}`
  }
}
