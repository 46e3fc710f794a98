import {
  budgetsOf,
  type ObjectMeta,
  readListed,
  type TableSource,
  throwIfCancelled,
} from '@spillway/core'
import { LogFileReader } from '../actions/read-log.js'
import { type OpenCheckpoint, openCheckpoint } from '../checkpoint/checkpoint.js'
import { CheckpointHandle } from '../checkpoint/checkpoint-handle.js'
import type { PartContext } from '../checkpoint/checkpoint-part.js'
import { requirePartitionValues } from '../checkpoint/require-adds.js'
import type { CommitClock } from '../log/commit-clock.js'
import { CommitReplay, type CommitRun, foldRuns, subtract } from '../log/commit-replay.js'
import type { DeltaLog } from '../log/delta-log.js'
import { commitTimestamp } from '../log/in-commit-timestamp.js'
import { inOrder } from '../log/in-order.js'
import type { CheckpointFiles, LogSegment } from '../log/log-segment.js'
import { parseProtocol } from '../schema/features.js'
import { longMetadata } from '../schema/metadata.js'
import { possibleTotals, readChecksum, type VersionTotals } from './checksum.js'
import { requireDocuments, type TableState, totalsOf } from './table-state.js'
import { asTorn } from './torn-checkpoint.js'

/** What loading any version of one table takes, for one caller. */
export interface LoadContext extends PartContext {
  readonly log: DeltaLog
  readonly clock: CommitClock
  readonly source: TableSource
  readonly signal: AbortSignal | undefined
}

const CONCURRENT_COMMITS = 16
/** Longer commits are read in ranges, when their turn has come. */
const PREFETCH_BYTES = 8 * 1024 * 1024

/** Builds what a segment says: the checkpoint opened, the commits after it replayed. */
export async function loadState(context: LoadContext, segment: LogSegment): Promise<TableState> {
  const { source, log } = context
  // Asked beside the rest: no plan waits for it.
  const said = segment.checkpoint && readChecksum(log.store, segment.checksum, context.signal)
  const [checkpoint, replay] = await Promise.all([
    segment.checkpoint && openedOrTorn(segment.checkpoint, context),
    replayCommits(
      context,
      segment.commits.map(commit => commit.file),
    ),
  ])
  const documents = orTorn(segment.checkpoint, () =>
    requireDocuments(
      {
        protocolJson: replay.protocolJson ?? checkpoint?.protocolJson,
        metadataJson: replay.metadataJson ?? checkpoint?.metadataJson,
      },
      segment.version,
      log.folder,
    ),
  )
  const protocol = parseProtocol(documents.protocolJson)
  const metadata = await longMetadata(documents.metadataJson, protocol, budgetsOf(log.store))
  const runs = [...(await olderRuns(checkpoint, replay)), ...(await replay.finish())]
  orTorn(segment.checkpoint, () =>
    requirePartitionValues(
      new Set((checkpoint?.parts ?? []).map(({ slice }) => slice.source)),
      metadata.partitionFields,
    ),
  )
  const handles = (checkpoint?.parts ?? []).map(
    part => new CheckpointHandle(part, { source, metadata }, [replay.keys]),
  )
  const state = {
    source,
    version: segment.version,
    protocol,
    metadata,
    ...documents,
    checkpointVersion: checkpoint?.version,
    handles,
    runs,
    passedOver: undefined,
    lastCommit: segment.lastCommit,
    namedSinceCheckpoint: replay.keys.size,
  }
  return finishState(context, { ...segment, said }, replay, state)
}

async function openedOrTorn(
  checkpoint: CheckpointFiles,
  context: LoadContext,
): Promise<OpenCheckpoint> {
  try {
    return await openCheckpoint(context, context.source, checkpoint, context.signal)
  } catch (error) {
    throw asTorn(checkpoint, error)
  }
}

function orTorn<T>(checkpoint: CheckpointFiles | undefined, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw checkpoint === undefined ? error : asTorn(checkpoint, error)
  }
}

type Unfinished = Omit<TableState, 'timestamp' | 'totals'>

