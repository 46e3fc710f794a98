import { parseJsonPredicate } from '@spillway/protocol'
import { describe, expect, it } from 'vitest'
import { predicateSql } from '../support/predicate-sql.js'

type Node = Readonly<Record<string, unknown>>

function column(name: string, valueType: string): Node {
  return { op: 'column', name, valueType }
}

function literal(value: unknown, valueType: string): Node {
  return { op: 'literal', value, valueType }
}

function node(op: string, ...children: readonly unknown[]): Node {
  return { op, children }
}

function compare(op: string, name: string, valueType: string, value: string): Node {
  return node(op, column(name, valueType), literal(value, valueType))
}

function parse(tree: unknown) {
  return parseJsonPredicate(JSON.stringify(tree))
}

const ID = compare('equal', 'id', 'long', '5')

describe('the grammar', () => {
  it.each<readonly [string, Node, string]>([
    ['equal', ID, 'id = 5'],
    ['lessThan', compare('lessThan', 'id', 'int', '5'), 'id < 5'],
    ['lessThanOrEqual', compare('lessThanOrEqual', 'id', 'int', '5'), 'id <= 5'],
    ['greaterThan', compare('greaterThan', 'id', 'int', '5'), 'id > 5'],
    ['greaterThanOrEqual', compare('greaterThanOrEqual', 'id', 'int', '5'), 'id >= 5'],
    ['a literal first', node('lessThan', literal('5', 'int'), column('id', 'int')), 'id > 5'],
    ['isNull', node('isNull', column('id', 'int')), 'id IS NULL'],
    ['not', node('not', node('isNull', column('id', 'int'))), 'NOT (id IS NULL)'],
    ['and', node('and', ID, ID, ID), '(id = 5) AND (id = 5) AND (id = 5)'],
    ['or', node('or', ID, node('and', ID, ID)), '(id = 5) OR ((id = 5) AND (id = 5))'],
    ['an and of one', node('and', ID), 'id = 5'],
    ['a bool column alone', column('flag', 'bool'), 'flag = true'],
    [
      'a bool column in an and',
      node('and', column('flag', 'bool'), ID),
      '(flag = true) AND (id = 5)',
    ],
    ['a true literal', literal('true', 'bool'), 'TRUE'],
    ['a false literal', literal('FALSE', 'bool'), 'FALSE'],
    ['a column name with a dot', compare('equal', 'a.b', 'int', '1'), 'a.b = 1'],
    ['unknown properties', { ...ID, extra: { deep: [1] } }, 'id = 5'],
  ])('reads %s', (_, tree, expected) => {
    const { predicate, unapplied } = parse(tree)
    expect(predicateSql(predicate)).toBe(expected)
    expect(unapplied).toEqual([])
  })

  it('reads the example of the protocol', () => {
    const text =
      '{"op":"and","children":[{"op":"not","children":[{"op":"isNull","children":[{"op":"column","name":"day","valueType":"date"}]}]},{"op":"or","children":[{"op":"equal","children":[{"op":"column","name":"day","valueType":"date"},{"op":"literal","value":"2026-01-03","valueType":"date"}]},{"op":"lessThan","children":[{"op":"column","name":"id","valueType":"long"},{"op":"literal","value":"25","valueType":"long"}]}]}]}'
    expect(predicateSql(parseJsonPredicate(text).predicate)).toBe(
      "(NOT (day IS NULL)) AND ((day = DATE '20456') OR (id < 25))",
    )
  })

  it.each(['', '  '])('takes %j for no hint', text => {
    expect(parseJsonPredicate(text)).toEqual({ predicate: { kind: 'alwaysTrue' }, unapplied: [] })
  })
})

describe('values', () => {
  it.each<readonly [valueType: string, text: string, value: unknown, type: unknown]>([
    ['bool', 'true', true, 'boolean'],
    ['int', '-5', -5n, 'long'],
    ['int', '2147483647', 2147483647n, 'long'],
    ['long', '9223372036854775807', 2n ** 63n - 1n, 'long'],
    ['long', '+7', 7n, 'long'],
    ['string', 'x', 'x', 'string'],
    ['string', '', '', 'string'],
    ['date', '2021-04-28', 18745, 'date'],
    ['float', '0.1', Math.fround(0.1), 'float'],
    ['double', '0.1', 0.1, 'double'],
    ['double', '-1.5E10', -1.5e10, 'double'],
    ['timestamp', '1970-01-01T00:00:01Z', 1_000_000n, 'timestamptz'],
    ['timestamp', '1970-01-01T01:00:01.000001+01:00', 1_000_001n, 'timestamptz'],
    ['timestamp', '1970-01-01 00:00:01', 1_000_000n, 'timestamp'],
    ['timestamp_ntz', '1970-01-01 00:00:01', 1_000_000n, 'timestamp'],
    ['boolean', 'true', true, 'boolean'],
    ['integer', '5', 5n, 'long'],
    ['BIGINT', '9223372036854775807', 2n ** 63n - 1n, 'long'],
    ['decimal', '1.5', 15n, { kind: 'decimal', precision: 2, scale: 1 }],
    ['decimal(10,2)', '-007.50', -750n, { kind: 'decimal', precision: 5, scale: 2 }],
  ])('reads a %s', (valueType, text, value, type) => {
    const { predicate } = parse(compare('equal', 'c', valueType, text))
    expect(predicate).toMatchObject({ value: { value, type, asTyped: true } })
  })

  it.each([
    ['bool', 'yes'],
    ['int', '2147483648'],
    ['int', '5.0'],
    ['int', ''],
    ['long', '9223372036854775808'],
    ['date', '2021-4-28'],
    ['date', '2021-02-30'],
    ['float', 'NaN'],
    ['double', '1e999'],
    ['double', '0x10'],
    ['timestamp', 'yesterday'],
    ['decimal', '1,5'],
    ['decimal(10,2)', '1e3'],
    ['decimal(38,0)', '100000000000000000000000000000000000000'],
    ['decimals', '1.5'],
    ['short', '32768'],
    ['byte', '-129'],
    ['constructor', '1'],
  ])('refuses the %s %j', (valueType, text) => {
    const { predicate, unapplied } = parse(compare('equal', 'c', valueType, text))
    expect(predicate.kind).toBe('unknown')
    expect(unapplied[0]?.reason).toContain('that is understood')
  })
})

