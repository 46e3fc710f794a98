import { gzipSync } from 'node:zlib'
import { type Attack, asking, BAD, querying, sending, table } from './attack.js'
import { TOKENS } from './attacked-server.js'

const MB = 1024 ** 2
const PATH = `/delta-sharing${table('plain')}/query`

const body = (text: string, bytes: string | Buffer, status = 400): Attack => ({
  name: `a body of ${text}`,
  send: querying('plain', bytes),
  status,
  ...(status === 400 && { code: BAD }),
})

const head = (...headers: readonly string[]) =>
  [
    `POST ${PATH} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${TOKENS.attacker}`,
    ...headers,
    '',
    '',
  ].join('\r\n')

const megabytes = (count: number, block: Buffer) => Array.from({ length: count }, () => block)
const CHUNK = Buffer.concat([
  Buffer.from(`${MB.toString(16)}\r\n`),
  Buffer.alloc(MB, ' '),
  Buffer.from('\r\n'),
])
/** 50 MiB of spaces in 50 KB. */
const BOMB = gzipSync(Buffer.alloc(50 * MB, ' '))

const odd = (text: string) => Buffer.from(text, 'latin1')

export const BODIES: readonly Attack[] = [
  body('nothing', '', 200),
  body('spaces', ' '.repeat(1.9 * MB), 200),
  body('a byte order mark', '\ufeff{}', 200),
  body('keys that stand twice', '{"version":0,"version":1,"limitHint":1,"limitHint":2}', 200),
  body(
    'keys named like members of objects',
    '{"__proto__":{"version":0},"constructor":1,"toString":2}',
    200,
  ),
  body('a prototype with members', '{"__proto__":{"predicateHints":5,"maxFiles":-1}}', 200),
  body('100,000 unknown keys', `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`)}}`, 200),
  body('a list', '[]'),
  body('a text', '"x"'),
  body('two documents', '{}{}'),
  body('a trailing comma', '{"limitHint":1,}'),
  body('no UTF-8', odd('{"x":"\xff\xfe"}')),
  body('overlong UTF-8', odd('{"x":"\xc0\xaf"}')),
  body('UTF-16', Buffer.from('\ufeff{}', 'utf16le')),
  body('a NUL', '{\0}'),
  body('a million brackets', '['.repeat(1_000_000)),
  body('brackets beside a long integer', `{"v":1234567890123456789,"x":${'['.repeat(900_000)}`),
  body(
    'brackets that close, beside a long integer',
    `{"v":1234567890123456789,"x":${'['.repeat(900_000)}${']'.repeat(900_000)}}`,
  ),
  body(
    'a text without an end beside a long integer',
    `{"v":1234567890123456,"x":"${'\\"'.repeat(900_000)}`,
  ),
  body('1.9 million digits', `{"version":${'1'.repeat(1_900_000)}}`),
  body('1.9 million digits and a fraction', `{"version":${'1'.repeat(1_900_000)}.5}`),
  body('long integers', `{"x":[${'12345678901234567,'.repeat(100_000)}1]}`, 400),
  body(
    'small numbers beside a long one',
    `{"limitHint":1234567890123456789,"x":[${'1,'.repeat(900_000)}1]}`,
    400,
  ),
  body('a version in a text', '{"version":"1"}'),
  body('a version with a fraction', '{"version":1.5}'),
  body('a version below nothing', '{"version":-1}'),
  body('a version beyond 64 bits', '{"version":9223372036854775808}'),
  body('a version that is not there', '{"version":9223372036854775807}'),
  body('a version of 1e400', '{"version":1e400}'),
  body('a timestamp of a megabyte', `{"timestamp":"${'T'.repeat(1_900_000)}"}`),
  body('a timestamp of a megabyte of offsets', `{"timestamp":"${'T-00'.repeat(400_000)}"}`),
  body('a timestamp of before there was a calendar', '{"timestamp":"0000-01-01T00:00:00Z"}'),
  body('a timestamp of after all', '{"timestamp":"9999-12-31T23:59:59Z"}'),
  body('a timestamp that is no day', '{"timestamp":"2026-02-31T25:61:00Z"}'),
  body('an end before its start', '{"startingVersion":2,"endingVersion":0}'),
  body('an end without a start', '{"endingVersion":0}'),
  body('a start beyond the last', '{"startingVersion":9007199254740993}'),
  body('version and timestamp', '{"version":0,"timestamp":"2026-01-01T00:00:00Z"}'),
  body('no files a page', '{"maxFiles":0}'),
  body('fewer than no files a page', '{"maxFiles":-5}'),
  body('more files than 32 bits', '{"maxFiles":2147483648}'),
  body('as many files as 32 bits', '{"maxFiles":2147483647}', 200),
  body('an idempotency key of a megabyte', `{"idempotencyKey":"${'k'.repeat(MB)}"}`),
  body('a page token that is an object', '{"pageToken":{"toString":"x"}}'),
  {
    name: 'a body compressed fifty thousand to fifty million',
    send: querying('plain', BOMB, ['Content-Encoding: gzip']),
    status: 400,
    code: BAD,
  },
  {
    name: 'a body of another type',
    send: asking({
      method: 'POST',
      path: `${table('plain')}/query`,
      body: '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
      headers: ['Content-Type: application/xml'],
    }),
    status: 400,
    code: BAD,
  },
  {
    name: 'a body of 100 MB that is declared',
    send: sending(head(`Content-Length: ${100 * MB}`), { quietMs: 300 }),
    status: 400,
    code: BAD,
  },
  {
    name: 'a body of 100 MB that is declared and sent',
    send: sending([head(`Content-Length: ${100 * MB}`), ...megabytes(100, Buffer.alloc(MB, ' '))]),
    status: 400,
    code: BAD,
  },
  {
    name: 'a body of 100 MB in chunks',
    send: sending([head('Transfer-Encoding: chunked'), ...megabytes(100, CHUNK), '0\r\n\r\n']),
    status: 400,
    code: BAD,
  },
  {
    name: 'twenty thousand chunks of one byte',
    send: sending([head('Transfer-Encoding: chunked'), '1\r\n \r\n'.repeat(20_000), '0\r\n\r\n']),
    status: 200,
  },
  {
    name: 'a body where none is read',
    send: asking({ path: '/shares', body: 'x'.repeat(MB) }),
    status: 200,
  },
  {
    name: 'credentials with a body that is a list',
    send: asking({
      method: 'POST',
      path: `${table('plain')}/temporary-table-credentials`,
      body: '[]',
    }),
    status: 400,
    code: BAD,
  },
  {
    name: 'credentials for another folder',
    send: asking({
      method: 'POST',
      path: `${table('plain')}/temporary-table-credentials`,
      body: '{"location":"file:///etc","__proto__":{"location":"file:///"}}',
    }),
    status: 400,
    code: BAD,
  },
]
