import { type Attack, BAD, querying } from './attack.js'
import { PROTOTYPE_NAMES } from './lake.js'

/** Hints are best effort: whatever is in one, no row is lost. `wide` has 20,000 files, of which the last is named here. */
const LAST = /part-19999\.parquet/

const sql = (text: string, hints: string | readonly string[]): Attack => ({
  name: `an SQL hint of ${text}`,
  send: querying('wide', { predicateHints: typeof hints === 'string' ? [hints] : hints }),
  status: 200,
  holds: LAST,
})

const tree = (text: string, hint: string): Attack => ({
  name: `a JSON hint of ${text}`,
  send: querying('wide', { jsonPredicateHints: hint }),
  status: 200,
  holds: LAST,
})

const column = (name: string, valueType = 'long') => ({ op: 'column', name, valueType })
const literal = (value: unknown, valueType = 'long') => ({ op: 'literal', value, valueType })
const equal = (left: unknown, right: unknown, op = 'equal') =>
  JSON.stringify({ op, children: [left, right] })
const LEAF = equal(column('id'), literal('199995'))

/** 64 KiB of one hint, which is the most that is looked at. */
const FULL = 65_536
const filled = (piece: string, end = '') => piece.repeat((FULL - end.length) / piece.length) + end

export const HINTS: readonly Attack[] = [
  sql('64 KiB of brackets', filled('(')),
  sql('brackets around a condition', `${'('.repeat(30_000)}id = 199995${')'.repeat(30_000)}`),
  sql('64 KiB of negations', filled('NOT ', 'id = 199995')),
  sql('64 KiB of ORs', filled('id = 1 OR ', 'id = 199995')),
  sql('64 KiB of BETWEEN', filled('id BETWEEN 1 AND ', '2')),
  sql('64 KiB of CASE', filled('CASE WHEN ')),
  sql('64 KiB of casts', filled('CAST(')),
  sql('64 KiB of signs', `id = ${filled('- ', '1').slice(6)}`),
  sql('64 KiB of digits', `id <> ${'1'.repeat(65_000)}`),
  sql('64 KiB of digits that are no number', `id = ${'1'.repeat(65_000)}x`),
  sql('64 KiB of digits with a suffix', `id <> ${'9'.repeat(65_000)}L`),
  sql('an exponent beyond any', 'id < 1e999999999999'),
  sql('a text without an end', `name = '${'x'.repeat(60_000)}`),
  sql('a text of escapes without an end', `name = '${"\\'".repeat(30_000)}`),
  sql('a name without an end', `\`${'``'.repeat(30_000)}`),
  sql('a hexadecimal literal without an end', `name = X'${'f'.repeat(60_000)}`),
  sql('a pattern of wildcards', `name LIKE '${'%_'.repeat(30_000)}'`),
  sql('a pattern that is a regular expression', [`name LIKE '(((n+)+)+)+%$' OR id > 5`]),
  sql('a pattern of escapes', `name NOT LIKE '${'\\\\%'.repeat(15_000)}'`),
  sql('a regular expression', `name RLIKE '^(([a-z])+.)+[A-Z]([a-z])+$'`),
  sql('a subquery', 'id IN (SELECT id FROM vault.d.secret)'),
  sql('statements', "id = 1; DROP TABLE plain; --'"),
  sql('a comment', 'id = 1 /* OR */ OR id = 199995 -- x'),
  sql('unknown functions', ['pg_sleep(100) = 1', "read_text('/etc/passwd') = 'x'"]),
  sql('wrong types', ["id <> 'x'", 'name <> 5', "id <> DATE '2020-01-01'", "name <> X'ff'"]),
  sql('values that are no numbers', ["id <> CAST('NaN' AS DOUBLE)", "id > CAST('-inf' AS FLOAT)"]),
  sql('Unicode that folds to keywords', ['id \u0130N (2)', 'id = 1 \uff4f\uff52 id = 2']),
  sql('lone surrogates', ['name = \ud800', "name <> '\udfff'"]),
  sql(
    '1,000 of 64 KiB',
    Array.from({ length: 30 }, () => filled('id > 0 AND ', 'id > 0')),
  ),
  sql(
    'a hundred thousand hints',
    Array.from({ length: 100_000 }, () => 'id >= 0'),
  ),
  sql(
    'a million empty hints',
    Array.from({ length: 600_000 }, () => ''),
  ),
  sql('64 KiB of an IN list', `id IN (${'1,'.repeat(32_000)}199995)`),
  sql('4,000 conditions on every file', Array.from({ length: 3900 }, () => 'id > 0').join(' OR ')),
  sql(
    '4,000 values on every file',
    `name IN (${Array.from({ length: 3900 }, (_, i) => `'m${i}'`).join(',')}, 'n19999a')`,
  ),
  ...PROTOTYPE_NAMES.map(name => sql(`the column ${name}`, [`\`${name}\` = 1`, `${name}.x = 1`])),
  ...PROTOTYPE_NAMES.map(name => tree(`the column ${name}`, equal(column(name), literal('1')))),
  ...PROTOTYPE_NAMES.map(name => tree(`the op ${name}`, equal(column('id'), literal('1'), name))),
  ...PROTOTYPE_NAMES.map(name =>
    tree(`the type ${name}`, equal(column('id', name), literal('1', name))),
  ),
  tree('members of prototypes', '{"__proto__":{"op":"equal"},"constructor":{"prototype":{}}}'),
  tree('an op in its prototype', `{"__proto__":${LEAF}}`),
  tree('9,000 negations', `${'{"op":"not","children":['.repeat(9000)}${LEAF}${']}'.repeat(9000)}`),
  tree('200,000 brackets', `${'['.repeat(100_000)}${']'.repeat(100_000)}`),
  tree('brackets without an end', '['.repeat(200_000)),
  tree('a text without an end', `{"op":"${'\\"'.repeat(100_000)}`),
  tree('3,000 conditions', `{"op":"or","children":[${Array.from({ length: 2900 }, () => LEAF)}]}`),
  tree('an op nobody knows', equal(column('id'), literal('1'), 'regexp')),
  tree('no children', '{"op":"equal"}'),
  tree('children that are none', '{"op":"and","children":{"length":3}}'),
  tree('a million children', `{"op":"and","children":[${'1,'.repeat(100_000)}1]}`),
  tree('a value that is a number', equal(column('id'), literal(5))),
  tree('a value that is a list', equal(column('id'), literal(['5']))),
  tree('a value that is no number', equal(column('id', 'double'), literal('NaN', 'double'))),
  tree('a value of 200,000 digits', equal(column('id'), literal('9'.repeat(200_000)))),
  tree(
    'a timestamp of 200,000 characters',
    equal(column('id', 'timestamp'), literal(`2020-01-01T${'+00:'.repeat(50_000)}`, 'timestamp')),
  ),
  tree('nothing', 'null'),
  tree('a number', '1'.repeat(100_000)),
  {
    name: 'hints of the columns that are named like members of objects prune as any',
    send: querying('odd', { predicateHints: ["`__proto__` = 'a'", "toString <> 'zz'"] }),
    status: 200,
    holds: /a\.parquet/,
    lacks: /b\.parquet/,
  },
  {
    name: 'hints of the wrong type',
    send: querying('wide', { predicateHints: { length: 1, 0: 'id = 1' } }),
    status: 400,
    code: BAD,
  },
  {
    name: 'a million hints of the wrong type',
    send: querying('wide', `{"predicateHints":[${'1,'.repeat(900_000)}1]}`),
    status: 400,
    code: BAD,
    lacks: /.{3000}/s,
  },
  {
    name: 'a limit that is no number',
    send: querying('wide', '{"limitHint":"1e9"}'),
    status: 400,
    code: BAD,
  },
  {
    name: 'a limit beyond 64 bits',
    send: querying('wide', '{"limitHint":99999999999999999999999999}'),
    status: 200,
    holds: LAST,
  },
  {
    name: 'a limit below nothing',
    send: querying('wide', '{"limitHint":-99999999999999999999}'),
    status: 200,
    holds: LAST,
  },
]
