import type { Selection } from '@spillway/core'
import type { DeltaMetadata } from '../schema/metadata.js'
import type { DeltaBatch } from './delta-batch.js'
import { numberAt } from './packed-numbers.js'

/**
 * True where a file is older than the table: CONVERT TO DELTA and the like make a table over files that others wrote, with
 * names in another case, and partition columns of their own. The table's writers come after it was made, by their clock.
 */
export function isImported(modificationTime: number, { createdTime }: DeltaMetadata): boolean {
  // Removals say nothing of when their file was written.
  return createdTime !== undefined && modificationTime > 0 && modificationTime < createdTime
}

/** Which of `rows` are; absent where no table of this metadata has any. Every query asks this of all rows of a table. */
export function importedRows(
  { modificationTime, oldest }: Pick<DeltaBatch, 'modificationTime' | 'oldest'>,
  metadata: DeltaMetadata,
): { readonly imported?: (rows: Selection) => Selection } {
  if (metadata.createdTime === undefined) return {}
  if (!isImported(oldest, metadata)) return { imported: rows => rows.subarray(0, 0) }
  return {
    imported: rows => rows.filter(row => isImported(numberAt(modificationTime, row), metadata)),
  }
}
