import { type Attack, asking, BAD, querying, sending, table } from './attack.js'
import { requestOf, TOKENS } from './attacked-server.js'

const method = (name: string, path: string, status: number): Attack => ({
  name: `${name} ${path}`,
  send: asking({ method: name, path, ...(name === 'HEAD' ? {} : { body: '{}' }) }),
  status,
})

const headed = (name: string, headers: readonly string[], more: Partial<Attack> = {}): Attack => ({
  name: `headers: ${name}`,
  send: asking({ path: '/shares', headers }),
  status: 200,
  lacks: /"vault"/,
  ...more,
})

const parameter = (path: string, status = 400, more: Partial<Attack> = {}): Attack => ({
  name: `the parameters of ${path.length > 100 ? `${path.slice(0, 100)}...` : path}`,
  send: asking({ path }),
  status,
  ...(status === 400 && { code: BAD }),
  ...more,
})

const PLAIN = table('plain')
const FEED = `${table('feed')}/changes`
const PATHS = [
  '/shares',
  '/shares/open',
  '/shares/open/schemas',
  '/shares/open/all-tables',
  `${PLAIN}/metadata`,
  `${FEED}?startingVersion=0`,
]

export const METHODS: readonly Attack[] = [
  ...PATHS.flatMap(path => [
    method('HEAD', path, 405),
    method('POST', path, 405),
    method('PUT', path, 405),
    method('DELETE', path, 405),
    method('PATCH', path, 405),
    method('OPTIONS', path, 405),
    method('TRACE', path, 405),
    method('PROPFIND', path, 405),
  ]),
  ...['query', 'temporary-table-credentials', 'queries/q-x'].flatMap(each => [
    method('GET', `${PLAIN}/${each}`, 405),
    method('HEAD', `${PLAIN}/${each}`, 405),
    method('TRACE', `${PLAIN}/${each}`, 405),
  ]),
  method('HEAD', PLAIN, 200),
  method('DELETE', PLAIN, 405),
  method('BREW', '/shares', 400),
  method('get', '/shares', 400),
  {
    name: 'CONNECT to another host',
    send: sending(
      `CONNECT 127.0.0.1:22 HTTP/1.1\r\nHost: 127.0.0.1:22\r\nAuthorization: Bearer ${TOKENS.attacker}\r\n\r\n`,
    ),
    status: [0],
  },
  {
    name: 'OPTIONS of everything',
    send: asking({ method: 'OPTIONS', path: '=*' }),
    status: 404,
  },
]

export const HEADERS: readonly Attack[] = [
  headed('another method in its place', [
    'X-HTTP-Method-Override: DELETE',
    'X-HTTP-Method: PUT',
    '_method: POST',
  ]),
  headed(
    'another host',
    ['X-Forwarded-Host: evil.example', 'Forwarded: host=evil.example;for=127.0.0.1'],
    { lacks: /evil/ },
  ),
  headed('another address', [
    'X-Forwarded-For: 127.0.0.1, 10.0.0.1',
    'X-Real-IP: 127.0.0.1',
    'True-Client-IP: ::1',
  ]),
  headed('another path', [
    'X-Original-URL: /delta-sharing/shares/vault',
    'X-Rewrite-URL: /metrics',
  ]),
  headed('another recipient', ['X-User: owner', 'X-Recipient: owner', 'Cookie: recipient=owner']),
  headed(
    'a thousand',
    Array.from({ length: 1000 }, (_, i) => `X-${i}: y`),
  ),
  headed('30 KB of one', [`X: ${'y'.repeat(30_000)}`]),
  headed('40 KB of one', [`X: ${'y'.repeat(40_000)}`], { status: 431 }),
  headed(
    '60,000 of them',
    Array.from({ length: 60_000 }, () => 'X: y'),
    { status: 431 },
  ),
  headed('a request id that is none', ['X-Request-Id: <script>\\"'], { lacks: /script/ }),
  headed('a name that is no token', ['X(y): z'], { status: 400 }),
  headed('a value with a control character', ['X: a\x01b'], { status: 400 }),
  headed('names of members of objects', ['__proto__: x', 'constructor: y', 'toString: z']),
  headed('codings by the thousand', [`Accept-Encoding: ${'gzip;q=0.5,'.repeat(2500)}`]),
  headed('an expectation that nobody has', ['Expect: 200-maybe'], { status: 417 }),
  headed('an origin', ['Origin: https://evil.example'], { lacks: /access-control-allow-origin/i }),
  {
    name: 'the URLs of an answer are where the server is, whatever Host says',
    send: server =>
      server.raw(
        requestOf({ method: 'POST', path: `${PLAIN}/query`, body: '{}' })
          .toString('latin1')
          .replace('Host: share.example', 'Host: evil.example'),
      ),
    status: 200,
    holds: /"url":"http:\/\/127\.0\.0\.1:\d+\/delta-sharing\/files/,
    lacks: /evil/,
  },
  {
    name: 'capabilities of 9 KB',
    send: querying('plain', {}, [
      `delta-sharing-capabilities: readerfeatures=${'x,'.repeat(4500)}`,
    ]),
    status: 400,
    code: BAD,
  },
  {
    name: 'capabilities of 8 KB of semicolons',
    send: querying('plain', {}, [`delta-sharing-capabilities: ${';'.repeat(8000)}`]),
    status: 200,
  },
  {
    name: 'capabilities named like members of objects',
    send: querying('plain', {}, [
      'delta-sharing-capabilities: __proto__=delta;constructor=x;responseformat=__proto__,parquet',
    ]),
    status: 200,
  },
  {
    name: 'a format that nobody knows',
    send: querying('plain', {}, ['delta-sharing-capabilities: responseformat=constructor']),
    status: 400,
    code: BAD,
  },
  {
    name: 'a scheme of file ids that is none',
    send: querying('plain', {}, ['fileidhash: md5']),
    status: 400,
    code: BAD,
  },
]

