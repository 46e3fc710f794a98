import type { ReadBudgets } from '../errors/budgets.js'
import type { TableError } from '../errors/errors.js'

export interface ObjectMeta {
  readonly path: string
  readonly size: number
  readonly lastModified: number
  readonly etag?: string
  /** Lower-case hexadecimal, of the whole object: where `head` is answered with what the store itself keeps of it. */
  readonly sha256?: string
}

/** Bytes of an object: `end` is exclusive; `suffix` is that many last ones. */
export type ByteRange =
  | { readonly start: number; readonly end: number }
  | { readonly suffix: number }

/**
 * Paths are absolute URIs everywhere; `storage` routes them to the store that owns scheme and bucket. They are raw:
 * the key is the object's own name in every scheme, `file:` included, so a join is plain text and `%` means itself.
 * A prefix is text too: end it with '/' to mean a folder. What is answered is spelled as it was asked for.
 */
export interface ObjectStore {
  /** What reading from it may cost, see `withBudgets`. Whoever wraps a store hands it on; absent, the defaults. */
  readonly budgets?: ReadBudgets | undefined
  /** Undefined when there is no such object. */
  get(
    path: string,
    options?: {
      range?: ByteRange | undefined
      signal?: AbortSignal | undefined
    },
  ): Promise<{ readonly bytes: Uint8Array; readonly meta: ObjectMeta } | undefined>
  head(path: string, signal?: AbortSignal): Promise<ObjectMeta | undefined>
  /**
   * Objects under `prefix` in byte order of path, strictly after `startAfter` when given. `onLeftOut` is told of what is there and
   * can be no part of a listing: links that lead out of the fence, or back, and names that are no text. Without it each is an error.
   */
  list(
    prefix: string,
    options?: {
      startAfter?: string | undefined
      signal?: AbortSignal | undefined
      onLeftOut?: ((path: string, reason: string) => void) | undefined
    },
  ): AsyncIterable<ObjectMeta>
  /** Immediate sub-prefixes of `prefix`, each ending in '/'. */
  listPrefixes(prefix: string, signal?: AbortSignal): AsyncIterable<string>
  /**
   * The same store for reads that stay below `fence`, wherever links lead. Of stores that have links, and of those that
   * pass on to such; callers use `fencedStore`, which looks at the paths themselves.
   */
  within?(fence: Fence): ObjectStore
  /** Of stores on this machine's disk: undefined for what is no file of it. */
  openLocal?(path: string, signal?: AbortSignal): Promise<LocalObject | undefined>
}

/** Folders that a store is kept to. */
export interface Fence {
  /** Locations, each with its last slash; without one it is a single file. */
  readonly folders: readonly string[]
  /** What reading `path` fails with where it leads to `target`, outside. */
  refusal(path: string, target: string): TableError
}

/** A file held open, for code of this process that opens files by their names. */
export interface LocalObject {
  readonly size: number
  /** Until `close` a name of this very file, whatever takes its place meanwhile. */
  readonly path: string
  close(): Promise<void>
}

/** The staging location; nothing else is ever written. */
export interface WritableStore extends ObjectStore {
  /** False, without writing, when `ifAbsent` is set and the object exists. */
  put(
    path: string,
    bytes: Uint8Array | AsyncIterable<Uint8Array>,
    options?: { ifAbsent?: boolean | undefined; signal?: AbortSignal | undefined },
  ): Promise<boolean>
  delete(path: string, signal?: AbortSignal): Promise<void>
}