async function finishState(
  context: LoadContext,
  segment: Pick<LogSegment, 'version' | 'lastCommit' | 'fileTime' | 'commits' | 'checkpoint'> & {
    readonly said: Promise<VersionTotals | undefined> | undefined
  },
  replay: CommitReplay,
  state: Unfinished,
): Promise<TableState> {
  const { configuration } = state.metadata
  const timestamp = await commitTimestamp(context.log, configuration, {
    version: segment.version,
    file: segment.lastCommit,
    fileTime: segment.fileTime,
    info: segment.commits.length > 0 ? replay.info : undefined,
    fallback: segment.checkpoint?.files[0]?.lastModified ?? 0,
    signal: context.signal,
  })
  const own = totalsOf(state.handles, state.runs)
  const totals = own ?? possibleTotals(await segment.said, possibleFiles(state))
  return { ...state, timestamp, totals }
}

/** How many files the log itself leaves possible. */
function possibleFiles(state: Unfinished): { readonly least: number; readonly most: number } {
  const stored = sum(state.handles.map(handle => handle.part.maxFiles))
  const exact = state.handles.every(handle => handle.part.exactFiles)
  const added = sum(state.runs.map(run => run.live.length))
  const least = added + (exact ? Math.max(0, stored - state.namedSinceCheckpoint) : 0)
  return { least, most: stored + added }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function olderRuns(
  checkpoint: OpenCheckpoint | undefined,
  replay: CommitReplay,
): Promise<CommitRun[]> {
  return subtractFrom(checkpoint?.runs ?? [], replay)
}

async function subtractFrom(
  runs: readonly CommitRun[],
  replay: CommitReplay,
): Promise<CommitRun[]> {
  const left: CommitRun[] = []
  for (const { batch, live } of runs) {
    const kept = await subtract(batch, live, replay.keys)
    if (kept.length > 0) left.push({ batch, live: kept })
  }
  return left
}

/**
 * The next version from the one before: the cost of its new commits. Undefined where that is not possible or not worth
 * while: the table was replaced, or a newer checkpoint is there and most of ours is dead.
 */
export async function advanceState(
  context: LoadContext,
  previous: TableState,
  segment: LogSegment,
): Promise<TableState | undefined> {
  const { source } = context
  const commits = segment.commits.filter(commit => commit.version > previous.version)
  const needsTotals = previous.handles.length > 0
  const said = needsTotals
    ? readChecksum(context.log.store, segment.checksum, context.signal)
    : undefined
  const replay = await replayCommits(
    context,
    commits.map(commit => commit.file),
  )
  const protocolJson = replay.protocolJson ?? previous.protocolJson
  const metadataJson = replay.metadataJson ?? previous.metadataJson
  const changed = replay.protocolJson !== undefined || replay.metadataJson !== undefined
  const protocol = changed ? parseProtocol(protocolJson) : previous.protocol
  const budgets = budgetsOf(context.log.store)
  const metadata = changed ? await longMetadata(metadataJson, protocol, budgets) : previous.metadata
  if (metadata.id !== previous.metadata.id) return undefined
  const older = await subtractFrom(previous.runs, replay)
  const runs = await foldRuns(context.location, older, await replay.finish())
  const handles = previous.handles.map(handle => handle.after(replay.keys, { source, metadata }))
  return finishState(context, { ...segment, commits, said }, replay, {
    source,
    version: segment.version,
    protocol,
    protocolJson,
    metadata,
    metadataJson,
    checkpointVersion: previous.checkpointVersion,
    passedOver: previous.passedOver,
    handles,
    runs,
    lastCommit: segment.lastCommit,
    namedSinceCheckpoint: previous.namedSinceCheckpoint + replay.keys.size,
  })
}

async function replayCommits(
  context: LoadContext,
  files: readonly ObjectMeta[],
): Promise<CommitReplay> {
  const { log, signal, location } = context
  const replay = new CommitReplay(location)
  const reader = new LogFileReader(log.store, { signal })
  const fetch = async (file: ObjectMeta) => {
    const ahead = file.size <= PREFETCH_BYTES
    return { file, bytes: ahead ? await readListed(log.store, file, { signal }) : undefined }
  }
  for await (const { file, bytes } of inOrder(files, CONCURRENT_COMMITS, fetch)) {
    throwIfCancelled(signal)
    replay.info = undefined
    await reader.read(file, replay, bytes)
  }
  return replay
}
