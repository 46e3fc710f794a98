import { TableError } from '@spillway/core'
import type { Engine } from '@spillway/engine'

export const FAULT = new TableError('STORAGE_UNAVAILABLE', 's3 said SlowDown')

/** Storage is cut off once this many files have been signed. */
export const cut = { after: Number.POSITIVE_INFINITY }

/** The same engine, a file at a time, up to the cut. */
export function cutting(engine: Engine): Engine {
  return {
    ...engine,
    signedFiles(snapshot, options) {
      const files = engine.signedFiles(snapshot, options)
      return {
        plan: files.plan,
        get expiresAt() {
          return files.expiresAt
        },
        async *[Symbol.asyncIterator]() {
          let sent = 0
          for await (const batch of files) {
            for (const file of batch) {
              if (sent++ >= cut.after) throw FAULT
              yield [file]
            }
          }
          if (sent >= cut.after) throw FAULT
        },
      }
    },
    async changes(source, range, options) {
      const changes = await engine.changes(source, range, options)
      return {
        get expiresAt() {
          return changes.expiresAt
        },
        async *[Symbol.asyncIterator]() {
          let sent = 0
          for await (const set of changes) {
            for (const change of set.changes) {
              if (sent++ >= cut.after) throw FAULT
              yield { ...set, changes: [change] }
            }
          }
          if (sent >= cut.after) throw FAULT
        },
      }
    },
  }
}
