import type {
  AnswerHeader,
  FileAction,
  SharingClient,
  TableAnswer,
  TableName,
} from '@spillway/client'
import { TableError } from '@spillway/core'
import type { DeltaFileAction } from '@spillway/protocol'

/** What is asked of a provider: a table, perhaps as it was, or what changed in it. */
export interface ScanTarget {
  readonly name: TableName
  readonly at?: { readonly version: bigint } | { readonly timestamp: string } | undefined
  readonly changes?: { readonly start: string; readonly end?: string } | undefined
}

export interface AskOptions {
  readonly jsonPredicateHints?: string | undefined
  readonly predicateHints?: readonly string[]
  readonly limitHint?: number | undefined
  readonly refreshToken?: string
  /** The version read so far, for asking again. */
  readonly pinned?: bigint
  readonly signal?: AbortSignal | undefined
}

/** One file action of any of the wire's forms. */
export interface SharedAction {
  readonly kind: 'add' | 'remove' | 'cdc'
  readonly id: string
  readonly action: DeltaFileAction
  readonly expiresAt?: number
  /** Epoch milliseconds and version of the commit, in answers about changes. */
  readonly version?: bigint | undefined
  readonly timestamp?: number | undefined
}

export async function askMetadata(
  client: SharingClient,
  { name, at, changes }: ScanTarget,
  signal?: AbortSignal,
): Promise<AnswerHeader> {
  if (changes === undefined) return client.metadata(name, { ...at, signal })
  const range = changesOptions(changes)
  const answer = await client.changes(name, { ...range, signal })
  answer.close()
  return answer
}

export function askFiles(
  client: SharingClient,
  { name, at, changes }: ScanTarget,
  { pinned, refreshToken, signal, ...hints }: AskOptions = {},
): Promise<TableAnswer> {
  const own = signal ? { signal } : {}
  if (changes !== undefined) return client.changes(name, { ...changesOptions(changes), ...own })
  if (at !== undefined) return client.query(name, { ...hints, ...at, ...own })
  if (refreshToken !== undefined) {
    return client.query(name, { ...hints, refreshToken, includeRefreshToken: true, ...own })
  }
  if (pinned !== undefined) return client.query(name, { ...hints, version: pinned, ...own })
  return client.query(name, { ...hints, includeRefreshToken: true, ...own })
}

/** A whole number is a version, anything else a time (ISO 8601, UTC). */
function changesOptions({ start, end }: NonNullable<ScanTarget['changes']>) {
  const isVersion = (text: string) => /^\d+$/.test(text)
  return {
    ...(isVersion(start)
      ? { startingVersion: BigInt(start) }
      : { startingTimestamp: timestampText(start) }),
    ...(end !== undefined &&
      (isVersion(end) ? { endingVersion: BigInt(end) } : { endingTimestamp: timestampText(end) })),
  }
}

/** A time as SQL casts it to text, or as the wire has it already, as the wire has it. */
export function timestampText(text: string): string {
  const time = new Date(/(?:Z|[+-]\d{2}(?::?\d{2})?)$/.test(text) ? text : `${text}Z`)
  const spelled = Number.isNaN(time.getTime())
    ? new Date(text.replace(/([+-]\d{2})$/, '$1:00'))
    : time
  if (!Number.isNaN(spelled.getTime())) return spelled.toISOString()
  throw new TableError(
    'INVALID_REQUEST',
    `expected a version or a time, found ${JSON.stringify(text)}`,
  )
}

export function targetText({ name, at, changes }: ScanTarget): string {
  const table = `${name.share}.${name.schema}.${name.table}`
  if (changes !== undefined) return `${table} (changes)`
  if (at === undefined) return table
  return `${table} (${'version' in at ? `version ${at.version}` : at.timestamp})`
}

/** A line of an answer as a file action; undefined for metadata and protocols between versions. */
export function sharedAction(
  line: FileAction | { readonly kind: string },
): SharedAction | undefined {
  if (!('file' in line)) return undefined
  if (line.kind === 'delta') return deltaAction(line)
  const { url, id, partitionValues, size, stats, expirationTimestamp, version, timestamp } =
    line.file
  return {
    kind: line.kind === 'remove' ? 'remove' : line.kind === 'cdf' ? 'cdc' : 'add',
    id,
    action: { path: url, partitionValues, size, stats },
    ...timesOf({ expirationTimestamp, version, timestamp }),
  }
}

function deltaAction({ file }: Extract<FileAction, { kind: 'delta' }>): SharedAction {
  const { add, remove, cdc } = file.deltaSingleAction
  const action = add ?? remove ?? cdc
  if (action === undefined) {
    throw new TableError(
      'TABLE_CORRUPT',
      'a file line of the answer has no add, remove or cdc action',
      {
        context: { file: file.id },
      },
    )
  }
  const kind = add !== undefined ? 'add' : remove !== undefined ? 'remove' : 'cdc'
  return { kind, id: file.id, action, ...timesOf(file) }
}

interface Times {
  readonly expirationTimestamp?: number | bigint | undefined
  readonly version?: number | bigint | undefined
  readonly timestamp?: number | bigint | undefined
}

function timesOf({ expirationTimestamp, version, timestamp }: Times) {
  return {
    ...(expirationTimestamp !== undefined && { expiresAt: Number(expirationTimestamp) }),
    ...(version !== undefined && { version: BigInt(version) }),
    ...(timestamp !== undefined && { timestamp: Number(timestamp) }),
  }
}
