import { TableError } from '@spillway/core'
import type { FileSlice } from '../file-groups/file-slices.js'
import { LOG_HEADER, type LogBlock } from '../log-files/log-file.js'
import type { Timeline } from '../timeline/timeline.js'

export interface IndexOrigin {
  /** Table version of the metadata table. */
  readonly tableVersion: number
  /** Timeline of the metadata table. */
  readonly own: Timeline
  /** Timeline of the table. */
  readonly data: Timeline
}

/**
 * Refuses an index that lacks what its own timeline says was written to it: the base file of its last compaction, or
 * the blocks of a write of the table since. A log that is gone, empty, cut between two blocks or another's leaves out
 * files, or bounds.
 */
export function requireComplete(
  slices: readonly { readonly slice: FileSlice; readonly blocks: readonly LogBlock[] }[],
  { own, data, tableVersion }: IndexOrigin,
  folder: string,
): void {
  const bases = slices.flatMap(({ slice }) => slice.base?.instant ?? [])
  const compaction = own.writes.findLast(({ action }) => action === 'commit')
  if (compaction !== undefined && bases.every(base => base < compaction.begin)) {
    throw incomplete(folder, `the base file of its compaction ${compaction.begin}`)
  }
  const found = new Set(slices.flatMap(({ blocks }) => blocks.flatMap(instantsOf)))
  // Before version 6 an index began with logs; since then with base files, which a slice of logs alone has lost.
  const began = tableVersion < 6 ? found.has(own.start ?? '') : false
  if (bases.length === 0 && !began) throw incomplete(folder, 'the base file that it began with')
  const [oldest = ''] = bases.sort()
  // What an index began with was written when that was completed, whatever its instant.
  const since = oldest.startsWith('0000') ? (own.completions.get(oldest) ?? '') : oldest
  for (const { begin } of data.writes) {
    const completion = own.completions.get(begin)
    if (completion === undefined || completion < since) continue
    if (!found.has(begin)) throw incomplete(folder, `the blocks of the write ${begin}`)
  }
}

/** The write of a block, and those whose blocks it merged. */
function instantsOf({ header }: LogBlock): readonly string[] {
  const merged = header.get(LOG_HEADER.compactedInstants)?.split(',') ?? []
  return [header.get(LOG_HEADER.instant) ?? '', ...merged.map(instant => instant.trim())]
}

function incomplete(folder: string, what: string): TableError {
  return new TableError('TABLE_CORRUPT', `an index of the metadata table lacks ${what}`, {
    context: { path: folder },
  })
}
