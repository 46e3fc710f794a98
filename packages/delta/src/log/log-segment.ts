import { type ObjectMeta, TableError } from '@spillway/core'
import { fileTimeOf } from './file-times.js'
import { nameOf, parseLogName } from './log-path.js'

/** A complete checkpoint: one file, or all parts of one. */
export interface CheckpointFiles {
  readonly version: bigint
  readonly encoding: 'parquet' | 'json'
  readonly files: readonly ObjectMeta[]
}

/** Everything of a log that a listing showed and a reader may use. */
export interface LogListing {
  /** Ascending. */
  readonly commits: readonly { readonly version: bigint; readonly file: ObjectMeta }[]
  /** Complete ones, ascending by version, the preferred one of a version last. */
  readonly checkpoints: readonly CheckpointFiles[]
  readonly checksums: ReadonlyMap<bigint, ObjectMeta>
  /** Versions of checkpoints of which parts are missing. */
  readonly incomplete: readonly bigint[]
}

/** What to read for one version: a checkpoint, if any, and the commits after it, oldest first. */
export interface LogSegment {
  readonly version: bigint
  readonly checkpoint?: CheckpointFiles | undefined
  readonly commits: readonly { readonly version: bigint; readonly file: ObjectMeta }[]
  /** The commit file of `version` itself, which may be gone under a checkpoint. */
  readonly lastCommit?: ObjectMeta | undefined
  /** When its file says it was made, after what the listing shows before it. */
  readonly fileTime?: number | undefined
  readonly checksum?: ObjectMeta | undefined
}

/** Sorts the names of a log. Compacted commits are left aside: the commits they repeat are there as well. */
export function readListing(objects: Iterable<ObjectMeta>): LogListing {
  const commits: { version: bigint; file: ObjectMeta }[] = []
  const checkpoints: CheckpointFiles[] = []
  const parts = new Map<string, ObjectMeta[]>()
  const checksums = new Map<bigint, ObjectMeta>()
  for (const file of objects) {
    const name = parseLogName(nameOf(file.path))
    if (name === undefined) continue
    const { version } = name
    if (name.kind === 'commit') commits.push({ version, file })
    else if (name.kind === 'checksum') checksums.set(version, file)
    else if (file.size === 0) continue
    else if (name.kind === 'checkpoint')
      checkpoints.push({ version, encoding: 'parquet', files: [file] })
    else if (name.kind === 'checkpoint-v2') {
      checkpoints.push({ version, encoding: name.encoding, files: [file] })
    } else if (name.kind === 'checkpoint-part') collectPart(parts, checkpoints, name, file)
  }
  commits.sort((a, b) => compare(a.version, b.version))
  checkpoints.sort((a, b) => compare(a.version, b.version) || preference(a) - preference(b))
  const complete = new Set(checkpoints.map(checkpoint => checkpoint.version))
  const incomplete = [...parts.values()]
    .map(files => parseLogName(nameOf(files[0]!.path))!.version)
    .filter(version => !complete.has(version))
  return { commits, checkpoints, checksums, incomplete }
}

/** A multi-part checkpoint counts once its last part is seen: before that it does not exist. */
function collectPart(
  parts: Map<string, ObjectMeta[]>,
  checkpoints: CheckpointFiles[],
  name: { readonly version: bigint; readonly part: number; readonly parts: number },
  file: ObjectMeta,
): void {
  if (name.part < 1 || name.part > name.parts) return
  const key = `${name.version}.${name.parts}`
  const files = parts.get(key) ?? []
  files.push(file)
  parts.set(key, files)
  if (files.length === name.parts) {
    checkpoints.push({ version: name.version, encoding: 'parquet', files })
  }
}

/** Higher is better: one Parquet file, then parts, then JSON. */
function preference(checkpoint: CheckpointFiles): number {
  if (checkpoint.encoding === 'json') return 0
  return checkpoint.files.length > 1 ? 1 : 2
}

