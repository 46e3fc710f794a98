import type { ObjectMeta } from '@spillway/core'
import type { CommitClock } from './commit-clock.js'
import { type DeltaLog, isSameObject } from './delta-log.js'
import type { TimedVersion } from './file-times.js'

interface Seen extends TimedVersion {
  readonly file: ObjectMeta
}

const MAX_TABLES = 10_000

/** Remembers the latest commit of each table that is polled, so that a poll lists what came after and no more. */
export class VersionWatch {
  readonly #seen = new Map<string, Seen>()
  readonly #clock: CommitClock

  constructor(clock: CommitClock) {
    this.#clock = clock
  }

  async latest(log: DeltaLog, signal?: AbortSignal): Promise<TimedVersion> {
    const seen = this.#seen.get(log.folder)
    const found = (seen && (await this.#since(log, seen, signal))) ?? (await fromStart(log, signal))
    if (found.file === undefined) return found
    const { file } = found
    const known =
      seen !== undefined && seen.version === found.version && isSameObject(seen.file, file)
    const timestamp = known ? seen.timestamp : await this.#timeOf(log, found.version, file, signal)
    this.#remember(log.folder, { version: found.version, timestamp, file })
    return { version: found.version, timestamp }
  }

  async #timeOf(
    log: DeltaLog,
    version: bigint,
    file: ObjectMeta,
    signal?: AbortSignal,
  ): Promise<number> {
    const { inCommitTimestamp } = await log.commitInfo(file, signal)
    if (inCommitTimestamp !== undefined) return inCommitTimestamp
    return (await this.#clock.times(log, version, signal)).get(version) ?? file.lastModified
  }

  /** Undefined where the commit last seen is gone, or commits after it are not all there. */
  async #since(
    log: DeltaLog,
    seen: Seen,
    signal?: AbortSignal,
  ): Promise<{ version: bigint; timestamp: number; file: ObjectMeta | undefined } | undefined> {
    const { commits, checkpoints } = await log.list(seen.version, signal)
    const isDense = commits.every((commit, i) => commit.version === seen.version + BigInt(i))
    const last = commits.at(-1)
    if (last === undefined || !isDense) return undefined
    const checkpoint = checkpoints.at(-1)
    if (checkpoint !== undefined && checkpoint.version > last.version) return undefined
    return { version: last.version, timestamp: last.file.lastModified, file: last.file }
  }

  #remember(folder: string, seen: Seen): void {
    this.#seen.delete(folder)
    this.#seen.set(folder, seen)
    if (this.#seen.size <= MAX_TABLES) return
    for (const oldest of this.#seen.keys()) {
      this.#seen.delete(oldest)
      break
    }
  }
}

async function fromStart(log: DeltaLog, signal?: AbortSignal) {
  const { version, lastCommit, checkpoint } = await log.latest(signal)
  const timestamp = lastCommit?.lastModified ?? checkpoint?.files[0]?.lastModified ?? 0
  return { version, timestamp, file: lastCommit }
}
