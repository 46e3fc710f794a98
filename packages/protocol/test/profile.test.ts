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
