import { TableError } from '@spillway/core'
import { expect, it } from 'vitest'
import { jsonLogLine, logLine } from '../../src/serve/log-lines.js'
import { styleFor } from '../../src/terminal/style.js'

const style = styleFor({ isTTY: false }, {})
const record = { requestId: 'r-17', time: 0, method: 'POST', recipient: 'acme', status: 400 }
const cause = new TableError('TABLE_CORRUPT', 'the checkpoint is cut short', {
  context: { path: 's3://lake/t/_delta_log/1.checkpoint.parquet', line: 3 },
})

it.each([
  ['a corrupt table', cause],
  ['what it caused', new TableError('NOT_FOUND', 'the table is missing', { cause })],
  ['a refused request', new TableError('INVALID_REQUEST', 'no such version', { cause })],
  ['a mistake', new TypeError('x is not a function', { cause })],
])('a line of %s names the reason, the file and the request', (_, error) => {
  const line = logLine({ ...record, error }, style)
  for (const part of [
    error.message,
    'checkpoint is cut',
    's3://lake/t/_delta_log/1.check',
    'r-17',
    'acme',
  ]) {
    expect(line).toContain(part)
    expect(jsonLogLine({ ...record, error })).toContain(part)
  }
})

it('what a recipient says of other bytes is told with the file, and moves no cursor', () => {
  const mismatch = { path: 'w\u001b[2J\n', sha256: 'ab', etag: undefined, isReadAgain: true }
  const line = logLine({ ...record, status: 202, mismatch }, style)
  expect(line).toContain('other bytes of "w\\u001b[2J\\n": sha256 ab, is read again')
  expect(JSON.parse(jsonLogLine({ ...record, mismatch })).mismatch).toMatchObject({ sha256: 'ab' })
})

it('texts of tables and recipients stay on their line, and move no cursor', () => {
  const error = new TableError('TABLE_CORRUPT', 'bad\n00:00:00  200  acme', {
    context: { path: 'a\u001b[2Jb' },
  })
  const line = logLine({ ...record, table: 't\nx', share: 's', schema: 'x', error }, style)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  expect(line).not.toMatch(/[\u0000-\u001f]/)
  expect(jsonLogLine({ ...record, error })).not.toContain('\n')
})

it('nothing in a line turns around what is read of it, or looks like its end', () => {
  const marks =
    '\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u2028\u2029\u0085'
  const error = new TableError('TABLE_CORRUPT', `gpj${marks}exe`, { context: { path: marks } })
  const names = { recipient: `a${marks}`, share: marks, schema: 'x', table: `t${marks}` }
  const line = logLine({ ...record, ...names, error }, style)
  expect([...marks].filter(mark => line.includes(mark))).toEqual([])
  expect(line).toContain(`gpj${'�'.repeat(marks.length)}exe`)
  // Joiners are how words are spelled.
  expect(logLine({ ...record, recipient: 'می\u200cخواهم' }, style)).toContain('می\u200cخواهم')
})

it('a long text of a table is cut, and what is left out is counted', () => {
  const text = `${'x'.repeat(2047)}\u{1f600}${'y'.repeat(100_000)}`
  const cause = new TableError('TABLE_CORRUPT', text)
  const error = new TableError('NOT_FOUND', 'the table is missing', {
    context: { path: text, line: 7 },
    cause,
  })
  const left = `${'x'.repeat(2047)}… (100,002 more characters)`
  const line = logLine({ ...record, error }, style)
  expect(line).toContain(`the table is missing: ${left}  path=${left}  line=7  request=r-17`)
  expect(JSON.parse(jsonLogLine({ ...record, error })).error).toEqual({
    code: 'NOT_FOUND',
    message: 'the table is missing',
    context: { path: left, line: 7 },
    causes: [{ code: 'TABLE_CORRUPT', message: left, context: {} }],
  })
})
