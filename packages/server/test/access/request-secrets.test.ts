import { describe, expect, it } from 'vitest'
import { bearerSecretsOf, credentialsOf } from '../../src/access/request-secrets.js'
import { cleared } from '../../src/limits/without-secrets.js'

const asked = (headers: Record<string, string>, query = '') =>
  new Request(`https://h/a/shares${query}`, { headers })

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

/** How the request says it, and what an error of who checks it may say. */
const LEAKS: readonly (readonly [string, Request, string])[] = [
  ['a bearer token', asked({ authorization: 'Bearer abc.def.ghi-123' }), 'abc.def.ghi-123'],
  ['a short token', asked({ authorization: 'Bearer s3cret' }), 's3cret'],
  [
    'a section of a token',
    asked({ authorization: 'Bearer aaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbb.c' }),
    'bbbbbbbbbbbbbbbbbb',
  ],
  ['a password', asked({ authorization: basic('alice:pass') }), 'pass'],
  ['a password with a colon', asked({ authorization: basic('alice:a:b:c') }), 'a:b:c'],
  ['a password beyond ASCII', asked({ authorization: basic('alice:größer') }), 'größer'],
  [
    'credentials that were decoded',
    asked({ authorization: basic('alice:Secret1') }),
    'alice:Secret1',
  ],
  [
    'a part of a digest',
    asked({ authorization: 'Digest username="a", response="6629fae49393"' }),
    '6629fae49393',
  ],
  ['a token of a proxy', asked({ 'proxy-authorization': basic('p:hunter2') }), 'hunter2'],
  ['a header for tokens', asked({ 'x-auth-token': 'XAUTHSECRET' }), 'XAUTHSECRET'],
  ['a header of GitLab', asked({ 'private-token': 'glpat-1' }), 'glpat-1'],
  ['an assertion', asked({ 'x-goog-iap-jwt-assertion': 'eyJhbGciOi' }), 'eyJhbGciOi'],
  ['a header that nobody knows', asked({ 'x-acme': 'acme-0123456789' }), 'acme-0123456789'],
  ['a cookie', asked({ cookie: 'theme=dark; sid=abc%2Bdef%3D' }), 'abc+def='],
  ['a cookie as it came', asked({ cookie: 'theme=dark; sid=abc%2Bdef%3D' }), 'abc%2Bdef%3D'],
  ['a token in a URL', asked({ authorization: 'Bearer ab+cd/ef==' }), 'ab%2Bcd%2Fef%3D%3D'],
  ['a parameter', asked({}, '?token=abcd'), 'abcd'],
  ['a parameter that was decoded', asked({}, '?access_token=ab%2Fcd'), 'ab/cd'],
  ['a parameter of a form', asked({}, '?key=ab+cd'), 'ab cd'],
  ['a parameter that nobody knows', asked({}, '?x=0123456789abcdef'), '0123456789abcdef'],
  ['one of the page before', asked({ referer: 'https://h/?token=refsecret' }), 'refsecret'],
]

describe('what a request proves somebody by', () => {
  it.each(LEAKS)('is %s, which no text keeps', (_, request, secret) => {
    const text = cleared(`no such user: ${secret}, tried twice`, credentialsOf(request))
    expect(text).not.toContain(secret)
    expect(text).toMatch(/^no such user: .*…, tried twice$/)
  })

  it('is not what it asks for, and how, nor who somebody is', () => {
    const ordinary = asked(
      {
        accept: 'application/x-ndjson',
        'user-agent': 'delta-sharing-spark/1.4.1',
        'delta-sharing-capabilities': 'responseformat=delta;readerfeatures=deletionvectors',
        'x-forwarded-for': '2001:db8::1234:5678',
        'x-auth-request-email': 'somebody@acme.example',
        'x-forwarded-user': 'somebody-of-acme',
        'x-request-id': '0123456789abcdef0123456789abcdef',
      },
      '?maxResults=1000000000000&startingTimestamp=2026-01-01T00:00:00Z',
    )
    expect(credentialsOf(ordinary)).toEqual([])
  })

  it('takes no time that grows out of hand', () => {
    const cookie = Array.from({ length: 1100 }, (_, i) => `c${i}=value-${i}%41`).join('; ')
    const secrets = credentialsOf(asked({ cookie: cookie.slice(0, 16_000) }))
    expect(secrets.length).toBeLessThan(10_000)
  })
})

it.each([
  ['connect postgres://me:pa/ss@db:5432/x', 'connect postgres://…@db:5432/x'],
  ['connect postgres://me:p@ss@db/x', 'connect postgres://…@ss@db/x'],
  ['redis://:hunter2@h failed', 'redis://…@h failed'],
  [
    'GET https://h/f?X-Amz-Signature=abc&n=1 failed',
    'GET https://h/f?X-Amz-Signature=…&n=1 failed',
  ],
  ['GET https://h/f?sv=1&sig=a%2Fb', 'GET https://h/f?sv=1&sig=…'],
  ["host=db password='a b' user=me", 'host=db password=… user=me'],
  ['AccountName=a;AccountKey=k==;x=1', 'AccountName=a;AccountKey=…;x=1'],
  ['sent {"user":"a","api_key" : "b\\"c"}', 'sent {"user":"a","api_key" : "…"}'],
  ['s3://b/session=5/a.parquet is gone', 's3://b/session=5/a.parquet is gone'],
  ['expected a token: 16 characters', 'expected a token: 16 characters'],
])('of others: %s', (text, shown) => {
  expect(cleared(text, [])).toBe(shown)
})

it('of one who is known by a header of its own no more than that is taken for a secret', () => {
  const request = asked({
    authorization: 'Bearer 0123456789abcdef',
    'x-auth-request-user': 'somebody-of-acme',
  })
  expect(bearerSecretsOf(request)).toContain('0123456789abcdef')
  expect(bearerSecretsOf(request).join()).not.toContain('acme')
})
