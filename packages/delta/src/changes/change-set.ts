import {
  type ChangeRange,
  type ChangeSet,
  type DataFile,
  type FilePartition,
  mapConcurrently,
  Slices,
  type TableMetadata,
} from '@spillway/core'
import type { FileContext } from '../files/live-files.js'
import { inCommitTimestamps } from '../log/in-commit-timestamp.js'
import type { DeltaMetadata } from '../schema/metadata.js'
import type { LoadContext } from '../snapshot/load-state.js'
import { snapshotOf, type TableState } from '../snapshot/table-state.js'
import type { PendingChange, ReadCommit } from './read-commit.js'

/** What one commit changed, as the range asks for it. `changed`: its table has other metadata than the one before. */
export async function changeSet(
  context: LoadContext,
  commit: ReadCommit,
  range: ChangeRange,
  {
    table,
    changed,
    clock,
    grant,
  }: {
    readonly table: TableState
    readonly changed: boolean
    readonly clock: FileTimes
    readonly grant: BoundGrant
  },
): Promise<ChangeSet> {
  const { metadata } = table
  const timestamp = await timeOf(commit, metadata, clock)
  const { version } = commit
  const tableMetadata = changed ? metadataOf({ ...table, version, timestamp }) : undefined
  const isGranted = grant(tableMetadata)
  const fileContext = { source: context.source, metadata }
  // Of what is withheld nothing else is looked at: what is wrong with it is nobody's to know, and stops nobody.
  const files = await granted(chosen(commit.files, range.kind), fileContext, isGranted)
  const changes = await mapConcurrently(
    files,
    CONCURRENT_HEADS,
    async ({ action, hasSize, file }) => {
      const described = file(fileContext)
      return { action, file: hasSize ? described : await measured(context, described) }
    },
  )
  return {
    version,
    timestamp,
    metadata: tableMetadata,
    changes,
  }
}

type IsGranted = (file: FilePartition) => boolean
export type BoundGrant = (metadata: TableMetadata | undefined) => IsGranted | undefined

/** The grant of a range by the metadata in force: bound anew by each that is told. */
export function boundGrant({ grantBy }: ChangeRange): BoundGrant {
  let isGranted: IsGranted | undefined
  return metadata => {
    if (metadata === undefined) return isGranted
    const part = grantBy?.(metadata)
    isGranted = part && (file => part.holds(file))
    return isGranted
  }
}

async function granted(
  files: readonly PendingChange[],
  context: FileContext,
  isGranted: IsGranted | undefined,
): Promise<readonly PendingChange[]> {
  if (isGranted === undefined) return files
  const slices = new Slices()
  const kept: PendingChange[] = []
  for (const file of files) {
    if (isGranted(file.partition(context))) kept.push(file)
    if (slices.isOver) await slices.pause()
  }
  return kept
}

const CONCURRENT_HEADS = 16

/** A file whose action does not say how long it is. One that is gone stays without a size: it cannot be read anyway. */
async function measured({ log, signal }: LoadContext, file: DataFile): Promise<DataFile> {
  const found = await log.store.head(file.path, signal)
  return found === undefined ? file : { ...file, size: found.size }
}

export type FileTimes = () => Promise<ReadonlyMap<bigint, number>>

/** The times of the files of a range, listed by the first commit that has no time of its own. */
export function fileTimes({ clock, log, signal }: LoadContext, from: bigint): FileTimes {
  let times: Promise<ReadonlyMap<bigint, number>> | undefined
  return () => {
    times ??= clock.times(log, from, signal)
    return times
  }
}

async function timeOf(
  commit: ReadCommit,
  metadata: DeltaMetadata,
  clock: FileTimes,
): Promise<number> {
  const enabled = inCommitTimestamps(metadata.configuration)
  const own = enabled !== undefined && commit.version >= enabled.version
  const timestamp = own ? commit.info?.inCommitTimestamp : undefined
  return timestamp ?? (await clock()).get(commit.version) ?? commit.file.lastModified
}

function chosen(
  files: readonly PendingChange[],
  kind: ChangeRange['kind'],
): readonly PendingChange[] {
  const recorded = files.filter(file => file.action === 'cdc')
  if (kind === 'feed' && recorded.length > 0) return recorded
  return files.filter(file => file.action !== 'cdc' && file.dataChange)
}

function metadataOf(table: TableState): TableMetadata {
  const { files: _, source: __, totals: ___, ...metadata } = snapshotOf(table)
  return metadata
}
