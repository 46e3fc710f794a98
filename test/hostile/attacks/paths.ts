import { ABSENT, type Attack, asking, BAD, sending, table } from './attack.js'
import { requestOf, TOKENS } from './attacked-server.js'

const name = (text: string, path: string, status = 404, code = ABSENT): Attack => ({
  name: `the path ${text}`,
  send: asking({ path }),
  status,
  code,
})

/** Nothing of the lake, of the disk or of another share is reached by a path, however it is spelled. */
export const PATHS: readonly Attack[] = [
  name('of another share', '/shares/vault'),
  name('of a table of another share', '/shares/vault/schemas/d/tables/secret/metadata'),
  name('of another share in capitals', '/shares/VAULT/schemas/D/tables/SECRET/version'),
  name('with ..', '/shares/open/../vault/schemas/d/tables/secret/metadata'),
  name('with encoded dots', '/shares/open/%2e%2e/vault/schemas/d/tables/secret/metadata'),
  name('with mixed dots', '/shares/open/.%2E/vault/schemas'),
  {
    name: 'the path that climbs out of the prefix',
    send: asking({ path: '/../files/' }),
    status: 403,
  },
  name('that climbs further than there is', '/../../../../etc/passwd'),
  name('with encoded slashes', '/shares/open%2f..%2fvault/schemas'),
  name('with an encoded slash in a table', `${table('plain')}%2Fmetadata`),
  name('encoded twice', '/shares/%252e%252e%252fvault/schemas'),
  name('with backslashes', '/shares/open\\..\\vault/schemas/d/tables/secret/version'),
  name('with encoded backslashes', '/shares/open%5c..%5cvault/schemas'),
  name('with a NUL', '/shares/open%00/schemas'),
  name('with a NUL and more', '/shares/vault%00open/schemas'),
  name('with overlong UTF-8', '/shares/%c0%ae%c0%ae/schemas', 400, BAD),
  name('with an overlong slash', '/shares/open%c0%af..%c0%afvault/schemas', 400, BAD),
  name('with half a surrogate', '/shares/%ed%a0%80', 400, BAD),
  name('with a broken escape', '/shares/%zz', 400, BAD),
  name('in full-width letters', '/shares/%ef%bd%8f%ef%bd%90%ef%bd%85%ef%bd%8e/schemas'),
  name('with a dotless i', '/shares/open/schemas/d/tables/pla%c4%b1n/version'),
  name('with a Kelvin sign', '/shares/open/schemas/d/tables/%e2%84%aa/version'),
  name('with a combining mark', '/shares/ope%6e%cc%83/schemas'),
  name('with a soft hyphen', '/shares/op%c2%aden/schemas'),
  name('with a trailing space', '/shares/open%20/schemas'),
  name('with a trailing slash', '/shares/vault/'),
  name('with two slashes', '//shares//vault'),
  name('with an empty name', '/shares//schemas'),
  name('with a semicolon', '/shares/open;x=1/schemas'),
  name('of a name of 256 characters', `/shares/${'x'.repeat(256)}`, 400, BAD),
  name('of 17,000 characters', `/shares/${'x/'.repeat(8500)}`, 400, BAD),
  name('of another case of the prefix', '=/Delta-Sharing/shares'),
  name('that begins with two slashes', '=//delta-sharing/shares/vault'),
  name('that names a host', '=//evil.example/delta-sharing/shares'),
  name('of the admin listener', '=/metrics'),
  name('of the ledger', '=/signed'),
  name('of the root', '=/'),
  name('of an absolute URI', '=http://evil.example/delta-sharing/shares/vault'),
  name('of a file URI', '=file:///etc/passwd', 404),
  ...['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf'].flatMap(
    odd => [
      name(`of a schema ${odd}`, `/shares/open/schemas/${odd}/tables`),
      name(`of a table ${odd}`, `${table(odd)}/version`),
      ...(odd === '__proto__' ? [] : [name(`of a share ${odd}`, `/shares/${odd}/schemas`)]),
    ],
  ),
  {
    name: 'a share, schema and table that are named like members of objects are themselves',
    send: asking({
      method: 'POST',
      path: '/shares/__proto__/schemas/constructor/tables/toString/query',
      body: '{}',
    }),
    status: 200,
    holds: /"url":"http/,
  },
  {
    name: 'a path of 40 KB',
    send: asking({ path: `/shares/${'x'.repeat(40_000)}` }),
    status: 431,
  },
  {
    name: 'a path with bytes that are no ASCII',
    send: asking({ path: '/shares/\xff\xfe\x80' }),
    status: 400,
  },
  {
    name: 'a path with a raw NUL',
    send: asking({ path: '/shares/open\0/schemas' }),
    status: 400,
  },
  {
    name: 'a path with a raw line break',
    send: sending(
      requestOf({ path: '/shares/open\r\nX: y' }).toString('latin1').replace(' HTTP', '\r\n HTTP'),
    ),
    status: 400,
  },
  {
    name: 'an authority in the target',
    send: sending(
      `GET share.example:80 HTTP/1.1\r\nAuthorization: Bearer ${TOKENS.attacker}\r\n\r\n`,
    ),
    status: 400,
  },
]
