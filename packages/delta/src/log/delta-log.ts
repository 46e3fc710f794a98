import { type ObjectMeta, type ObjectStore, readListed, TableError } from '@spillway/core'
import type { CommitInfo } from '../actions/actions.js'
import { LogFileReader } from '../actions/read-log.js'
import { JsonCursor } from '../json/json-cursor.js'
import { JsonProblem } from '../json/json-problem.js'
import { readLastCheckpoint } from './last-checkpoint.js'
import { logFolder, padVersion } from './log-path.js'
import {
  availableAfter,
  chooseSegment,
  isAvailable,
  type LogListing,
  type LogSegment,
  latestVersion,
  readListing,
} from './log-segment.js'

/** The `_delta_log` of one table: what lies there, and which of it makes a version. */
export class DeltaLog {
  readonly store: ObjectStore
  readonly folder: string

  constructor(store: ObjectStore, location: string) {
    this.store = store
    this.folder = logFolder(location)
  }

  /** Everything from version `from` on. Folders and other names sort after the versions and are not listed. */
  async list(from = 0n, signal?: AbortSignal): Promise<LogListing> {
    const objects: ObjectMeta[] = []
    const options = {
      ...(from === 0n ? {} : { startAfter: `${this.folder}${padVersion(from)}.` }),
      signal,
    }
    for await (const object of this.store.list(this.folder, options)) {
      const name = object.path.slice(this.folder.length)
      if (name > ':') break
      if (!name.includes('/')) objects.push(object)
    }
    return readListing(objects)
  }

  async isPresent(signal?: AbortSignal): Promise<boolean> {
    const options = signal === undefined ? {} : { signal }
    for await (const _ of this.store.list(this.folder, options)) return true
    return false
  }

  /** The latest version's segment, listing no further back than the checkpoint that `_last_checkpoint` names. */
  async latest(signal?: AbortSignal): Promise<LogSegment> {
    const listing = await this.#listFromHint(undefined, signal)
    const version = latestVersion(listing)
    if (version === undefined) throw this.#notFound()
    return chooseSegment(listing, version, this.folder)
  }

  /** `torn`: checkpoints that turned out not to be readable, by their first files. */
  async at(
    version: bigint,
    signal?: AbortSignal,
    torn: ReadonlySet<string> = NONE,
  ): Promise<LogSegment> {
    const listing = await (torn.size > 0
      ? this.list(0n, signal)
      : this.#listFromHint(version, signal))
    const latest = latestVersion(listing)
    if (latest === undefined) throw this.#notFound()
    if (version > latest || version < 0n) {
      throw this.#unavailable(version, `the latest version is ${latest}`)
    }
    const checkpoints = listing.checkpoints.filter(({ files }) => !torn.has(files[0]!.path))
    const usable = { ...listing, checkpoints }
    if (!isAvailable(usable, version) && isAvailable(usable, latest)) {
      throw this.#unavailable(version, availableAfter(usable, version))
    }
    return chooseSegment(usable, version, this.folder)
  }

  async #listFromHint(version: bigint | undefined, signal?: AbortSignal): Promise<LogListing> {
    const hint = await readLastCheckpoint(this.store, this.folder, signal)
    if (hint !== undefined && hint > SHORT_LOG && (version === undefined || hint <= version)) {
      const listing = await this.list(hint, signal)
      // A hint may be stale, or name a checkpoint that is gone.
      const usable = listing.checkpoints.some(
        found => version === undefined || found.version <= version,
      )
      if (usable) return listing
    }
    return this.list(0n, signal)
  }

  /** The commitInfo that starts a commit, if one does: where in-commit timestamps are. */
  async commitInfo(file: ObjectMeta, signal?: AbortSignal): Promise<CommitInfo> {
    const end = Math.min(file.size, HEAD_BYTES)
    const head = await readListed(this.store, file, { range: { start: 0, end }, signal })
    if (head !== undefined && startsOtherwise(head)) return {}
    let info: CommitInfo = {}
    const reader = new LogFileReader(this.store, { signal })
    const sink = {
      commitInfo: (read: CommitInfo) => {
        info = read
      },
    }
    await reader.read(file, sink, end === file.size ? head : undefined)
    return info
  }

  #notFound(): TableError {
    return new TableError('NOT_FOUND', 'there is no Delta table: its log holds no commit', {
      context: { path: this.folder },
    })
  }

  #unavailable(version: bigint, reason: string): TableError {
    return new TableError('INVALID_REQUEST', `version ${version} is not available: ${reason}`, {
      context: { path: this.folder, version },
    })
  }
}

/** A log this short is listed whole: it takes one request either way, and may be cheaper to read without checkpoint. */
const SHORT_LOG = 100n

const NONE: ReadonlySet<string> = new Set()

const HEAD_BYTES = 64 * 1024

/** True when the first action is whole and no commitInfo: then no other can hold an in-commit timestamp. */
function startsOtherwise(bytes: Uint8Array): boolean {
  try {
    const cursor = new JsonCursor(bytes)
    return !cursor.atEnd() && cursor.enterObject() && cursor.keyText() !== 'commitInfo'
  } catch (error) {
    if (error instanceof JsonProblem) return false
    throw error
  }
}

/** True for the same object in storage, not another one under its name. */
export function isSameObject(a: ObjectMeta, b: ObjectMeta): boolean {
  if (a.size !== b.size) return false
  if (a.etag !== undefined && b.etag !== undefined) return a.etag === b.etag
  return a.lastModified === b.lastModified
}
