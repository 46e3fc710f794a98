import type { Literal, Predicate } from '@spillway/core'
import { parseJsonPredicate, parseSqlPredicate } from '@spillway/protocol'
import {
  allReadings,
  quickOr,
  Random,
  randomPredicate,
  randomTable,
  rowTest,
} from '@spillway/testkit'
import { expect, it } from 'vitest'
import { predicateSql } from '../support/predicate-sql.js'

const KINDS: ReadonlySet<string> = new Set([
  'isNull',
  'notNull',
  'isNan',
  'notNan',
  'comparison',
  'startsWith',
  'notStartsWith',
  'in',
  'notIn',
  'alwaysTrue',
  'alwaysFalse',
  'unknown',
  'and',
  'or',
  'not',
])

/** Well formed, shallow, and every unknown part accounted for. */
function expectSound(text: string, { predicate, unapplied }: ReturnType<typeof parseSqlPredicate>) {
  const pending: Predicate[] = [predicate]
  let unknowns = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    expect(KINDS.has(next.kind), text).toBe(true)
    if (next.kind === 'unknown') unknowns++
    if (next.kind === 'not') pending.push(next.operand)
    if (next.kind === 'and' || next.kind === 'or') {
      expect(next.operands.length, text).toBeGreaterThan(1)
      pending.push(...next.operands)
    }
  }
  if (unknowns > 0) expect(unapplied.length, text).toBeGreaterThan(0)
  else expect(unapplied, text).toEqual([])
}

it('reads random characters without throwing', () => {
  const alphabet = Array.from(` ()'"\`.,=<>!%_-+*/\\:;[]{}0123456789aeinorstANDORTSLIKE\n\t\0é日😀`)
  const random = new Random(11)
  for (let i = 0; i < quickOr(4000, 20_000); i++) {
    const text = Array.from({ length: random.integer(0, 40) }, () => random.pick(alphabet)).join('')
    expectSound(text, parseSqlPredicate(text))
  }
})

it('reads random bytes without throwing', () => {
  const random = new Random(12)
  for (let i = 0; i < 5000; i++) {
    const bytes = Uint8Array.from({ length: random.integer(0, 60) }, () => random.integer(0, 255))
    const text = new TextDecoder('latin1').decode(bytes)
    expectSound(text, parseSqlPredicate(text))
    expectSound(text, parseJsonPredicate(text))
  }
})

const TOKENS =
  "a b `c.d` \"e\" a.b 1 -2 3.5 1e3 4L 5BD 'x' 'y%' X'0a' NULL TRUE FALSE = <> < <= > >= <=> ( ( ) ) , . AND AND OR NOT IN IS BETWEEN LIKE ESCAPE CAST AS DATE TIMESTAMP DECIMAL '2021-04-28' CASE WHEN THEN END f isnull startswith DISTINCT FROM + - * :: [ ]".split(
    ' ',
  )

it('reads random tokens without throwing', () => {
  const random = new Random(13)
  let understood = 0
  for (let i = 0; i < quickOr(10_000, 40_000); i++) {
    const text = Array.from({ length: random.integer(1, 14) }, () => random.pick(TOKENS)).join(' ')
    const parsed = parseSqlPredicate(text)
    expectSound(text, parsed)
    if (parsed.unapplied.length === 0) understood++
  }
  expect(understood).toBeGreaterThan(quickOr(25, 100))
})

it('reads random trees without throwing', () => {
  const random = new Random(14)
  const scalars = [
    'and',
    'or',
    'not',
    'equal',
    'isNull',
    'column',
    'literal',
    'bool',
    'int',
    '5',
    'true',
    5,
    null,
    true,
  ]
  const tree = (depth: number): unknown => {
    if (depth > 4 || random.chance(0.2)) return random.pick(scalars)
    if (random.chance(0.1)) return [tree(depth + 1)]
    const children = Array.from({ length: random.integer(0, 3) }, () => tree(depth + 1))
    const extra = random.chance(0.3)
      ? { name: random.pick(scalars), value: random.pick(scalars) }
      : {}
    return { op: random.pick(scalars), children, valueType: random.pick(scalars), ...extra }
  }
  for (let i = 0; i < quickOr(4000, 20_000); i++) {
    const text = JSON.stringify(tree(0))
    expectSound(text, parseJsonPredicate(text))
  }
})

const CORRUPT_AT_MOST = 3

it('reads damaged predicates without throwing', () => {
  const random = new Random(15)
  const texts = [
    "(date = CAST('2021-04-28' AS DATE)) AND (NOT (`a`.`b` IN (1, 2.5BD)) OR c LIKE 'x!%%' ESCAPE '!')",
    '{"op":"and","children":[{"op":"isNull","children":[{"op":"column","name":"a","valueType":"int"}]},{"op":"equal","children":[{"op":"column","name":"a","valueType":"int"},{"op":"literal","value":"1","valueType":"int"}]}]}',
  ]
  for (let i = 0; i < quickOr(4000, 20_000); i++) {
    const characters = Array.from(random.pick(texts))
    for (let edits = random.integer(1, CORRUPT_AT_MOST); edits > 0; edits--) {
      const at = random.integer(0, characters.length - 1)
      characters.splice(at, random.integer(0, 2), String.fromCodePoint(random.integer(32, 126)))
    }
    const text = characters.join('')
    expectSound(text, parseSqlPredicate(text))
    expectSound(text, parseJsonPredicate(text))
  }
})

