import {
  budgetsOf,
  type ChangeRange,
  type ChangeSet,
  type DataFile,
  type FilePartition,
  mapConcurrently,
  type ObjectMeta,
  type ReadBudgets,
  Slices,
  TableError,
  type TableMetadata,
} from '@spillway/core'
import type { ActionSink, CommitInfo, FileAction } from '../actions/actions.js'
import { LogFileReader } from '../actions/read-log.js'
import type { FileContext } from '../files/live-files.js'
import { inCommitTimestamps } from '../log/in-commit-timestamp.js'
import { inOrder } from '../log/in-order.js'
import { refuseEmpty } from '../log/log-segment.js'
import { type Protocol, parseProtocol } from '../schema/features.js'
import { type DeltaMetadata, longMetadata } from '../schema/metadata.js'
import type { LoadContext } from '../snapshot/load-state.js'
import { loadVersion } from '../snapshot/load-version.js'
import { snapshotOf, type TableState } from '../snapshot/table-state.js'
import { type ActionFile, actionFile } from './action-file.js'

const CONCURRENT_COMMITS = 2

/**
 * What each version of the range changed, oldest first. PROTOCOL.md, "Add CDC File": where a version recorded change
 * files they alone are its changes; elsewhere its adds and removes are, unless they only moved data. An add and a
 * remove of one file with different vectors come as both: their difference is the change.
 */
export async function* readChanges(
  context: LoadContext,
  range: ChangeRange,
): AsyncGenerator<ChangeSet> {
  const commits = await commitsOf(context, range)
  if (commits.length === 0) return
  const { startVersion } = range
  let table: TableState = await loadVersion(context, startVersion)
  let isFirst = true
  const clock = fileTimes(context, startVersion)
  const grant = boundGrant(range)
  const read = async (commit: Commit) => readCommit(context, commit)
  for await (const commit of inOrder(commits, CONCURRENT_COMMITS, read)) {
    const next = isFirst ? table : await withDocuments(table, commit, budgetsOf(context.log.store))
    const changed = isFirst || next !== table
    checkPartitioning(table.metadata, next.metadata, commit)
    table = next
    checkFeed(table.metadata, range, commit.version)
    yield await changeSet(context, commit, range, { table, changed, clock, grant })
    isFirst = false
  }
}

interface Commit {
  readonly version: bigint
  readonly file: ObjectMeta
}

/** The commits of the range, all of which must still be there. An end beyond the latest version means the latest. */
async function commitsOf(
  { log, signal }: LoadContext,
  { startVersion, endVersion }: ChangeRange,
): Promise<readonly Commit[]> {
  if (endVersion < startVersion || startVersion < 0n) {
    throw unavailable(log.folder, `a range from ${startVersion} to ${endVersion} is empty`)
  }
  const listing = await log.list(startVersion, signal)
  const commits = listing.commits.filter(
    ({ version }) => version >= startVersion && version <= endVersion,
  )
  const latest = listing.commits.at(-1)?.version
  if (latest === undefined || latest < startVersion) {
    throw unavailable(log.folder, `version ${startVersion} is after the latest version`)
  }
  commits.forEach(({ version }, i) => {
    const expected = startVersion + BigInt(i)
    if (version === expected) return
    throw unavailable(log.folder, `the commit of version ${expected} is no longer there`)
  })
  if (commits.length === 0) {
    throw unavailable(log.folder, `the commit of version ${startVersion} is no longer there`)
  }
  refuseEmpty(commits)
  return commits
}

function unavailable(path: string, reason: string): TableError {
  return new TableError('INVALID_REQUEST', `these changes are not available: ${reason}`, {
    context: { path },
  })
}

interface ReadCommit extends Commit {
  readonly info: CommitInfo | undefined
  readonly protocolJson: string | undefined
  readonly metadataJson: string | undefined
  /** Built once the metadata in force is known. */
  readonly files: readonly PendingChange[]
}

interface PendingChange extends ActionFile {
  readonly action: 'add' | 'remove' | 'cdc'
  readonly dataChange: boolean
  /** Not every remove says. */
  readonly hasSize: boolean
  /** Of a remove that says its partition, in lower case. */
  readonly partitionKeys: ReadonlySet<string> | undefined
}

