import { isLog } from './base-history.js'
import type { WriteStat } from './commit-metadata.js'
import { parseFileName } from './file-name.js'
import { belongsTo, type FileSlice, type ListedFile, type Visibility } from './file-slices.js'
import type { Instant } from './instant.js'
import type { CommitLoader } from './table-state.js'

/** What completed writes say that a file group has. */
export interface ProvenGroup {
  /** The newest base file that a write of the active timeline made. */
  readonly base?: { readonly instant: string; readonly name: string }
  /** Names of logs, and how long they were at least when their write had finished. */
  readonly logs: ReadonlyMap<string, number>
}

/** By partition and file group. */
export type ProvenFiles = ReadonlyMap<string, ReadonlyMap<string, ProvenGroup>>

interface Group {
  base?: { readonly instant: string; readonly name: string }
  readonly logs: Map<string, number>
}

/**
 * The files without which a listing is not the table's: commits name what they wrote, and of a group that nothing
 * replaced no cleaner takes the newest slice. Writes that only a savepoint keeps are older than what tells what became
 * of their files. `writes` are those of the active timeline up to the snapshot's, in the order they completed.
 */
export function provenFiles(
  writes: readonly Instant[],
  options: {
    readonly commits: CommitLoader
    readonly visibility: Visibility
    /** Begin of the active timeline. */
    readonly start: string | undefined
  },
): ProvenFiles {
  const { visibility, start = '' } = options
  const loaded = options.commits.loaded
  const proven = new Map<string, Map<string, Group>>()
  const last = writes.at(-1)
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
        if (visibility.isReplaced(partition, stat.fileId)) continue
        let group = groups.get(stat.fileId)
        if (group === undefined) {
          group = { logs: new Map() }
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
    group.logs.set(name, Math.max(stat.fileSize ?? 1, group.logs.get(name) ?? 1))
  } else if (group.base === undefined || group.base.instant <= begin) {
    group.base = { instant: begin, name }
  }
  // A write lists the logs that it found as well: some are of a write that failed, and gone since.
  if (!isLast) return
  for (const log of stat.logFiles) group.logs.set(log, group.logs.get(log) ?? 0)
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
export function missingFile(
  proven: ReadonlyMap<string, ProvenGroup>,
  listing: { readonly files: readonly ListedFile[]; readonly slices: readonly FileSlice[] },
  options: { readonly visibility: Visibility; readonly withLogs: boolean },
): MissingFile | undefined {
  const sizes = new Map(listing.files.map(({ name, size }) => [name, size]))
  const slices = new Map(listing.slices.map(slice => [slice.fileId, slice]))
  for (const [fileId, { base, logs }] of proven) {
    const found = slices.get(fileId)?.base
    // A newer slice is from a write that was archived: then what came before it may have been cleaned.
    const isLater = base !== undefined && found !== undefined && found.instant > base.instant
    if (base !== undefined && !isLater && !sizes.has(base.name)) return { fileId, name: base.name }
    if (!options.withLogs) continue
    for (const [name, written] of logs) {
      const log = parseFileName(name)
      if (log?.kind !== 'log' || !belongsTo(log, found?.instant, options.visibility)) continue
      const listed = sizes.get(name)
      if (listed === undefined) return { fileId, name }
      if (listed < written) return { fileId, name, cut: { listed, written } }
    }
  }
  return undefined
}

/** `proven` less the groups that `replaced` names. */
export function withoutReplaced(
  proven: ProvenFiles,
  replaced: (partition: string, fileId: string) => boolean,
): ProvenFiles {
  return new Map(
    [...proven].map(([partition, groups]) => [
      partition,
      new Map([...groups].filter(([fileId]) => !replaced(partition, fileId))),
    ]),
  )
}
