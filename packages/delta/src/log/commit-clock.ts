import type { ObjectMeta } from '@spillway/core'
import { type DeltaLog, isSameObject } from './delta-log.js'
import { monotonic, type TimedVersion } from './file-times.js'
import { reachableCommits } from './log-segment.js'

interface Commit {
  readonly version: bigint
  readonly file: ObjectMeta
}

/** A commit whose time is known: later ones follow from it. */
interface Anchor extends TimedVersion {
  readonly file: ObjectMeta
}

const MAX_TABLES = 10_000
const ANCHORS_PER_TABLE = 8

/**
 * When commits without a time of their own were made: one answer for time travel, the change feed and polls, though a
 * file's time depends on all before it. A log is listed from its beginning once, then from a commit that is known.
 */
export class CommitClock {
  readonly #anchors = new Map<string, readonly Anchor[]>()

  /** Times of the commit `from` and of every later one. */
  async times(
    log: DeltaLog,
    from: bigint,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<bigint, number>> {
    const anchors = this.#anchors.get(log.folder) ?? []
    const anchor = anchors.findLast(({ version }) => version <= from)
    const since = anchor && (await sinceAnchor(log, anchor, signal))
    const timed = since ?? (await fromStart(log, signal))
    const known = since === undefined ? [] : anchors
    const ends = [timed.find(({ version }) => version >= from), timed.at(-1)]
    this.#remember(log.folder, merged(known, ends))
    return new Map(timed.map(({ version, timestamp }) => [version, timestamp]))
  }

  #remember(folder: string, anchors: readonly Anchor[]): void {
    this.#anchors.delete(folder)
    this.#anchors.set(folder, anchors)
    if (this.#anchors.size <= MAX_TABLES) return
    for (const oldest of this.#anchors.keys()) {
      this.#anchors.delete(oldest)
      break
    }
  }
}

/** Undefined where the commit is another one by now. */
async function sinceAnchor(
  log: DeltaLog,
  anchor: Anchor,
  signal?: AbortSignal,
): Promise<readonly Anchor[] | undefined> {
  const { commits } = await log.list(anchor.version, signal)
  const [first] = commits
  if (first?.version !== anchor.version || !isSameObject(first.file, anchor.file)) return undefined
  return timedFiles(commits, anchor.timestamp)
}

async function fromStart(log: DeltaLog, signal?: AbortSignal): Promise<readonly Anchor[]> {
  return timedFiles(reachableCommits(await log.list(0n, signal)))
}

function timedFiles(commits: readonly Commit[], least?: number): readonly Anchor[] {
  return monotonic(commits, least).map((timed, i) => ({ ...timed, file: commits[i]!.file }))
}

/** The newest few, ascending. */
function merged(
  known: readonly Anchor[],
  added: readonly (Anchor | undefined)[],
): readonly Anchor[] {
  const byVersion = new Map(known.map(anchor => [anchor.version, anchor]))
  for (const anchor of added) if (anchor !== undefined) byVersion.set(anchor.version, anchor)
  return [...byVersion.values()]
    .sort((a, b) => (a.version < b.version ? -1 : 1))
    .slice(-ANCHORS_PER_TABLE)
}
