import { TableError } from '@spillway/core'
import { type Profile, parseProfile } from '@spillway/protocol/wire'

export type Environment = Readonly<Record<string, string | undefined>>

/** Each variable and the member of a profile that it stands for. */
const MEMBERS = {
  SPILLWAY_ENDPOINT: 'endpoint',
  SPILLWAY_BEARER_TOKEN: 'bearerToken',
  SPILLWAY_TOKEN_EXPIRES: 'expirationTime',
  SPILLWAY_TOKEN_ENDPOINT: 'tokenEndpoint',
  SPILLWAY_CLIENT_ID: 'clientId',
  SPILLWAY_CLIENT_SECRET: 'clientSecret',
  SPILLWAY_SCOPE: 'scope',
  SPILLWAY_AUDIENCE: 'audience',
} as const

/**
 * The profile that an environment holds: as a whole in `SPILLWAY_PROFILE` (its JSON text), or its parts, one a variable.
 * Handed in, so that nothing is read that the caller did not mean: `process.env`, `Deno.env.toObject()`.
 */
export function profileFromEnvironment(environment: Environment): Profile {
  const whole = environment.SPILLWAY_PROFILE
  if (whole !== undefined && whole !== '') return parseProfile(whole)
  const given = Object.entries(MEMBERS).flatMap(([variable, member]) => {
    const value = environment[variable]
    return value === undefined || value === '' ? [] : [[member, value] as const]
  })
  if (given.length === 0) {
    throw new TableError(
      'INVALID_REQUEST',
      'the environment holds no profile: set SPILLWAY_PROFILE, or SPILLWAY_ENDPOINT and SPILLWAY_BEARER_TOKEN',
    )
  }
  const members = Object.fromEntries(given)
  return parseProfile({
    ...(members.clientId === undefined
      ? { shareCredentialsVersion: 1 }
      : { shareCredentialsVersion: 2, type: 'oauth_client_credentials' }),
    ...members,
  })
}
