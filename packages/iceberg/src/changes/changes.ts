import {
  type ChangeRange,
  type ChangeSet,
  TableError,
  type TableMetadata,
  type TablePart,
} from '@spillway/core'
import type { IcebergMetadata } from '../metadata/metadata.js'
import type { OpenedSnapshot } from '../snapshot/open-snapshot.js'
import { type HistoryEntry, mainHistory } from './main-history.js'
import { changedFiles } from './snapshot-diff.js'

export interface ChangesContext {
  readonly metadata: IcebergMetadata
  readonly open: (snapshotId: bigint) => Promise<OpenedSnapshot>
  readonly signal?: AbortSignal | undefined
}

/**
 * What each version of the range changed in the table, oldest first: each state that was current is compared with the
 * one before it, so that appends, overwrites, deletes and replaced tables all come out as they were. Compaction
 * (`replace`, spec, "Snapshots") changes no row.
 */
export async function* icebergChanges(
  { metadata, open, signal }: ChangesContext,
  range: ChangeRange,
): AsyncGenerator<ChangeSet> {
  const { start, steps } = stepsOf(metadata, range)
  let before = start === undefined ? undefined : await open(start.snapshotId)
  let told: TableMetadata | undefined
  let part: TablePart | undefined
  for (const { snapshotId, version, timestamp } of steps) {
    const after = await open(snapshotId)
    const snapshot = metadata.snapshots.get(snapshotId)!
    const isRewrite =
      snapshot.summary.get('operation') === 'replace' && snapshot.parentId === idOf(before)
    const known = { ...metadataOf(after), version, timestamp }
    // One part for as long as columns are the same: what is found out about manifests is remembered by it.
    const isSame = told !== undefined && hasSameColumns(told, known)
    if (!isSame) part = range.grantBy?.(known)
    const declared = part && (await after.declaredOf?.(part, signal))
    const state = { ...known, ...declared }
    const isNew = !isSame || !hasSameFeatures(told!, state)
    const changes = isRewrite
      ? []
      : await changedFiles(before?.files, after.files, { part, signal })
    yield { version, timestamp, ...(isNew && { metadata: state }), changes }
    if (isNew) told = state
    before = after
  }
}

interface Steps {
  /** The state that the range starts from; undefined for the table before its first snapshot. */
  readonly start: HistoryEntry | undefined
  readonly steps: readonly HistoryEntry[]
}

function stepsOf(metadata: IcebergMetadata, { startVersion, endVersion }: ChangeRange): Steps {
  if (endVersion < startVersion) {
    throw unavailable(metadata, `a range from ${startVersion} to ${endVersion} is empty`)
  }
  const { entries, isWhole } = mainHistory(metadata)
  const latest = entries.at(-1)
  if (latest === undefined || latest.version < startVersion) {
    throw unavailable(metadata, `version ${startVersion} is after the latest version`)
  }
  const first = entries.findIndex(({ version }) => version >= startVersion)
  const start = entries[first - 1]
  if (start === undefined && !isWhole) {
    throw unavailable(
      metadata,
      `snapshots before version ${entries[0]!.version} have expired; read that version, and its changes from ${entries[0]!.version + 1n} on`,
    )
  }
  refuseRollbacks(metadata, entries, first)
  const steps = entries.slice(first).filter(({ version }) => version <= endVersion)
  return { start, steps }
}

/** Whoever reads on from before a rollback may hold rows that the table no longer has, and the log cannot tell. */
function refuseRollbacks(
  metadata: IcebergMetadata,
  entries: readonly HistoryEntry[],
  first: number,
): void {
  const start = entries[first - 1]
  const late = entries.slice(0, first).some(({ version }) => version > start!.version)
  const back = entries.findIndex(
    ({ version }, i) => i > first && version <= entries[i - 1]!.version,
  )
  if (!late && back < 0) return
  const { version } = late ? start! : entries[back]!
  throw unavailable(metadata, `the table was rolled back to version ${version}; read it anew`)
}

function idOf(snapshot: OpenedSnapshot | undefined): bigint | undefined {
  const native = snapshot?.native
  return native?.format === 'iceberg' ? (native.snapshotId ?? undefined) : undefined
}

function hasSameFeatures(a: TableMetadata, b: TableMetadata): boolean {
  return [...a.features].join() === [...b.features].join()
}

function hasSameColumns(a: TableMetadata, b: TableMetadata): boolean {
  const columns = ({ schema }: TableMetadata) =>
    JSON.stringify(schema.fields, (_, value: unknown) =>
      typeof value === 'bigint' ? String(value) : value,
    )
  return columns(a) === columns(b)
}

function metadataOf(snapshot: OpenedSnapshot): TableMetadata {
  const { files: _, source: __, totals: ___, declaredOf: ____, ...metadata } = snapshot
  return metadata
}

function unavailable({ path }: IcebergMetadata, reason: string): TableError {
  return new TableError('INVALID_REQUEST', `these changes are not available: ${reason}`, {
    context: { path },
  })
}
