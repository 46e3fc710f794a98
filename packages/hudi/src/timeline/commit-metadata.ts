import { inSlices, type ReadBudgets, type Steps } from '@spillway/core'
import {
  badInstant,
  entriesOf,
  listOf,
  namesOf,
  readTimelineDocument,
  textOf,
} from './timeline-document.js'

/** What one commit says about one file it wrote. */
export interface WriteStat {
  readonly fileId: string
  /** Relative to the table. */
  readonly path: string
  /** File names of the log files of a delta write. */
  readonly logFiles: readonly string[]
  /** Bytes of the file; of a log, at least those that this write put there. */
  readonly fileSize: number | undefined
  /** Base instant of the slice that was written to; absent for a new file group. */
  readonly prevCommit: string | undefined
  readonly numWrites: number | undefined
  readonly numDeletes: number | undefined
  readonly numUpdates: number | undefined
  readonly numInserts: number | undefined
  readonly hasCdc: boolean
}

/** The body of a completed commit, delta commit or replace commit. */
export interface CommitMetadata {
  readonly operationType: string | undefined
  /** Avro schema of the table, without meta fields. */
  readonly schema: string | undefined
  /** The InternalSchema document, where schema-on-read evolution is on. */
  readonly latestSchema: string | undefined
  readonly writeStats: ReadonlyMap<string, readonly WriteStat[]>
  readonly replaced: ReadonlyMap<string, readonly string[]>
}

/** The entry of a replace commit that names the file groups it replaced. */
export const REPLACED = 'partitionToReplaceFileIds'

/** JSON in layout 1, an Avro container in layout 2; an empty file says nothing. */
export async function readCommitMetadata(
  bytes: Uint8Array,
  path: string,
  budgets?: ReadBudgets,
): Promise<CommitMetadata> {
  return commitMetadataOf(await readTimelineDocument(bytes, path, budgets), path)
}

/** What a document of the timeline says of a commit, in slices: one commit may have written all files of a table. */
export function commitMetadataOf(
  document: ReadonlyMap<string, unknown>,
  path: string,
): Promise<CommitMetadata> {
  return inSlices(commitInSteps(document, path))
}

function* commitInSteps(
  document: ReadonlyMap<string, unknown>,
  path: string,
): Steps<CommitMetadata> {
  const extra = entriesOf(document.get('extraMetadata'), path)
  return {
    operationType: textOf(document.get('operationType')),
    schema: textOf(extra.get('schema')),
    latestSchema: textOf(extra.get('latest_schema')),
    writeStats: yield* writeStatsOf(document.get('partitionToWriteStats'), path),
    replaced: replacedOf(document.get(REPLACED), path),
  }
}

/** Files that are looked at at once: about a millisecond. */
const FILES_IN_A_STEP = 256

function* writeStatsOf(
  value: unknown,
  path: string,
): Steps<ReadonlyMap<string, readonly WriteStat[]>> {
  const stats = new Map<string, readonly WriteStat[]>()
  let seen = 0
  for (const [partition, list] of entriesOf(value, path)) {
    const written: WriteStat[] = []
    for (const stat of listOf(list, path)) {
      const found = writeStatOf(membersOf(stat, path), path)
      if (found !== undefined) written.push(found)
      if (++seen % FILES_IN_A_STEP === 0) yield
    }
    stats.set(partition, written)
  }
  return stats
}

type Members = (name: string) => unknown

/** What `entriesOf` says, without a map for each of hundreds of thousands. */
function membersOf(value: unknown, path: string): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Map) {
    const entries = entriesOf(value, path)
    return name => entries.get(name)
  }
  const members = value as Readonly<Record<string, unknown>>
  return name => (Object.hasOwn(members, name) ? members[name] : undefined)
}

/** A task that had nothing to write leaves a statistic without a file. */
function writeStatOf(stat: Members, instant: string): WriteStat | undefined {
  const fileId = nameOf(stat('fileId'), instant)
  const file = nameOf(stat('path'), instant)
  if (fileId === undefined || file === undefined) return undefined
  return {
    fileId,
    path: file,
    logFiles: namesOf(stat('logFiles'), instant),
    fileSize: countOf(stat('fileSizeInBytes')),
    prevCommit: instantOf(stat('prevCommit')),
    numWrites: countOf(stat('numWrites')),
    numDeletes: countOf(stat('numDeletes')),
    numUpdates: countOf(stat('numUpdateWrites')),
    numInserts: countOf(stat('numInserts')),
    hasCdc: entriesOf(stat('cdcStats'), file).size > 0,
  }
}

function nameOf(value: unknown, path: string): string | undefined {
  if (value === null || value === undefined || typeof value === 'string') return textOf(value)
  throw badInstant(path, `expected a name, found ${typeof value}`)
}

/** Hudi writes the text `null` where there is none. */
function instantOf(value: unknown): string | undefined {
  return typeof value === 'string' && /^\d+$/.test(value) ? value : undefined
}

function countOf(value: unknown): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const count = Number(value)
  return Number.isSafeInteger(count) && count >= 0 ? count : undefined
}

function replacedOf(value: unknown, path: string): ReadonlyMap<string, readonly string[]> {
  const replaced = new Map<string, readonly string[]>()
  for (const [partition, ids] of entriesOf(value, path)) {
    replaced.set(partition, namesOf(ids, path))
  }
  return replaced
}
