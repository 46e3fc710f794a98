import type { Steps } from '@spillway/core'
import type { CommitLoader } from '../timeline/commit-loader.js'
import type { WriteStat } from '../timeline/commit-metadata.js'
import type { Instant } from '../timeline/instant.js'
import { isLog, parseFileName } from './file-name.js'
import {
  belongsTo,
  FILES_IN_A_STEP,
  type FileSlice,
  type ListedFile,
  type Visibility,
} from './file-slices.js'

/** What completed writes say that a file group has. */
export interface ProvenGroup {
  /** The newest base file that a write of the active timeline made. */
  readonly base?: { readonly instant: string; readonly name: string }
  /** Names of logs, and how long they were at least when their write had finished. */
  readonly logs: ReadonlyMap<string, number>
}

/** What completed writes say, by partition and file group. */
export type ProvenFiles = ReadonlyMap<string, ReadonlyMap<string, ProvenGroup>>

interface Group {
  base?: { readonly instant: string; readonly name: string }
  logs: Map<string, number>
}

/** The logs of groups to which nobody wrote any, which are most. */
const NO_LOGS = new Map<string, number>()

/**
 * The files without which a listing is not the table's: commits name what they wrote, and of a group that nothing
 * replaced no cleaner takes the newest slice. Writes that only a savepoint keeps are older than what tells what became
 * of their files. `writes` are those of the active timeline up to the snapshot's, in the order they completed.
 */
export function* provenFiles(
  writes: readonly Instant[],
  options: {
    readonly commits: CommitLoader
    readonly visibility: Visibility
    /** Begin of the active timeline. */
    readonly start: string | undefined
  },
): Steps<ProvenFiles> {
  const { visibility, start = '' } = options
  const loaded = options.commits.loaded
  const proven = new Map<string, Map<string, Group>>()
  const last = writes.at(-1)
  let seen = 0
  for (const write of writes) {
    const { begin } = write
    if (begin < start) continue
    for (const [partition, stats] of loaded.get(begin)?.writeStats ?? []) {
      let groups = proven.get(partition)
      if (groups === undefined) {
        groups = new Map()
        proven.set(partition, groups)
      }
      for (const stat of stats) {
        if (++seen % FILES_IN_A_STEP === 0) yield
        if (visibility.isReplaced(partition, stat.fileId)) continue
        let group = groups.get(stat.fileId)
        if (group === undefined) {
          group = { logs: NO_LOGS }
          groups.set(stat.fileId, group)
        }
        collect(group, stat, begin, write === last)
      }
    }
  }
  return proven
}

function collect(group: Group, stat: WriteStat, begin: string, isLast: boolean): void {
  const name = nameOf(stat.path)
  if (isLog(stat.path)) {
    addLog(group, name, Math.max(stat.fileSize ?? 1, group.logs.get(name) ?? 1))
  } else if (group.base === undefined || group.base.instant <= begin) {
    group.base = { instant: begin, name }
  }
  // A write lists the logs that it found as well: some are of a write that failed, and gone since.
  if (!isLast) return
  for (const log of stat.logFiles) addLog(group, log, group.logs.get(log) ?? 0)
}

function addLog(group: Group, name: string, bytes: number): void {
  if (group.logs === NO_LOGS) group.logs = new Map()
  group.logs.set(name, bytes)
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** A file that a listing lacks, or has shorter than its write left it. */
export interface MissingFile {
  readonly fileId: string
  readonly name: string
  /** Bytes listed and bytes written, where it is there. */
  readonly cut?: { readonly listed: number; readonly written: number }
}

/** The first proven file of a partition that is not where it must be. */
export function* missingFile(
  proven: ReadonlyMap<string, ProvenGroup>,
  listing: { readonly files: readonly ListedFile[]; readonly slices: readonly FileSlice[] },
  options: { readonly visibility: Visibility; readonly withLogs: boolean },
): Steps<MissingFile | undefined> {
  const sizes = yield* mapOf(listing.files, ({ name, size }) => [name, size])
  const slices = yield* mapOf(listing.slices, slice => [slice.fileId, slice])
  let seen = 0
  for (const [fileId, { base, logs }] of proven) {
    if (++seen % FILES_IN_A_STEP === 0) yield
    const found = slices.get(fileId)?.base
    // A newer slice is from a write that was archived: then what came before it may have been cleaned.
    const isLater = base !== undefined && found !== undefined && found.instant > base.instant
    if (base !== undefined && !isLater && !sizes.has(base.name)) return { fileId, name: base.name }
    if (!options.withLogs) continue
    for (const [name, written] of logs) {
      if (++seen % FILES_IN_A_STEP === 0) yield
      const log = parseFileName(name)
      if (log?.kind !== 'log' || !belongsTo(log, found?.instant, options.visibility)) continue
      const listed = sizes.get(name)
      if (listed === undefined) return { fileId, name }
      if (listed < written) return { fileId, name, cut: { listed, written } }
    }
  }
  return undefined
}

function* mapOf<Item, Value>(
  items: readonly Item[],
  entry: (item: Item) => readonly [string, Value],
): Steps<ReadonlyMap<string, Value>> {
  const map = new Map<string, Value>()
  for (const item of items) {
    const [key, value] = entry(item)
    map.set(key, value)
    if (map.size % FILES_IN_A_STEP === 0) yield
  }
  return map
}

/** `proven` less the groups that `replaced` names. */
export function* withoutReplaced(
  proven: ProvenFiles,
  replaced: (partition: string, fileId: string) => boolean,
): Steps<ProvenFiles> {
  const kept = new Map<string, Map<string, ProvenGroup>>()
  let seen = 0
  for (const [partition, groups] of proven) {
    const left = new Map<string, ProvenGroup>()
    kept.set(partition, left)
    for (const [fileId, group] of groups) {
      if (++seen % FILES_IN_A_STEP === 0) yield
      if (!replaced(partition, fileId)) left.set(fileId, group)
    }
  }
  return kept
}