async function readCommit(context: LoadContext, commit: Commit): Promise<ReadCommit> {
  const collected: {
    info: CommitInfo | undefined
    protocolJson: string | undefined
    metadataJson: string | undefined
  } = { info: undefined, protocolJson: undefined, metadataJson: undefined }
  const files: PendingChange[] = []
  const sink: ActionSink = {
    file: (action: FileAction) => {
      const { kind, dataChange, size } = action
      const partitionKeys = kind === 'remove' ? keysOf(action) : undefined
      const file = actionFile(action)
      files.push({ action: kind, dataChange, hasSize: size >= 0, partitionKeys, ...file })
    },
    commitInfo: info => {
      collected.info = info
    },
    protocol: json => {
      collected.protocolJson = json
    },
    metadata: json => {
      collected.metadataJson = json
    },
  }
  await new LogFileReader(context.log.store, { signal: context.signal }).read(commit.file, sink)
  return { ...commit, ...collected, files }
}

function keysOf(action: FileAction): ReadonlySet<string> | undefined {
  if (!action.hasPartitionValues) return undefined
  const names = action.partitionNames.slice(0, action.partitionCount)
  return new Set(names.map(name => name.toLowerCase()))
}

/** The table after a commit that changed its protocol or metadata; the same object after any other. */
async function withDocuments(
  table: TableState,
  commit: ReadCommit,
  budgets: ReadBudgets,
): Promise<TableState> {
  const protocolJson = commit.protocolJson ?? table.protocolJson
  const metadataJson = commit.metadataJson ?? table.metadataJson
  if (protocolJson === table.protocolJson && metadataJson === table.metadataJson) return table
  const protocol: Protocol = parseProtocol(protocolJson)
  const metadata: DeltaMetadata = await longMetadata(metadataJson, protocol, budgets)
  return { ...table, protocol, protocolJson, metadata, metadataJson }
}

/**
 * Values of a partition stand in the log, those of other columns in the files: across a change of which is which, neither
 * place has them all. The files that such a version removed are of the time before.
 */
function checkPartitioning(
  before: DeltaMetadata,
  { partitionNames }: DeltaMetadata,
  { version, metadataJson, files }: ReadCommit,
): void {
  if (metadataJson === undefined) return
  const isSame = isSameSet(before.partitionNames, partitionNames)
  const names = new Set([...partitionNames].map(name => name.toLowerCase()))
  const isFitting = files.every(
    ({ partitionKeys }) => partitionKeys === undefined || isSameSet(partitionKeys, names),
  )
  if (isSame && isFitting) return
  throw new TableError(
    'INVALID_REQUEST',
    `these changes are not available: version ${version} changed what the table is partitioned by; ask for the changes before it, or after it`,
    { context: { version } },
  )
}

function isSameSet(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every(each => b.has(each))
}

/** The feed must have been on in every version: where it was off, what changed was not kept. */
function checkFeed(metadata: DeltaMetadata, range: ChangeRange, version: bigint): void {
  if (range.kind !== 'feed') return
  if (metadata.configuration.get('delta.enableChangeDataFeed')?.toLowerCase() === 'true') return
  throw new TableError(
    'INVALID_REQUEST',
    `the change data feed is not enabled in version ${version}: the table property delta.enableChangeDataFeed is not true`,
    { context: { version } },
  )
}

async function changeSet(
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
    ...(tableMetadata === undefined ? {} : { metadata: tableMetadata }),
    changes,
  }
}

type IsGranted = (file: FilePartition) => boolean
type BoundGrant = (metadata: TableMetadata | undefined) => IsGranted | undefined

/** The grant of a range by the metadata in force: bound anew by each that is told. */
function boundGrant({ grantBy }: ChangeRange): BoundGrant {
  let isGranted: IsGranted | undefined
  return metadata => {
    if (metadata !== undefined) isGranted = grantBy?.(metadata)
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

type FileTimes = () => Promise<ReadonlyMap<bigint, number>>

/** Times of commits by their files, asked for by the first commit that has none of its own. */
function fileTimes({ clock, log, signal }: LoadContext, from: bigint): FileTimes {
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