describe('what is not understood', () => {
  it.each<readonly [unknown, string, string]>([
    [node('unsupported'), 'unsupported()', 'op unsupported is not supported'],
    [node('in', column('a', 'int')), 'in(a)', 'op in is not supported'],
    [node('equal', column('a', 'int')), 'equal(a)', 'equal needs two children, found 1'],
    [
      node('equal', column('a', 'int'), column('b', 'int')),
      'equal(a, b)',
      'expected a column and a literal',
    ],
    [node('equal', ID, literal('1', 'int')), 'equal(equal, 1)', 'expected a column and a literal'],
    [
      node('equal', column('a', 'int'), literal('1', 'long')),
      'equal(a, 1)',
      'the column and the literal have different value types',
    ],
    [
      node('equal', column('a', 'int'), literal(1, 'int')),
      'equal(a, ...)',
      'the value of a literal must be a text',
    ],
    [
      node('equal', column('a', 'int'), { op: 'literal', value: '1' }),
      'equal(a, 1)',
      'a literal needs a valueType',
    ],
    [node('isNull', ID), 'isNull(equal)', 'isNull needs one column'],
    [node('isNull'), 'isNull()', 'isNull needs one column'],
    [node('not', ID, ID), 'not(equal, equal)', 'op not is not supported'],
    [node('and'), 'and()', 'op and is not supported'],
    [{ op: 'and', children: 'x' }, 'and()', 'op and is not supported'],
    [column('a', 'int'), 'column a', 'only a bool column is a condition by itself'],
    [literal('1', 'int'), 'literal 1', 'only a bool literal is a condition by itself'],
    [{ op: 'column' }, 'column()', 'the value of a literal must be a text'],
    [{}, 'a object', 'expected a node with an op'],
    [[ID], 'a list', 'expected a node with an op'],
    [null, 'a object', 'expected a node with an op'],
    [5, 'a number', 'expected a node with an op'],
    ['x', 'a string', 'expected a node with an op'],
    [{ op: 5 }, 'a object', 'expected a node with an op'],
  ])('leaves %j unknown in its place', (part, text, reason) => {
    const { predicate, unapplied } = parse(node('and', ID, part, ID))
    expect(predicateSql(predicate)).toBe('(id = 5) AND (unknown) AND (id = 5)')
    expect(unapplied).toEqual([{ predicate: text, reason }])
  })

  it.each(['{', 'null,', '[1', '{"op":"and"}}', 'undefined', "{'op':'and'}"])(
    'ignores %j',
    text => {
      const { predicate, unapplied } = parseJsonPredicate(text)
      expect(predicate.kind).toBe('unknown')
      expect(unapplied).toEqual([{ predicate: text, reason: 'not valid JSON' }])
    },
  )

  it('does not look at inherited properties', () => {
    expect(parse({ __proto__: null, children: [] }).predicate.kind).toBe('unknown')
    const text = '{"__proto__":{"op":"literal","value":"true","valueType":"bool"}}'
    expect(parseJsonPredicate(text).predicate.kind).toBe('unknown')
  })
})

describe('hostile trees', () => {
  const open = (op: string) => `{"op":"${op}","children":[`
  const leaf = JSON.stringify(ID)

  it.each<readonly [string, string]>([
    ['not nested 10,000 deep', `${open('not').repeat(10_001)}${leaf}${']}'.repeat(10_001)}`],
    ['and nested 30,000 deep', `${open('and').repeat(30_000)}${leaf}${']}'.repeat(30_000)}`],
    [
      'and and or by turns',
      `${`${open('and')}${leaf},${open('or')}${leaf},`.repeat(3000)}${leaf}${']}]}'.repeat(3000)}`,
    ],
    ['lists in lists', '['.repeat(400_000)],
    ['closed lists in lists', `${'['.repeat(200_000)}${']'.repeat(200_000)}`],
    ['a wide or', `${open('or')}${Array.from({ length: 7000 }, () => leaf).join(',')}]}`],
    ['more than a MiB', `${open('and')}"${'x'.repeat(1024 * 1024)}"]}`],
  ])('survives %s', (_, text) => {
    const started = performance.now()
    expect(parseJsonPredicate(text).predicate).toBeDefined()
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('uses what lies above the limit of depth', () => {
    const deep = `${`${open('and')}${leaf},${open('or')}${leaf},`.repeat(80)}${leaf}${']}]}'.repeat(80)}`
    const { predicate, unapplied } = parseJsonPredicate(deep)
    expect(unapplied).toEqual([{ predicate: '(...)', reason: 'nested deeper than 100 levels' }])
    expect(predicate).toMatchObject({
      kind: 'and',
      operands: [{ kind: 'comparison' }, { kind: 'or' }],
    })
  })
})
