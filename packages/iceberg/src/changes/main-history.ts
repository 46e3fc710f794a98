import type { IcebergMetadata } from '../metadata/metadata.js'

/** A snapshot from the moment it became current. */
export interface HistoryEntry {
  readonly snapshotId: bigint
  readonly version: bigint
  readonly timestamp: number
}

export interface MainHistory {
  /** Oldest first. A version that is not above the one before it says that the table was rolled back. */
  readonly entries: readonly HistoryEntry[]
  /** True where the first entry was the table's first snapshot: nothing before it has expired. */
  readonly isWhole: boolean
}

/**
 * The states that the main branch went through, from the snapshot log: parents would leave out what a replaced or
 * rolled back table was. Versions are sequence numbers; in format version 1, which has none, positions in the log.
 */
export function mainHistory({ log, snapshots, currentSnapshotId }: IcebergMetadata): MainHistory {
  const current = currentSnapshotId === undefined ? undefined : snapshots.get(currentSnapshotId)
  // Staged and imported tables may have a current snapshot that their log lacks.
  const logged =
    current === undefined || log.at(-1)?.snapshotId === current.id
      ? log
      : [...log, { snapshotId: current.id, timestamp: current.timestamp }]
  const entries = logged.map(({ snapshotId, timestamp }, i) => {
    const sequence = snapshots.get(snapshotId)?.sequenceNumber ?? 0n
    return { snapshotId, timestamp, version: sequence > 0n ? sequence : BigInt(i + 1) }
  })
  // A log may go further back than the snapshots that are left.
  const known = entries.slice(entries.findLastIndex(one => !snapshots.has(one.snapshotId)) + 1)
  const first = known[0] && snapshots.get(known[0].snapshotId)
  const isWhole =
    known.length === entries.length &&
    first?.parentId === undefined &&
    (first?.sequenceNumber ?? 0n) <= 1n
  return { entries: known, isWhole }
}
