import { type SnapshotRef, TableError } from '@spillway/core'
import type { TableConfig } from '../config/table-config.js'
import { type Instant, instantAt, instantMillis, instantVersion } from './instant.js'
import type { Timeline } from './timeline.js'

/** The write that a reference means; undefined for the latest state of a table without writes. */
export function resolveWrite(
  timeline: Pick<Timeline, 'writes'>,
  ref: SnapshotRef,
  timeZone: string,
): Instant | undefined {
  const { writes } = timeline
  switch (ref.kind) {
    case 'latest':
      return writes[writes.length - 1]
    case 'version':
      return byVersion(writes, ref.version)
    case 'timestamp':
      return byTimestamp(writes, ref, timeZone)
    default:
      throw new TableError(
        'INVALID_REQUEST',
        `a Hudi table is addressed by version (completion instant) or timestamp, not by ${ref.kind}`,
      )
  }
}

function byVersion(writes: readonly Instant[], version: bigint): Instant | undefined {
  // A table that was never written has a version too: the one that it told a moment ago.
  if (version === 0n && writes.length === 0) return undefined
  const found =
    writes.find(write => instantVersion(write.completion) === version) ??
    writes.find(write => instantVersion(write.begin) === version)
  if (found !== undefined) return found
  throw new TableError(
    'INVALID_REQUEST',
    `no completed write of the table has version ${version}`,
    {
      context: { version, ...rangeOf(writes) },
    },
  )
}

function byTimestamp(
  writes: readonly Instant[],
  ref: Extract<SnapshotRef, { kind: 'timestamp' }>,
  timeZone: string,
): Instant {
  const time = instantAt(ref.timestamp, timeZone)
  const found =
    ref.direction === 'before'
      ? writes.findLast(write => write.completion.padEnd(17, '0') <= time)
      : writes.find(write => write.completion.padEnd(17, '0') >= time)
  if (found !== undefined) return found
  const side = ref.direction === 'before' ? 'at or before' : 'at or after'
  throw new TableError('INVALID_REQUEST', `the table has no write ${side} ${time}`, {
    context: { timestamp: ref.timestamp, ...rangeOf(writes) },
  })
}

function rangeOf(writes: readonly Instant[]): Record<string, string> {
  const [first, last] = [writes[0], writes[writes.length - 1]]
  return first === undefined || last === undefined
    ? {}
    : { earliest: first.completion, latest: last.completion }
}

/** The zone of the clock that wrote the timeline: UTC where the properties say so, else `localZone`. */
export function zoneOf(config: Pick<TableConfig, 'timelineIsUtc'>, localZone: string): string {
  return config.timelineIsUtc ? 'UTC' : localZone
}

/** Version and commit time of a write; a table without writes is at version 0. */
export function identityOf(
  write: Instant | undefined,
  timeZone: string,
): { readonly version: bigint; readonly timestamp: number } {
  if (write === undefined) return { version: 0n, timestamp: 0 }
  return {
    version: instantVersion(write.completion),
    timestamp: instantMillis(write.completion, timeZone),
  }
}
