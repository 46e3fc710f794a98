import type { Accepts, FileShapes, ObjectStore, RowResolver, Snapshot } from '@spillway/core'

/** One table and one recipient, with whatever helps to send the one exactly to the other. */
export interface ExactRows {
  readonly snapshot: Snapshot
  readonly accepts: Accepts
  readonly resolver?: RowResolver | undefined
  /** Reads vectors that must travel inside a line. */
  readonly store?: ObjectStore | undefined
  /** Tells what files hold of which the table's metadata does not. */
  readonly shapes?: FileShapes | undefined
  /** True where whoever serves a path can serve it under another footer. */
  readonly canView?: ((path: string) => boolean) | undefined
  /** Some files of the table are withheld from this recipient, and so are files that say something of those. */
  readonly sharedInPart?: boolean
}
