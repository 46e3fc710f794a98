import { type StoreReach, TableError } from '@spillway/core'
import type { WireCredentials, WireKeys } from '@spillway/protocol/wire'
import type { FolderKeys } from './open-store.js'

/** Where a folder is, as an `s3` location with its last slash, and how its store is reached. */
export interface FolderReach {
  readonly location: string
  readonly reach: StoreReach
}

/** What credentials are for. Those of clouds that this client does not read are refused with what would work. */
export function folderReach(
  credentials: WireCredentials,
  { storageLocation, reach, text }: Asked,
): FolderReach {
  const keys = keysOf(credentials, text)
  const stated = credentials.location ?? storageLocation
  const { scheme, bucket, host, key } = partsOf(stated, text)
  const isR2 = scheme === 'r2' || credentials.r2Credentials === keys
  const endpoint = reach.endpoint ?? credentials.endpoint ?? (host && `https://${host}`)
  const region = reach.region ?? credentials.region ?? (isR2 ? 'auto' : undefined)
  if (isR2 && endpoint === undefined) {
    throw refused(
      `${text} lies in R2, and the provider does not say in which account`,
      'say it: --endpoint https://ACCOUNT.r2.cloudflarestorage.com',
    )
  }
  if (region === undefined && endpoint === undefined) {
    throw refused(
      `the provider does not say in which region the bucket of ${text} is`,
      'say it: --region, and --endpoint of a store that is not AWS',
    )
  }
  const pathStyle = reach.pathStyle ?? credentials.pathStyle ?? isR2
  return {
    location: `s3://${bucket}/${key === '' || key.endsWith('/') ? key : `${key}/`}`,
    reach: {
      region: region ?? 'us-east-1',
      pathStyle,
      ...(endpoint === undefined ? {} : { endpoint }),
    },
  }
}

interface Asked {
  readonly storageLocation: string
  readonly reach: StoreReach
  /** Of the folder, for errors. */
  readonly text: string
}

export function folderKeys(credentials: WireCredentials, text: string): FolderKeys {
  const { accessKeyId, secretAccessKey, sessionToken } = keysOf(credentials, text)
  return {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken ? { sessionToken } : {}),
    expiration: new Date(credentials.expirationTime),
  }
}

function keysOf(credentials: WireCredentials, text: string): WireKeys {
  const keys = credentials.awsTempCredentials ?? credentials.r2Credentials
  if (keys !== undefined) return keys
  const cloud =
    credentials.azureUserDelegationSas !== undefined
      ? 'Azure (azureUserDelegationSas)'
      : credentials.gcpOauthToken !== undefined
        ? 'Google Cloud (gcpOauthToken)'
        : 'a cloud that it does not name'
  throw refused(
    `${text} is shared by credentials of ${cloud}; this client opens S3 and R2`,
    'ask the provider for access by url, or read the folder with the tools of that cloud',
  )
}

/** `s3://bucket/key`, and `r2://bucket@account.r2.cloudflarestorage.com/key`. */
function partsOf(location: string, text: string) {
  const match = /^(s3|s3a|s3n|r2):\/\/([^/@]+)(?:@([^/@]+))?(?:\/(.*))?$/s.exec(location)
  if (match !== null) {
    const [, scheme, bucket, host, key = ''] = match
    return { scheme, bucket, host, key }
  }
  const found = /^[a-z][a-z0-9+.-]{0,20}:/i.exec(location)?.[0] ?? 'no scheme'
  throw refused(
    `${text} lies at ${found}, and its credentials are of S3`,
    'expected s3://bucket/folder/',
  )
}

function refused(reason: string, way: string): TableError {
  return new TableError('UNSUPPORTED_FEATURE', `${reason}: ${way}`)
}
