import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { parseProfile, profileFromEnvironment } from '../src/index.js'
import { loadProfile } from '../src/node.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-profile-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const bearer = { shareCredentialsVersion: 1, endpoint: 'https://h/api', bearerToken: 'abc' }
const oauth = {
  shareCredentialsVersion: 2,
  type: 'oauth_client_credentials',
  endpoint: 'https://h/api',
  tokenEndpoint: 'https://h/token',
  clientId: 'me',
  clientSecret: 'secret',
}
const path = join(folder, 'x.share')
writeFileSync(path, `\uFEFF${JSON.stringify(bearer)}`)

describe('a profile', () => {
  it('is taken from an object, from text and from a file', async () => {
    expect(parseProfile(oauth)).toEqual(oauth)
    expect(parseProfile(JSON.stringify({ ...bearer, extra: 1 }))).toEqual(bearer)
    expect(await loadProfile(path)).toEqual(bearer)
    expect(await loadProfile(pathToFileURL(path))).toEqual(bearer)
  })

  it.each([
    ['the whole of a bearer profile', { SPILLWAY_PROFILE: JSON.stringify(bearer) }, bearer],
    [
      'its parts',
      { SPILLWAY_ENDPOINT: 'https://h/api', SPILLWAY_BEARER_TOKEN: 'abc', SPILLWAY_SCOPE: '' },
      bearer,
    ],
    [
      'client credentials',
      {
        SPILLWAY_ENDPOINT: 'https://h/api',
        SPILLWAY_TOKEN_ENDPOINT: 'https://h/token',
        SPILLWAY_CLIENT_ID: 'me',
        SPILLWAY_CLIENT_SECRET: 'secret',
      },
      oauth,
    ],
  ])('is taken from an environment that holds %s', async (_name, environment, expected) => {
    expect(profileFromEnvironment(environment)).toEqual(expected)
    expect(await loadProfile(undefined, environment)).toEqual(expected)
  })

  it('is taken from the file that the environment names', async () => {
    expect(await loadProfile(undefined, { SPILLWAY_PROFILE: path })).toEqual(bearer)
  })

  it.each([
    ['an empty environment', {}, /set SPILLWAY_PROFILE/],
    ['half of it', { SPILLWAY_ENDPOINT: 'https://h' }, /bearerToken is missing/],
    ['another version', { SPILLWAY_PROFILE: '{"shareCredentialsVersion":3}' }, /must be 1 or 2/],
    [
      'a file that is not there',
      { SPILLWAY_PROFILE: join(folder, 'none') },
      /cannot be read.*ENOENT/,
    ],
  ])('is refused from %s', async (_name, environment, words) => {
    await expect(loadProfile(undefined, environment)).rejects.toThrow(words)
  })

  it('with a token that no header can carry is refused without repeating it', () => {
    expect(() => parseProfile({ ...bearer, bearerToken: 'abc\n' })).toThrow(
      /^(?!.*abc).*bearerToken is missing or invalid/,
    )
  })

  it.each(['basic', 'oauth_jwt_bearer_private_key_jwt'])(
    'of type %s says what would work',
    type => {
      expect(() => parseProfile({ ...oauth, type })).toThrow(
        /type must be bearer_token or oauth_client_credentials/,
      )
    },
  )
})
