// What blocks of documents take for granted; `given.mjs` has the values.

import type { Profile } from '@spillway/client'
import type {
  BatchCache,
  ChangeRange,
  ObjectMeta,
  ObjectStore,
  Predicate,
  Snapshot,
} from '@spillway/core'
import type { LocalGateway } from '@spillway/storage'

declare global {
  const store: ObjectStore
  const cache: BatchCache
  const secret: string
  /** A certificate authority, in PEM. */
  const ca: string
  const profile: Profile
  const gateway: LocalGateway
  const snapshot: Snapshot
  const predicate: Predicate
  const day: string
  const range: ChangeRange
  const file: ObjectMeta
}
