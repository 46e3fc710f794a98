import { expect, it } from 'vitest'
import { parseProfile, profileText } from '../src/profile.js'

it('writes the profile that every client reads', () => {
  const text = profileText({
    endpoint: 'https://host/delta-sharing/',
    bearerToken: 'secret',
    expiresAt: Date.UTC(2027, 0, 1),
  })
  expect(JSON.parse(text)).toEqual({
    shareCredentialsVersion: 1,
    endpoint: 'https://host/delta-sharing/',
    bearerToken: 'secret',
    expirationTime: '2027-01-01T00:00:00.000Z',
  })
  expect(parseProfile(text)).toMatchObject({ bearerToken: 'secret' })
})

it.each([
  ['no JSON', 'x', /not JSON/],
  ['another version', '{"shareCredentialsVersion":9}', /must be 1 or 2/],
  ['no token', '{"shareCredentialsVersion":1,"endpoint":"https://h"}', /bearerToken/],
  [
    'a file endpoint',
    '{"shareCredentialsVersion":1,"endpoint":"file:///etc","bearerToken":"hunter2"}',
    /endpoint/,
  ],
  [
    'an unknown kind',
    '{"shareCredentialsVersion":2,"type":"basic","endpoint":"https://h","bearerToken":"hunter2"}',
    /type/,
  ],
])('refuses a profile with %s without repeating what is in it', (_, text, message) => {
  expect(() => parseProfile(text)).toThrow(message)
  expect(() => parseProfile(text)).not.toThrow(/hunter2/)
})

it('keeps what is known of a profile, and its URLs as they are asked for', () => {
  const profile = {
    shareCredentialsVersion: 2,
    type: 'oauth_client_credentials',
    endpoint: ' https://host/delta-sharing/\n',
    tokenEndpoint: 'HTTPS://login/to\nken',
    clientId: 'id',
    clientSecret: 'secret',
    scope: '',
    unknown: true,
  }
  expect(parseProfile(profile)).toEqual({
    shareCredentialsVersion: 2,
    type: 'oauth_client_credentials',
    endpoint: 'https://host/delta-sharing/',
    tokenEndpoint: 'HTTPS://login/token',
    clientId: 'id',
    clientSecret: 'secret',
    scope: '',
  })
})

const bearer = { shareCredentialsVersion: 1, endpoint: 'https://h', bearerToken: 't' }

it.each([
  ['nothing', null, 'shareCredentialsVersion must be 1 or 2'],
  ['a list', [bearer], 'shareCredentialsVersion must be 1 or 2'],
  ['no slashes', { ...bearer, endpoint: 'https:h' }, 'endpoint is missing or invalid'],
  ['a password', { ...bearer, endpoint: 'https://u:pw@a/ds' }, 'endpoint is missing or invalid'],
  ['a query', { ...bearer, endpoint: 'https://a/ds?x=1' }, 'endpoint is missing or invalid'],
  [
    'a fragment',
    { ...bearer, icebergEndpoint: 'https://a/ds#x' },
    'icebergEndpoint is missing or invalid',
  ],
  ['a host that is none', { ...bearer, endpoint: 'https://a b' }, 'endpoint is missing or invalid'],
  ['a line break', { ...bearer, bearerToken: 't\n' }, 'bearerToken is missing or invalid'],
  [
    'null for absent',
    { ...bearer, expirationTime: null, icebergEndpoint: null },
    'icebergEndpoint is missing or invalid; expirationTime is missing or invalid',
  ],
  [
    'the credentials of version 2',
    { shareCredentialsVersion: 1, type: 'oauth_client_credentials', clientId: '' },
    ['endpoint', 'shareCredentialsVersion', 'tokenEndpoint', 'clientId', 'clientSecret']
      .map(name => `${name} is missing or invalid`)
      .join('; '),
  ],
])('says all that is wrong with a profile of %s', (_, document, message) => {
  const text = JSON.stringify(document)
  expect(() => parseProfile(text)).toThrow(`the profile cannot be used: ${message}`)
})
