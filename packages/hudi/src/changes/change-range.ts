import {
  budgetsOf,
  type ChangeRange,
  type ObjectStore,
  readListed,
  TableError,
} from '@spillway/core'
import { type Instant, instantVersion } from '../timeline/instant.js'
import type { TableState } from '../timeline/table-state.js'
import { entriesOf, namesOf, readTimelineDocument, textOf } from '../timeline/timeline-document.js'

/** Refuses ranges that the table has not reached, or that end before they start. */
export function refuseRange(range: ChangeRange, writes: readonly Instant[]): void {
  const { startVersion, endVersion } = range
  if (endVersion < startVersion) {
    throw new TableError('INVALID_REQUEST', 'the range ends before it starts', {
      context: { startVersion, endVersion },
    })
  }
  const last = writes[writes.length - 1]
  if (last !== undefined && startVersion <= instantVersion(last.completion)) return
  throw new TableError('INVALID_REQUEST', `the table has no version ${startVersion} yet`, {
    context: { startVersion },
  })
}

/**
 * Refuses a range that begins after writes which a restore in it undid: who followed the table has their rows, and the
 * files that would say which are gone. A range that begins before them never sees them: they are no longer writes.
 */
export async function refuseUndone(
  store: ObjectStore,
  { timeline }: TableState,
  { range, signal }: { readonly range: ChangeRange; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  const { startVersion, endVersion } = range
  for (const restore of timeline.instants) {
    if (restore.action !== 'restore' || restore.state !== 'completed') continue
    const version = instantVersion(restore.completion)
    if (version < startVersion || version > endVersion) continue
    const undone = await undoneBy(restore, store, signal)
    if (undone?.every(instant => instantVersion(instant) >= startVersion)) {
      continue
    }
    const first = undone === undefined ? undefined : [...undone].sort()[0]
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      first === undefined
        ? `the restore at ${restore.begin} undid writes that are no longer known, so the changes of a range around it cannot be told; query a snapshot instead`
        : `the restore at ${restore.begin} undid writes from ${first} on, which are before this range; query a snapshot, or ask for changes from ${first} on`,
      { context: { instant: restore.begin, startVersion } },
    )
  }
}

/** Begin times of the writes that a restore took back; undefined where its metadata does not name them. */
async function undoneBy(
  restore: Instant,
  store: ObjectStore,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> {
  const bytes = await readListed(store, restore, { signal })
  if (bytes === undefined || bytes.length === 0) return undefined
  const document = await readTimelineDocument(bytes, restore.path, budgetsOf(store))
  const named = document.get('instantsToRollback')
  const undone = namesOf(named, restore.path)
  if (undone.length > 0) return undone
  // Only a restore that had nothing to undo names nothing, and says so in its map.
  const byInstant = entriesOf(document.get('hoodieRestoreMetadata'), restore.path)
  const keys = [...byInstant.keys()].flatMap(key => textOf(key) ?? [])
  return keys.length > 0 || Array.isArray(named) ? keys : undefined
}
