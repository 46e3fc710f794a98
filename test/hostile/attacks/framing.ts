import { type Attack, asking, sending, table } from './attack.js'
import { requestOf, TOKENS } from './attacked-server.js'

const POST = `POST /delta-sharing${table('plain')}/query HTTP/1.1`
const AUTHORIZED = `Host: x\r\nAuthorization: Bearer ${TOKENS.attacker}`
/** What would be answered if it were taken for a request. */
const SMUGGLED = `GET /delta-sharing/shares HTTP/1.1\r\n${AUTHORIZED}\r\n\r\n`

/** Bytes that two parsers could split differently: refused, and what stands behind is no request. */
const split = (name: string, bytes: string, status: number | readonly number[] = 400): Attack => ({
  name,
  send: sending(bytes, { quietMs: 700 }),
  status,
  lacks: /"items"/,
})

const post = (headers: string, rest = '') => `${POST}\r\n${AUTHORIZED}\r\n${headers}\r\n\r\n${rest}`
const CHUNKED = 'Transfer-Encoding: chunked'

export const FRAMING: readonly Attack[] = [
  split('a length and chunks', post(`Content-Length: 4\r\n${CHUNKED}`, `0\r\n\r\n${SMUGGLED}`)),
  split('chunks and a length', post(`${CHUNKED}\r\nContent-Length: 4`, `0\r\n\r\n${SMUGGLED}`)),
  split('two lengths', post('Content-Length: 2\r\nContent-Length: 0', `{}${SMUGGLED}`)),
  split('two equal lengths', post('Content-Length: 2\r\nContent-Length: 2', `{}${SMUGGLED}`)),
  split('a list of lengths', post('Content-Length: 2, 2', `{}${SMUGGLED}`)),
  split('a length with a sign', post('Content-Length: +2', `{}${SMUGGLED}`)),
  split('a length in hexadecimal', post('Content-Length: 0x2', `{}${SMUGGLED}`)),
  split('a length of spaces', post('Content-Length:  ', `{}${SMUGGLED}`)),
  split('a length before a colon with a space', post('Content-Length : 2', `{}${SMUGGLED}`)),
  split('a length beyond 64 bits', post('Content-Length: 18446744073709551617', `{}${SMUGGLED}`)),
  split('an unknown coding', post('Transfer-Encoding: xchunked', `0\r\n\r\n${SMUGGLED}`)),
  split(
    'a coding behind chunks',
    post('Transfer-Encoding: chunked, identity', `0\r\n\r\n${SMUGGLED}`),
  ),
  split('a coding with a tab', post('Transfer-Encoding:\tchunked\t x', `0\r\n\r\n${SMUGGLED}`)),
  split(
    'a coding with a vertical tab',
    post('Transfer-Encoding: \x0bchunked', `0\r\n\r\n${SMUGGLED}`),
  ),
  split(
    'a coding on a folded line',
    post('Transfer-Encoding:\r\n chunked', `0\r\n\r\n${SMUGGLED}`),
  ),
  split(
    'a coding behind a bare line feed',
    post('X: y\nTransfer-Encoding: chunked', `0\r\n\r\n${SMUGGLED}`),
  ),
  split(
    'a coding behind a carriage return',
    post('X: y\rTransfer-Encoding: chunked', `0\r\n\r\n${SMUGGLED}`),
  ),
  split('bare line feeds', post('Content-Length: 2', '{}').replaceAll('\r\n', '\n') + SMUGGLED),
  split('a header without a colon', post('nonsense', SMUGGLED)),
  split(
    'a header that begins with a space',
    `${POST}\r\n X: y\r\n${AUTHORIZED}\r\n\r\n${SMUGGLED}`,
  ),
  split('a header without a name', post(': x', SMUGGLED)),
  split('a chunk without a length', post(CHUNKED, `\r\n${SMUGGLED}`)),
  split('a chunk with a sign', post(CHUNKED, `-1\r\n${SMUGGLED}`)),
  split('a chunk beyond 64 bits', post(CHUNKED, `FFFFFFFFFFFFFFFFF\r\n${SMUGGLED}`)),
  split('a chunk that is longer than it says', post(CHUNKED, `1\r\n{}\r\n0\r\n\r\n${SMUGGLED}`)),
  split('a chunk that ends in a line feed', post(CHUNKED, `2\n{}\n0\n\n${SMUGGLED}`)),
  split(
    'a megabyte of a chunk extension',
    post(CHUNKED, `2;${'x'.repeat(1024 ** 2)}\r\n{}\r\n0\r\n\r\n`),
    413,
  ),
  split(
    'a megabyte of trailers',
    post(CHUNKED, `2\r\n{}\r\n0\r\nX: ${'y'.repeat(1024 ** 2)}\r\n\r\n`),
    431,
  ),
  split('a request of HTTP/0.9', 'GET /delta-sharing/shares\r\n\r\n', 401),
  split('a request of HTTP/3.0', `GET /delta-sharing/shares HTTP/3.0\r\n${AUTHORIZED}\r\n\r\n`),
  split('a preface of HTTP/2', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\0'.repeat(30)}`),
  split('a hello of TLS', `\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03${'\0'.repeat(200)}`),
  split('a line of SSH', 'SSH-2.0-OpenSSH_9.6\r\n'),
  split('a proxy header', `PROXY TCP4 10.0.0.1 10.0.0.2 1 2\r\n${SMUGGLED}`),
  split(
    'no host',
    `GET /delta-sharing/shares HTTP/1.1\r\nAuthorization: Bearer ${TOKENS.attacker}\r\n\r\n`,
  ),
  {
    name: 'a request behind one of HTTP/1.0',
    send: sending(`GET /delta-sharing/shares HTTP/1.0\r\n${AUTHORIZED}\r\n\r\n${SMUGGLED}`),
    status: 400,
  },
  {
    name: 'an upgrade to HTTP/2 stays what it is',
    send: asking({
      path: '/shares',
      headers: ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABk'],
    }),
    status: 200,
  },
  {
    name: 'an upgrade to a socket stays what it is',
    send: asking({
      path: '/shares',
      headers: ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
    }),
    status: 200,
  },
  {
    name: 'a request behind a refused body of unknown length is none',
    send: sending([post(CHUNKED), `300000\r\n${'x'.repeat(0x300000)}\r\n`, `0\r\n\r\n${SMUGGLED}`]),
    status: 400,
    lacks: /"items"/,
  },
  {
    name: 'a request behind a refused short body is its own',
    send: sending([post('Content-Length: 3', 'xxx'), requestOf({ path: '/shares' })]),
    status: [400, 200],
  },
  // What every server of HTTP may understand, and is understood in one way alone.
  {
    name: 'a coding before chunks',
    send: sending([
      post('Transfer-Encoding: identity, chunked', '0\r\n\r\n'),
      requestOf({ path: '/shares' }),
    ]),
    status: [200, 200],
  },
  {
    name: 'a request line of spaces',
    send: sending(
      `GET  /delta-sharing/shares  HTTP/1.1\r\n${AUTHORIZED}\r\nConnection: close\r\n\r\n`,
    ),
    status: 200,
  },
  {
    name: 'two hosts',
    send: asking({ path: '/shares', headers: ['Host: evil.example'] }),
    status: 400,
    lacks: /evil|"items"/,
  },
  {
    name: 'the same host twice',
    send: asking({ path: '/shares', headers: ['Host: share.example'] }),
    status: 400,
    lacks: /"items"/,
  },
  ...['http://share.example', 'HTTPS://evil.example:1', 'http://user@evil.example'].map(origin => ({
    name: `the absolute form, of ${origin}`,
    send: asking({ path: `=${origin}/delta-sharing/shares` }),
    status: 200,
    holds: /"items"/,
    lacks: /evil/,
  })),
  ...['ftp://share.example', 'http:/', 'http://share.example/x?y='].map(origin => ({
    name: `no form of a request's target: ${origin}`,
    send: asking({ path: `=${origin}/delta-sharing/shares` }),
    status: 404,
    lacks: /"items"/,
  })),
  {
    name: 'the absolute form without a path',
    send: asking({ path: '=http://share.example?a' }),
    status: 404,
  },
  {
    name: '5,000 requests on one connection, each answered or told to wait',
    isLong: true,
    async send(server) {
      const bytes = [SMUGGLED.repeat(5000), requestOf({ path: '/shares' })]
      const reply = await server.raw(bytes, { quietMs: 60_000, mostMs: 120_000 })
      if (reply.statuses.length !== 5001) return reply
      return { ...reply, statuses: [...new Set(reply.statuses)].filter(each => each !== 429) }
    },
    status: 200,
  },
]
