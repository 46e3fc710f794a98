import type { CloudCredentials, WritableJson } from '@spillway/core'

/** How long credentials are asked for; whoever gives them may give less. */
export const CREDENTIAL_SECONDS = 3600

export function wireCredentials(credentials: CloudCredentials): {
  readonly [key: string]: WritableJson
} {
  switch (credentials.kind) {
    case 'aws':
    case 'r2': {
      // The wire has no optional member here: keys without a session have an empty one.
      const { accessKeyId, secretAccessKey, sessionToken = '' } = credentials
      const key = credentials.kind === 'aws' ? 'awsTempCredentials' : 'r2Credentials'
      return { [key]: { accessKeyId, secretAccessKey, sessionToken } }
    }
    case 'azure':
      return { azureUserDelegationSas: { sasToken: credentials.sasToken } }
    case 'gcp':
      return { gcpOauthToken: { oauthToken: credentials.oauthToken } }
  }
}
