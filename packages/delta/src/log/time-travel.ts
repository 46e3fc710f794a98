import { type ObjectMeta, TableError } from '@spillway/core'
import type { DeltaLog } from './delta-log.js'
import { monotonic, type TimedVersion } from './file-times.js'
import { inCommitTimestamps } from './in-commit-timestamp.js'
import { reachableCommits } from './log-segment.js'

interface Commit {
  readonly version: bigint
  readonly file: ObjectMeta
}

/**
 * The version a time means. `before`: the last one committed at or before it; `after`: the first at or after it.
 * File times are made monotonic first; versions with in-commit timestamps are searched by those, and a time is looked
 * for on its own side of their enablement only (PROTOCOL.md, "Reader Requirements for In-Commit Timestamps").
 */
export async function versionAtTime(
  log: DeltaLog,
  ref: Moment,
  configuration: ReadonlyMap<string, string>,
  signal?: AbortSignal,
): Promise<TimedVersion> {
  const commits = reachableCommits(await log.list(0n, signal))
  const enabled = inCommitTimestamps(configuration)
  const fileTimed = enabled ? commits.filter(commit => commit.version < enabled.version) : commits
  const selfTimed = enabled ? commits.filter(commit => commit.version >= enabled.version) : []
  const times = new Map<Commit, Promise<number>>()
  const timeOf = (commit: Commit) => {
    const time = times.get(commit) ?? inCommitTime(log, commit, signal)
    times.set(commit, time)
    return time
  }
  const found =
    ref.direction === 'before'
      ? enabled !== undefined && ref.timestamp >= enabled.timestamp
        ? await lastAtOrBefore(selfTimed, ref.timestamp, timeOf)
        : lastOf(monotonic(fileTimed), ref.timestamp)
      : await firstAfter(fileTimed, selfTimed, { ...ref, enabled: enabled?.timestamp, timeOf })
  const context = { path: log.folder, timestamp: ref.timestamp }
  if (found === undefined)
    throw new TableError('INVALID_REQUEST', nothing(commits, ref), { context })
  const gone = goneBeside(commits, found.version, ref.direction)
  if (gone !== undefined) throw new TableError('INVALID_REQUEST', gone, { context })
  return found
}

interface Moment {
  readonly timestamp: number
  readonly direction: 'before' | 'after'
}

function nothing([first]: readonly Commit[], { timestamp, direction }: Moment): string {
  if (direction === 'after') return `no version was committed at or after ${iso(timestamp)}`
  const earliest = first === undefined ? '' : `; the earliest is version ${first.version}`
  return `no version that is still there was committed at or before ${iso(timestamp)}${earliest}`
}

/** Where the commit next to the one found was removed, the time may have meant that. */
function goneBeside(
  commits: readonly Commit[],
  found: bigint,
  direction: Moment['direction'],
): string | undefined {
  const at = commits.findIndex(({ version }) => version === found)
  const [low, high] = direction === 'before' ? [at, at + 1] : [at - 1, at]
  const older = commits[low]?.version
  const newer = commits[high]?.version
  if (older === undefined || newer === undefined || newer === older + 1n) return undefined
  return `the time may mean one of the versions ${older + 1n} to ${newer - 1n}, which are no longer there; the first version after them is ${newer}`
}

function iso(timestamp: number): string {
  return Number.isFinite(timestamp) && Math.abs(timestamp) <= 8.64e15
    ? new Date(timestamp).toISOString()
    : String(timestamp)
}

function lastOf(commits: readonly TimedVersion[], timestamp: number): TimedVersion | undefined {
  return commits.findLast(commit => commit.timestamp <= timestamp)
}

type TimeOf = (commit: Commit) => Promise<number>

/** The last of the commits whose time is not after. */
async function lastAtOrBefore(
  commits: readonly Commit[],
  timestamp: number,
  timeOf: TimeOf,
): Promise<TimedVersion | undefined> {
  const end = await firstIndex(commits, async commit => (await timeOf(commit)) > timestamp)
  return end === 0 ? undefined : resolved(commits[end - 1]!, timeOf)
}

async function firstAtOrAfter(
  commits: readonly Commit[],
  timestamp: number,
  timeOf: TimeOf,
): Promise<TimedVersion | undefined> {
  const start = await firstIndex(commits, async commit => (await timeOf(commit)) >= timestamp)
  return start === commits.length ? undefined : resolved(commits[start]!, timeOf)
}

/**
 * Where a test that stays true once it is true becomes true; the length where it never does. In-commit timestamps
 * grow with the version, so a few commits are read, not all.
 */
async function firstIndex(
  commits: readonly Commit[],
  holds: (commit: Commit) => Promise<boolean>,
): Promise<number> {
  let low = 0
  let high = commits.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (await holds(commits[middle]!)) high = middle
    else low = middle + 1
  }
  return low
}

async function resolved(commit: Commit, timeOf: TimeOf): Promise<TimedVersion> {
  return { version: commit.version, timestamp: await timeOf(commit) }
}

async function firstAfter(
  fileTimed: readonly Commit[],
  selfTimed: readonly Commit[],
  ref: {
    readonly timestamp: number
    readonly enabled: number | undefined
    readonly timeOf: TimeOf
  },
): Promise<TimedVersion | undefined> {
  if (ref.enabled === undefined || ref.timestamp < ref.enabled) {
    const early = monotonic(fileTimed).find(commit => commit.timestamp >= ref.timestamp)
    if (early !== undefined) return early
  }
  return firstAtOrAfter(selfTimed, ref.timestamp, ref.timeOf)
}

async function inCommitTime(log: DeltaLog, commit: Commit, signal?: AbortSignal): Promise<number> {
  const { inCommitTimestamp } = await log.commitInfo(commit.file, signal)
  if (inCommitTimestamp !== undefined) return inCommitTimestamp
  throw new TableError(
    'TABLE_CORRUPT',
    'a commit lacks the in-commit timestamp the table asks for',
    {
      context: { path: commit.file.path, version: commit.version },
    },
  )
}
