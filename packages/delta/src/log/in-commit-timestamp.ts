import type { ObjectMeta } from '@spillway/core'
import type { CommitInfo } from '../actions/actions.js'
import type { DeltaLog } from './delta-log.js'

/** Since when commits carry their own time; undefined where they do not. PROTOCOL.md, "In-Commit Timestamps". */
export interface Enablement {
  readonly version: bigint
  readonly timestamp: number
}

export function inCommitTimestamps(
  configuration: ReadonlyMap<string, string>,
): Enablement | undefined {
  if (configuration.get('delta.enableInCommitTimestamps')?.toLowerCase() !== 'true')
    return undefined
  const version = configuration.get('delta.inCommitTimestampEnablementVersion')
  const timestamp = configuration.get('delta.inCommitTimestampEnablementTimestamp')
  // Without these two, every commit of the table has one.
  if (version === undefined || timestamp === undefined) {
    return { version: 0n, timestamp: Number.NEGATIVE_INFINITY }
  }
  return { version: /^\d+$/.test(version) ? BigInt(version) : 0n, timestamp: Number(timestamp) }
}

/** When a version was committed: its own word where in-commit timestamps are on, else the time of its file. */
export async function commitTimestamp(
  log: DeltaLog,
  configuration: ReadonlyMap<string, string>,
  commit: {
    readonly version: bigint
    readonly file: ObjectMeta | undefined
    readonly fileTime: number | undefined
    readonly info: CommitInfo | undefined
    /** Where the commit file is gone. */
    readonly fallback: number
    readonly signal: AbortSignal | undefined
  },
): Promise<number> {
  const { version, file, fallback, signal } = commit
  if (file === undefined) return fallback
  const fileTime = commit.fileTime ?? file.lastModified
  const enabled = inCommitTimestamps(configuration)
  if (enabled === undefined || version < enabled.version) return fileTime
  const info = commit.info ?? (await log.commitInfo(file, signal))
  return info.inCommitTimestamp ?? fileTime
}
