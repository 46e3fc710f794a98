import { type Steps, sorted, TableError } from '@spillway/core'
import { compareText } from '../timeline/timeline.js'
import { type BaseFileName, isExternalFile, type LogFileName, parseFileName } from './file-name.js'

export interface ListedFile {
  readonly name: string
  readonly size: number
}

/** A file of the table that was bootstrapped: it has the rows of one skeleton, in the skeleton's order. */
export interface SourceFile {
  readonly path: string
  readonly size: number
}

/** The latest version of a file group: a base file and the logs over it, or logs alone. */
export interface FileSlice {
  readonly fileId: string
  readonly base: (BaseFileName & ListedFile) | undefined
  readonly logs: readonly (LogFileName & ListedFile)[]
  /** The file that has the rows of a base file which is a skeleton, left by a bootstrap. */
  readonly source?: SourceFile
}

/** What the timeline says, at one instant, about the files a partition lists. */
export interface Visibility {
  /** Logs carry the instant of the slice they belong to (to version 6), or their own. */
  readonly logNames: 'slice' | 'own'
  /** When a write became visible; undefined when it has not, or only after the instant asked for. */
  completionOf(instant: string): string | undefined
  /** A compaction that has not completed: logs named after it hold rows of the slices before. */
  isCompacting(instant: string): boolean
  isReplaced(partition: string, fileId: string): boolean
  /** Which of several files of one write the commit names, after task retries. */
  named?(partition: string, instant: string, names: readonly string[]): string | undefined
}

interface Group {
  readonly bases: (BaseFileName & ListedFile)[]
  readonly logs: (LogFileName & ListedFile)[]
}

/** Files, or groups of files, that are looked at at once: some tenths of a millisecond. */
export const FILES_IN_A_STEP = 256

/** The live slice of each file group of one partition, in the order of file ids. */
export function* latestSlices(
  partition: string,
  files: Iterable<ListedFile>,
  visibility: Visibility,
): Steps<readonly FileSlice[]> {
  const slices: FileSlice[] = []
  let seen = 0
  for (const [fileId, group] of yield* groupFiles(partition, files)) {
    if (++seen % FILES_IN_A_STEP === 0) yield
    if (visibility.isReplaced(partition, fileId)) continue
    const slice = yield* sliceOf(partition, fileId, group, visibility)
    if (slice !== undefined) slices.push(slice)
  }
  return yield* sorted(slices, (a, b) => compareText(a.fileId, b.fileId))
}

function* groupFiles(
  partition: string,
  files: Iterable<ListedFile>,
): Steps<ReadonlyMap<string, Group>> {
  const groups = new Map<string, Group>()
  let seen = 0
  for (const file of files) {
    if (++seen % FILES_IN_A_STEP === 0) yield
    const name = parseFileName(file.name)
    if (name === undefined) {
      refuseExternal(partition, file.name)
      continue
    }
    let group = groups.get(name.fileId)
    if (group === undefined) {
      group = { bases: [], logs: [] }
      groups.set(name.fileId, group)
    }
    if (name.kind === 'base') group.bases.push({ ...name, ...file })
    else group.logs.push({ ...name, ...file })
  }
  return groups
}

function refuseExternal(partition: string, name: string): void {
  if (!isExternalFile(name)) return
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `${partition}/${name} is an external file that was registered with the table`,
    { context: { path: `${partition}/${name}` } },
  )
}

function* sliceOf(
  partition: string,
  fileId: string,
  group: Group,
  visibility: Visibility,
): Steps<FileSlice | undefined> {
  const base = latestBase(partition, group.bases, visibility)
  const live = group.logs.filter(log => belongsTo(log, base?.instant, visibility))
  const logs = live.length < 2 ? live : yield* sorted(live, compareLogs)
  return base === undefined && logs.length === 0 ? undefined : { fileId, base, logs }
}

/** True where a log is part of the live slice that has the base file of this instant, or none. */
export function belongsTo(
  log: LogFileName,
  base: string | undefined,
  visibility: Visibility,
): boolean {
  return visibility.logNames === 'own'
    ? isOverBase(log, base, visibility)
    : isOfSlice(log, base, visibility)
}

function latestBase(
  partition: string,
  bases: readonly (BaseFileName & ListedFile)[],
  visibility: Visibility,
): (BaseFileName & ListedFile) | undefined {
  let latest: (BaseFileName & ListedFile)[] = []
  for (const base of bases) {
    if (visibility.completionOf(base.instant) === undefined) continue
    const order = latest.length === 0 ? 1 : compareText(base.instant, latest[0]!.instant)
    if (order > 0) latest = [base]
    else if (order === 0) latest.push(base)
  }
  if (latest.length < 2) return latest[0]
  const names = latest.map(base => base.name)
  const named = visibility.named?.(partition, latest[0]!.instant, names)
  const chosen = latest.find(base => base.name === named)
  if (chosen !== undefined) return chosen
  throw new TableError(
    'TABLE_CORRUPT',
    `instant ${latest[0]!.instant} wrote ${names.join(' and ')}, and its commit does not say which counts`,
    { context: { path: `${partition}/${names[0]}` } },
  )
}

/**
 * Version 8 and on: a log belongs to the last slice whose base instant is not after its completion, so the latest
 * slice has the logs that completed at or after its base began.
 */
function isOverBase(log: LogFileName, base: string | undefined, visibility: Visibility): boolean {
  const completion = visibility.completionOf(log.instant)
  return completion !== undefined && (base === undefined || completion >= base)
}

/**
 * To version 6: logs are named after their slice. A pending compaction opens the next slice early, so logs named
 * after it come on top of the latest base as well.
 */
function isOfSlice(log: LogFileName, base: string | undefined, visibility: Visibility): boolean {
  if (base !== undefined && log.instant <= base) return log.instant === base
  return visibility.completionOf(log.instant) !== undefined || visibility.isCompacting(log.instant)
}

/** The order logs are replayed in: instant, version, write token. */
function compareLogs(a: LogFileName, b: LogFileName): number {
  return (
    compareText(a.instant, b.instant) ||
    a.version - b.version ||
    compareText(a.writeToken, b.writeToken)
  )
}
