import {
  budgetsOf,
  type ChangeRange,
  type ChangeSet,
  type ReadBudgets,
  TableError,
} from '@spillway/core'
import { inOrder } from '../log/in-order.js'
import { refuseEmpty } from '../log/log-segment.js'
import { type Protocol, parseProtocol } from '../schema/features.js'
import { type DeltaMetadata, longMetadata } from '../schema/metadata.js'
import type { LoadContext } from '../snapshot/load-state.js'
import { loadVersion } from '../snapshot/load-version.js'
import type { TableState } from '../snapshot/table-state.js'
import { boundGrant, changeSet, fileTimes } from './change-set.js'
import { type Commit, type ReadCommit, readCommit } from './read-commit.js'

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
