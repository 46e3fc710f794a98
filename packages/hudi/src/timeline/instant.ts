import { TableError } from '@spillway/core'
import type { CommitMetadata } from './commit-metadata.js'

type InstantState = 'requested' | 'inflight' | 'completed'

/** One action of the timeline in one state. Times are the strings of the file name: they order as text. */
export interface Instant {
  readonly begin: string
  readonly action: string
  readonly state: InstantState
  /** Completed instants of layout 2; equal to `begin` in layout 1, which records no completion. */
  readonly completion: string
  readonly path: string
  readonly size: number
  readonly lastModified: number
  /** The body of an archived write, which lies in the archive instead of a file of its own. */
  readonly archived?: CommitMetadata
}

/** Completed under these names, an instant makes files visible. */
const WRITES = new Set(['commit', 'deltacommit', 'replacecommit'])
/** Pending under these names, it may have written files that nobody may see yet. */
const PENDING_WRITES = new Set([...WRITES, 'compaction', 'logcompaction', 'clustering'])
const ACTIONS = new Set([
  ...PENDING_WRITES,
  'clean',
  'rollback',
  'savepoint',
  'restore',
  'indexing',
  'schemacommit',
])

// 20 digits: the metadata table of version 6 marks its own actions with three more.
const TIME = String.raw`\d{14}|\d{17}|\d{20}`
/** `<begin>[_<completion>][.<action>][.requested|.inflight]`; layout 1 writes a commit's inflight without the action. */
const NAME = new RegExp(`^(${TIME})(?:_(${TIME}))?(?:\\.([a-z]+))?(?:\\.(requested|inflight))?$`)

/** The instant a timeline file stands for; undefined for anything else that lies there. */
export function parseInstant(
  name: string,
  file: { readonly path: string; readonly size: number; readonly lastModified: number },
): Instant | undefined {
  const match = NAME.exec(name)
  if (match === null) return undefined
  const [, begin, completion] = match
  let action = match[3]
  let state = (match[4] ?? 'completed') as InstantState
  if (action === 'inflight' && match[4] === undefined) {
    action = 'commit'
    state = 'inflight'
  }
  if (action === undefined || !ACTIONS.has(action)) return undefined
  const { path, size, lastModified } = file
  return {
    begin: begin!,
    action,
    state,
    completion: completion ?? begin!,
    path,
    size,
    lastModified,
  }
}

/** True where the instant writes files, or has written some that nobody may see yet. */
export function isWrite(instant: Instant): boolean {
  return PENDING_WRITES.has(instant.action)
}

export function isCompletedWrite(instant: Instant): boolean {
  return instant.state === 'completed' && WRITES.has(instant.action)
}

/** An instant as the number that versions are: 14-digit instants of old tables as if at millisecond 0. */
export function instantVersion(time: string): bigint {
  return BigInt(time.padEnd(17, '0'))
}

/** Epoch milliseconds of an instant that was written in `timeZone`. */
export function instantMillis(time: string, timeZone = 'UTC'): number {
  const digits = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d{3})?$/.exec(time)
  if (digits === null) {
    throw new TableError('TABLE_CORRUPT', `'${time}' is no instant of the form yyyyMMddHHmmssSSS`)
  }
  const [year, month, day, hour, minute, second, milli] = digits
    .slice(1)
    .map(part => Number(part ?? 0)) as [number, number, number, number, number, number, number]
  const utc = Date.UTC(year, month - 1, day, hour, minute, second, milli)
  if (timeZone === 'UTC') return utc
  // Two rounds settle on the offset that holds at the result.
  const first = utc - zoneOffset(utc, timeZone)
  return utc - zoneOffset(first, timeZone)
}

/** The 17-digit instant that a clock in `timeZone` shows at `millis`. */
export function instantAt(millis: number, timeZone = 'UTC'): string {
  const local = timeZone === 'UTC' ? millis : millis + zoneOffset(millis, timeZone)
  return new Date(local).toISOString().replace(/\D/g, '').slice(0, 17)
}

function zoneOffset(millis: number, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  }).formatToParts(millis)
  const number = (type: string) => Number(parts.find(part => part.type === type)!.value)
  const shown = Date.UTC(
    number('year'),
    number('month') - 1,
    number('day'),
    number('hour'),
    number('minute'),
    number('second'),
  )
  return shown - Math.floor(millis / 1000) * 1000
}