const TYPES = [
  'boolean',
  'int',
  'long',
  'double',
  'date',
  'timestamptz',
  'timestamp',
  'string',
  'binary',
  { kind: 'decimal', precision: 18, scale: 2 },
] as const

it('gives back the meaning of what is written as SQL', () => {
  const readings = allReadings([0]).filter(
    ({ nulls, unknown }) => nulls === 'three-valued' && unknown === null,
  )
  let compared = 0
  for (let seed = 1; seed <= 300; seed++) {
    const random = new Random(seed)
    const table = randomTable({ types: TYPES, deletes: false }, random)
    const { schema } = table
    const predicate = randomPredicate(table, random)
    if (!isWritable(predicate)) continue
    const text = sqlOf(predicate)
    const parsed = parseSqlPredicate(text)
    for (const reading of readings) {
      const before = rowTest(predicate, schema, reading)
      const after = rowTest(parsed.predicate, schema, reading)
      for (const row of table.files.flatMap(file => file.rows)) {
        expect(after(row), `${text}\n${predicateSql(parsed.predicate)}`).toBe(before(row))
        compared++
      }
    }
  }
  expect(compared).toBeGreaterThan(3000)
})

/** False for what SQL text cannot say exactly: NaN, lists of none, texts typed as such, comparisons of NULL. */
function isWritable(predicate: Predicate): boolean {
  switch (predicate.kind) {
    case 'not':
      return isWritable(predicate.operand)
    case 'and':
    case 'or':
      return predicate.operands.every(isWritable)
    case 'comparison':
      return isWritableLiteral(predicate.value)
    case 'in':
    case 'notIn':
      return predicate.values.length > 0 && predicate.values.every(isWritableLiteral)
    default:
      return true
  }
}

function isWritableLiteral({ value, type, asTyped }: Literal): boolean {
  if (asTyped || (typeof value === 'number' && !Number.isFinite(value))) return false
  const name = typeof type === 'string' ? type : type.kind
  return [
    'boolean',
    'long',
    'int',
    'double',
    'float',
    'string',
    'binary',
    'date',
    'decimal',
  ].includes(name)
}

function sqlOf(predicate: Predicate): string {
  switch (predicate.kind) {
    case 'alwaysTrue':
      return 'true'
    case 'alwaysFalse':
      return '1 = 2'
    case 'unknown':
      return 'some_function(1)'
    case 'not':
      return `NOT (${sqlOf(predicate.operand)})`
    case 'and':
    case 'or':
      return predicate.operands
        .map(operand => `(${sqlOf(operand)})`)
        .join(predicate.kind === 'and' ? ' AND ' : ' OR ')
    case 'isNull':
      return `${nameSql(predicate.ref.names)} IS NULL`
    case 'notNull':
      return `${nameSql(predicate.ref.names)} IS NOT NULL`
    case 'isNan':
      return `isnan(${nameSql(predicate.ref.names)})`
    case 'notNan':
      return `NOT isnan(${nameSql(predicate.ref.names)})`
    case 'startsWith':
    case 'notStartsWith': {
      const pattern = predicate.prefix.replace(/[!%_]/g, '!$&')
      const not = predicate.kind === 'startsWith' ? '' : 'NOT '
      return `${nameSql(predicate.ref.names)} ${not}LIKE ${textSql(`${pattern}%`)} ESCAPE '!'`
    }
    case 'comparison': {
      const op = { eq: '=', notEq: '<>', lt: '<', ltEq: '<=', gt: '>', gtEq: '>=' }[predicate.op]
      return `${nameSql(predicate.ref.names)} ${op} ${literalSql(predicate.value)}`
    }
    case 'in':
    case 'notIn': {
      const list = predicate.values.map(literalSql).join(', ')
      return `${nameSql(predicate.ref.names)} ${predicate.kind === 'in' ? '' : 'NOT '}IN (${list})`
    }
  }
}

function nameSql(names: readonly string[]): string {
  return names.map(name => `\`${name.replaceAll('`', '``')}\``).join('.')
}

function textSql(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`
}

function literalSql({ value, type }: Literal): string {
  if (value instanceof Uint8Array) return `X'${Buffer.from(value).toString('hex')}'`
  if (typeof value === 'string') return textSql(value)
  if (type === 'date')
    return `DATE '${new Date(Number(value) * 86_400_000).toISOString().slice(0, 10)}'`
  if (type === 'double') return `${value}D`
  if (type === 'float') return `CAST(${value}D AS FLOAT)`
  if (typeof type === 'object' && type.kind === 'decimal') return `${value}E-${type.scale}BD`
  return String(value)
}