function compare(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The newest version that a listing shows. */
export function latestVersion(listing: LogListing): bigint | undefined {
  const commit = listing.commits.at(-1)?.version
  const checkpoint = listing.checkpoints.at(-1)?.version
  if (commit === undefined) return checkpoint
  return checkpoint !== undefined && checkpoint > commit ? checkpoint : commit
}

/** The oldest version that can still be built. */
export function earliestVersion(listing: LogListing): bigint | undefined {
  if (listing.commits[0]?.version === 0n) return 0n
  return listing.checkpoints[0]?.version
}

/** Commits of versions from the earliest on. */
export function reachableCommits(listing: LogListing): LogListing['commits'] {
  const earliest = earliestVersion(listing)
  return listing.commits.filter(({ version }) => earliest !== undefined && version >= earliest)
}

/** True where a checkpoint, or the beginning, and every commit since are still there. */
export function isAvailable(listing: LogListing, version: bigint): boolean {
  const base = listing.checkpoints.findLast(found => found.version <= version)?.version ?? -1n
  const since = listing.commits.filter(found => found.version > base && found.version <= version)
  return BigInt(since.length) === version - base
}

/** Which versions after one that a cleanup made unreachable are still there, in words. */
export function availableAfter(listing: LogListing, version: bigint): string {
  const next = listing.checkpoints.find(found => found.version > version)?.version
  if (next === undefined) return 'its commits are no longer there'
  const isEarliest = version < (earliestVersion(listing) ?? 0n)
  return isEarliest
    ? `the earliest version that is still there is ${next}`
    : `the first version after it that is still there is ${next}`
}

/** What to read for `version`, or an error that says what is missing. PROTOCOL.md, "Reader Requirements". */
export function chooseSegment(listing: LogListing, version: bigint, folder: string): LogSegment {
  const newest = listing.checkpoints.findLast(found => found.version <= version)
  const checkpoint = newest && isCheaper(newest, listing) ? newest : undefined
  const base = checkpoint?.version ?? -1n
  const commits = listing.commits.filter(found => found.version > base && found.version <= version)
  const { incomplete } = listing
  checkContiguous(commits, base, { version, folder, incomplete })
  refuseEmpty(commits)
  const lastCommit = listing.commits.find(found => found.version === version)?.file
  const checksum = listing.checksums.get(version)
  const fileTime = fileTimeOf(reachableCommits(listing), version)
  return {
    version,
    commits,
    checkpoint,
    lastCommit,
    fileTime,
    checksum,
  }
}

const SMALL_LOG_BYTES = 4 * 1024 * 1024

/**
 * False for a checkpoint in parts, as many as the commits it replaces, all of them still there and small: they cost
 * no more requests, and their statistics come with them.
 */
function isCheaper(checkpoint: CheckpointFiles, listing: LogListing): boolean {
  const replaced = listing.commits.filter(commit => commit.version <= checkpoint.version)
  const isWhole = replaced.length > 0 && BigInt(replaced.length) === checkpoint.version + 1n
  const { length } = checkpoint.files
  if (!isWhole || length === 1 || replaced.length > length) return true
  return replaced.reduce((bytes, { file }) => bytes + file.size, 0) > SMALL_LOG_BYTES
}

function checkContiguous(
  commits: readonly { readonly version: bigint }[],
  base: bigint,
  target: {
    readonly version: bigint
    readonly folder: string
    readonly incomplete: readonly bigint[]
  },
): void {
  const { version, folder } = target
  let next = base + 1n
  for (const found of [...commits.map(commit => commit.version), version + 1n]) {
    if (found !== next) {
      const goesOn = found > version ? '' : `, which goes on with ${found}`
      const partial = target.incomplete.findLast(checkpoint => checkpoint <= version)
      const hint = partial === undefined ? '' : `; the checkpoint of version ${partial} lacks parts`
      throw new TableError(
        'TABLE_CORRUPT',
        `commit ${next} is missing from the log${goesOn}: version ${version} cannot be built${hint}`,
        { context: { path: folder, version: next } },
      )
    }
    next++
  }
}

/** Writers put at least one action into a commit: of an empty one the bytes never reached the disk, or left it. */
export function refuseEmpty(commits: LogListing['commits']): void {
  const empty = commits.find(({ file }) => file.size === 0)
  if (empty === undefined) return
  const { version, file } = empty
  throw new TableError('TABLE_CORRUPT', `commit ${version} is empty: what it did is lost`, {
    context: { path: file.path, version },
  })
}

/** What leads from `known` to `version` or the latest. `listing` starts at what is known. */
export function chooseNext(
  listing: LogListing,
  known: { readonly version: bigint; readonly timestamp: number },
  target: { readonly version: bigint | undefined; readonly folder: string },
): LogSegment {
  const base = known.version
  const version = target.version ?? latestVersion(listing) ?? base
  const commits = listing.commits.filter(found => found.version > base && found.version <= version)
  const { incomplete } = listing
  checkContiguous(commits, base, { version, folder: target.folder, incomplete })
  refuseEmpty(commits)
  const lastCommit = listing.commits.find(found => found.version === version)?.file
  const checksum = listing.checksums.get(version)
  const fileTime = fileTimeOf(commits, version, known.timestamp + 1)
  return {
    version,
    commits,
    fileTime,
    lastCommit,
    checksum,
  }
}
