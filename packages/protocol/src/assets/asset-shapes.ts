import { parsedUrl } from '@spillway/core'
import { decodeItem, decodeList, type ListItem } from '../actions/decode-list.js'
import { isObject, type JsonObject } from '../actions/lenient-body.js'
import {
  BOOLEAN,
  informative,
  type Kind,
  listOf,
  mapOf,
  optional,
  STRING,
  shape,
} from '../actions/shape.js'
import type {
  WireAssetFile,
  WireCredentials,
  WireFilePage,
  WireKeys,
  WireModel,
  WireModelVersion,
  WireSignedFile,
  WireSkill,
  WireVolume,
} from './wire-assets.js'

const NAMED = {
  name: STRING,
  schema: STRING,
  share: STRING,
  id: informative(STRING),
  shareId: informative(STRING),
}

const MODES = informative(listOf(STRING))

export const VOLUME: ListItem<WireVolume> = shape<WireVolume>({
  ...NAMED,
  storageLocation: STRING,
  accessModes: MODES,
})

export const MODEL: ListItem<WireModel> = shape<WireModel>({
  ...NAMED,
  comment: informative(STRING),
})

const VERSION: Kind<number> = {
  expected: 'a positive whole number',
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) > 0,
}

export const MODEL_VERSION: ListItem<WireModelVersion> = shape<WireModelVersion>({
  share: STRING,
  schema: STRING,
  modelName: STRING,
  version: VERSION,
  status: STRING,
  storageLocation: STRING,
  accessModes: MODES,
  aliases: informative(listOf(STRING)),
  id: informative(STRING),
  comment: informative(STRING),
  source: informative(STRING),
  runId: informative(STRING),
})

export const SKILL: ListItem<WireSkill> = shape<WireSkill>({
  ...NAMED,
  description: STRING,
  storageLocation: STRING,
  accessModes: MODES,
  license: informative(STRING),
  compatibility: informative(STRING),
  allowedTools: informative(STRING),
  metadata: informative(mapOf(STRING)),
})

const SIZE: Kind<number> = {
  expected: 'a whole number of bytes',
  accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= 0,
}

const TIME: Kind<number> = {
  expected: 'a number of milliseconds',
  accepts: (value): value is number => Number.isFinite(value),
}

const PATH: Kind<string> = {
  expected: 'the path of a file',
  accepts: (value): value is string => typeof value === 'string' && value !== '',
}

/** RFC 9110, 8.8.3. It is sent back in a header: nothing else may be in it. */
const ETAG: Kind<string> = {
  expected: 'an entity tag between quotes',
  accepts: (value): value is string =>
    typeof value === 'string' && /^(?:W\/)?"[\x21\x23-\x7e\x80-\xff]{0,1024}"$/.test(value),
}

const SHA256: Kind<string> = {
  expected: '64 lower-case hexadecimal digits',
  accepts: (value): value is string => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value),
}

const HTTP_URL: Kind<string> = {
  expected: 'an http or https URL',
  accepts: (value): value is string =>
    typeof value === 'string' && /^https?:\/\//i.test(value) && parsedUrl(value) !== undefined,
}

// What a file is bound by is no information that may be dropped: a tag or digest of another kind is a fault.
const FILE = {
  path: PATH,
  size: SIZE,
  lastModified: informative(TIME),
  etag: optional(ETAG),
  sha256: optional(SHA256),
  mediaType: informative(STRING),
}

const ASSET_FILE = shape<WireAssetFile>(FILE)

const SIGNED_FILE = shape<WireSignedFile>({ ...FILE, url: HTTP_URL, expirationTimestamp: TIME })

/** One page of the files of a folder. Throws `TABLE_CORRUPT` with the member that is wrong. */
export function decodeFilePage(page: JsonObject): WireFilePage {
  const { items, nextPageToken } = decodeList(page, ASSET_FILE)
  const { snapshotId } = decodeItem({ snapshotId: page.snapshotId ?? null }, SNAPSHOT, 'page')
  return { snapshotId, files: items, nextPageToken }
}

const SNAPSHOT = shape<{ readonly snapshotId: string }>({ snapshotId: PATH })

const KEYS = shape<WireKeys>({
  accessKeyId: STRING,
  secretAccessKey: STRING,
  sessionToken: informative(STRING),
})

const CREDENTIALS = shape<WireCredentials>({
  awsTempCredentials: optional(KEYS),
  r2Credentials: optional(KEYS),
  azureUserDelegationSas: optional(shape<{ readonly sasToken: string }>({ sasToken: STRING })),
  gcpOauthToken: optional(shape<{ readonly oauthToken: string }>({ oauthToken: STRING })),
  expirationTime: TIME,
  location: informative(STRING),
  region: informative(STRING),
  endpoint: informative(STRING),
  pathStyle: informative(BOOLEAN),
})

/** Credentials of a folder. The error says which member is wrong, and never what it holds. */
export function decodeCredentials(answer: JsonObject): WireCredentials {
  // A table's are wrapped, and some servers wrap all.
  const body = isObject(answer.credentials) ? answer.credentials : answer
  return decodeItem(body, CREDENTIALS, 'credentials')
}

/** The answer to a request for URLs. */
export function decodeSignedFiles(answer: JsonObject): readonly WireSignedFile[] {
  return decodeList(answer, SIGNED_FILE).items
}