export const PARAMETERS: readonly Attack[] = [
  ...['-1', '1e3', '0x10', 'NaN', '', '2147483648', '99999999999999999999', '1;2', '%00', '٣'].map(
    value => parameter(`/shares?maxResults=${value}`),
  ),
  parameter('/shares?maxResults=2147483647', 200, { holds: /"open"/, lacks: /vault/ }),
  parameter('/shares?maxResults=0', 200, { lacks: /vault/ }),
  parameter('/shares?maxResults=1&maxResults=-5', 200, { lacks: /vault/ }),
  parameter(`/shares?${'maxResults=1&'.repeat(1000)}`, 200),
  parameter('/shares?pageToken=junk'),
  parameter(`/shares?pageToken=${'A'.repeat(9000)}`),
  parameter('/shares?pageToken=%00%ff'),
  parameter('/shares?__proto__[maxResults]=1&constructor=2&toString', 200),
  parameter(`${PLAIN}/version?startingTimestamp=yesterday`),
  parameter(`${PLAIN}/version?startingTimestamp=${'T'.repeat(15_000)}`),
  parameter(`${PLAIN}/version?startingTimestamp=9999-12-31T23:59:59Z`),
  parameter(FEED),
  ...['-1', '1.5', '1e3', '9223372036854775808', '99999999999999999999', '__proto__', ' 1'].map(
    version => parameter(`${FEED}?startingVersion=${encodeURIComponent(version)}`),
  ),
  parameter(`${FEED}?startingVersion=9223372036854775807`),
  parameter(`${FEED}?startingVersion=9007199254740993`),
  parameter(`${FEED}?startingVersion=3&endingVersion=1`),
  parameter(`${FEED}?startingVersion=0&endingVersion=9223372036854775807`, 200),
  parameter(`${FEED}?startingVersion=0&startingTimestamp=2020-01-01T00:00:00Z`),
  parameter(`${FEED}?startingTimestamp=0000-01-01T00:00:00Z`, 200),
  parameter(`${FEED}?startingTimestamp=9999-12-31T23:59:59Z`),
  parameter(`${FEED}?startingVersion=0&endingTimestamp=9999-12-31T23:59:59Z`),
  parameter(`${FEED}?startingVersion=0&maxFiles=0`),
  parameter(`${FEED}?startingVersion=0&maxFiles=99999999999`),
  parameter(`${FEED}?startingVersion=0&pageToken=x`),
  parameter(`${FEED}?startingVersion=0&includeHistoricalMetadata=maybe`),
  parameter(`${PLAIN}/changes?startingVersion=0`),
]
