import type { ByteRange, ObjectMeta, ObjectStore } from '@spillway/core'

export interface AnswerStoreOptions {
  /** The folder that the table seems to lie in. */
  readonly location: string
  /** Its only commit: see `answerLog`. */
  readonly log: Uint8Array
  /** Where everything else is read: nothing is there by default. */
  readonly files?: Pick<ObjectStore, 'get' | 'head'> | undefined
}

/** A store whose table has one commit, in memory. */
export function answerStore({ location, log, files }: AnswerStoreOptions): ObjectStore {
  const path = `${location}/_delta_log/${'0'.repeat(20)}.json`
  const meta: ObjectMeta = { path, size: log.length, lastModified: 0 }
  return {
    async get(asked, options = {}) {
      if (asked !== path) return files?.get(asked, options)
      return { bytes: rangeOf(log, options.range), meta }
    },
    async head(asked, signal) {
      return asked === path ? meta : files?.head(asked, signal)
    },
    async *list(prefix, { startAfter = '' } = {}) {
      if (path.startsWith(prefix) && path > startAfter) yield meta
    },
    async *listPrefixes() {
      // The log is flat.
    },
  }
}

/** The part of `bytes` that `range` asks for; all of it without one. */
export function rangeOf(bytes: Uint8Array, range: ByteRange | undefined): Uint8Array {
  if (range === undefined) return bytes
  return 'suffix' in range
    ? bytes.subarray(Math.max(0, bytes.length - range.suffix))
    : bytes.subarray(range.start, range.end)
}
