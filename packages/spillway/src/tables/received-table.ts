import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import {
  answerLog,
  answerStore,
  createSharingClient,
  type FileAction,
  fetchSigned,
  parseTableName,
  type QueryOptions,
  rangeOf,
  type TableAnswer,
} from '@spillway/client'
import {
  type ByteRange,
  hostOfUrl,
  isPassingStatus,
  isTableError,
  type ObjectStore,
  TableError,
  throwIfCancelled,
} from '@spillway/core'
import { type DeltaFileAction, type DeltaVector, parseProfile } from '@spillway/protocol'
import { VERSION } from '../terminal/version.js'

/** A table as a recipient was given it: its log in memory, its files behind signed URLs. */
export interface ReceivedTable {
  /** Where `store` has it. */
  readonly location: string
  readonly store: ObjectStore
  /** Its version at the provider; here the log has one. */
  readonly version: bigint | undefined
  readonly files: number
}

const SCHEME = 'shared'

/** True for `profile.share#share.schema.table`, as the official connectors spell a shared table. */
export function isSharedName(location: string): boolean {
  return /^[^#]+#[^#]+\..+\..+$/.test(location) && !/^[a-z0-9+.-]+:\/\//i.test(location)
}

/**
 * Asks the provider for the files that may match and writes their log down in memory: what reads Delta tables then
 * reads this one, deletion vectors and column mapping included.
 */
export async function openReceived(
  name: string,
  { folder, ...query }: QueryOptions & { readonly folder: string },
): Promise<ReceivedTable> {
  const at = name.indexOf('#')
  const profile = parseProfile(await readFile(resolve(folder, name.slice(0, at)), 'utf8'))
  const client = createSharingClient(profile, { userAgent: `spillway/${VERSION}` })
  return receivedTable(await client.query(parseTableName(name.slice(at + 1)), query))
}

/** The same from an answer. */
export async function receivedTable(
  answer: Pick<TableAnswer, 'version' | 'protocol' | 'metaData' | 'actions'>,
): Promise<ReceivedTable> {
  const location = `${SCHEME}://recipient/table`
  const objects = new Map<string, UrlObject>()
  const adds: DeltaFileAction[] = []
  for await (const action of answer.actions) {
    if (action.kind !== 'delta' && action.kind !== 'file') continue
    const path = `files/${adds.length}`
    const add = addOf(action)
    objects.set(`${location}/${path}`, { url: add.path, size: Number(add.size) })
    const deletionVector =
      add.deletionVector &&
      namedVector(add.deletionVector, `${location}/vectors/${adds.length + 1}`, objects)
    adds.push({ ...add, path, dataChange: true, ...(deletionVector && { deletionVector }) })
  }
  return {
    location,
    store: answerStore({ location, log: answerLog(answer, adds), files: urlFiles(objects) }),
    version: answer.version,
    files: adds.length,
  }
}

interface UrlObject {
  readonly url: string
  readonly size: number | undefined
}

function addOf(action: FileAction): DeltaFileAction {
  if (action.kind === 'delta') {
    const { add } = action.file.deltaSingleAction
    if (add !== undefined) return add
    throw new TableError('INVALID_REQUEST', 'the answer to a query has an action that adds no file')
  }
  const { url, partitionValues, size, stats } = action.file
  return { path: url, partitionValues, size, modificationTime: 0, ...(stats && { stats }) }
}

/** A vector on disk comes as a signed URL, an inline one as it is. */
function namedVector(
  vector: DeltaVector,
  path: string,
  objects: Map<string, UrlObject>,
): DeltaVector {
  if (vector.storageType !== 'p') return vector
  objects.set(path, { url: vector.pathOrInlineDv, size: undefined })
  return { ...vector, pathOrInlineDv: path }
}

/** Ranged requests to the URL of each. */
function urlFiles(objects: ReadonlyMap<string, UrlObject>): Pick<ObjectStore, 'get' | 'head'> {
  return {
    async get(path, { range, signal } = {}) {
      const object = objects.get(path)
      if (object === undefined) return undefined
      const bytes = await fetchRange(object.url, range, signal)
      return { bytes, meta: { path, size: object.size ?? bytes.length, lastModified: 0 } }
    },
    async head(path) {
      const object = objects.get(path)
      return object && { path, size: object.size ?? 0, lastModified: 0 }
    },
  }
}

async function fetchRange(
  url: string,
  range: ByteRange | undefined,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const header =
    range === undefined
      ? undefined
      : 'suffix' in range
        ? `bytes=-${range.suffix}`
        : `bytes=${range.start}-${range.end - 1}`
  const response = await request(url, { ...(header && { range: header }) }, signal)
  if (!response.ok) {
    await response.body?.cancel()
    throw new TableError(
      'STORAGE_UNAVAILABLE',
      `the provider's storage answered ${response.status} to a signed URL: it may have expired`,
      { retryable: isPassingStatus(response.status) },
    )
  }
  const bytes = new Uint8Array(await response.arrayBuffer())
  // Whoever ignores ranges answers 200 with the whole.
  return header !== undefined && response.status === 200 ? rangeOf(bytes, range) : bytes
}

/** A signed URL is a secret: it stays out of what is said about its failure. */
async function request(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  throwIfCancelled(signal)
  try {
    return await fetchSigned(url, { headers, signal, refuse: reason => refused(url, reason) })
  } catch (cause) {
    throwIfCancelled(signal)
    if (isTableError(cause)) throw cause
    const { host } = new URL(url)
    throw new TableError(
      'STORAGE_UNAVAILABLE',
      `the provider's storage at ${host} cannot be reached`,
      { cause },
    )
  }
}

function refused(url: string, reason: string): TableError {
  const host = hostOfUrl(url)
  return new TableError(
    'TABLE_CORRUPT',
    `a file of the table in the provider's storage at ${host} cannot be read: ${reason}`,
  )
}
