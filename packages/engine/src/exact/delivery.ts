import { type DataFile, type DeletionVector, storedBitmap } from '@spillway/core'
import { type FittedFile, notConstant } from '../fitting/fitted-files.js'
import type { ExactRows } from '../recipient/exact-rows.js'
import type { Misfit } from '../recipient/misfit.js'
import { foreignRefusal } from '../recipient/refusals.js'
import { isMapped, tableWideNeeds } from '../recipient/table-wide.js'

/** How a file reaches this recipient, in the order of preference. */
export type Way = 'itself' | 'vector' | 'split' | 'rewritten' | 'refused'

/**
 * The way of architecture.md section 1 for one file: what its metadata decides, and its shape where that was read. Throws
 * where there is none.
 */
export function deliveryOf({ file, misfit }: FittedFile, exact: ExactRows): Way {
  const { snapshot, accepts, resolver } = exact
  const fits = tableWideNeeds(snapshot, accepts).length === 0 && misfit === undefined
  if (misfit !== undefined && misfit.rewritable === false) return 'refused'
  if (fits && sentByItself(file, exact)) return 'itself'
  requireParquet(file)
  if (fits && resolver !== undefined && accepts.features.has('deletionVectors')) {
    if (!hasLogs(file)) return 'vector'
    if (!isMapped(exact)) return 'split'
  }
  if (resolver?.toCompleteFile === undefined) return 'refused'
  // Names that an answer maps are a log's own, under which nothing is written for any other table.
  return isMapped(exact) && snapshot.deltaActions === undefined ? 'refused' : 'rewritten'
}

/** Log files are merged and written as Parquet like any other slice that has them. */
function requireParquet({ fileFormat, deletes }: DataFile): void {
  if (fileFormat !== 'parquet' && fileFormat !== 'hudi-log') throw foreignRefusal(fileFormat)
  for (const each of deletes) {
    if (each.kind !== 'deletion-vector' && each.fileFormat !== 'parquet') {
      throw foreignRefusal(each.fileFormat)
    }
  }
}

export function hasLogs({ fileFormat, logFiles }: DataFile): boolean {
  return fileFormat === 'hudi-log' || logFiles.length > 0
}

/** True for a file whose exact rows need nobody's help: untouched, or with one vector the recipient applies. */
function sentByItself(file: DataFile, exact: ExactRows): boolean {
  if (file.fileFormat !== 'parquet' || file.logFiles.length > 0) return false
  if (file.deletes.length === 0) return true
  const [vector, ...more] = file.deletes
  return (
    more.length === 0 &&
    vector?.kind === 'deletion-vector' &&
    exact.accepts.features.has('deletionVectors') &&
    canTravel(vector, exact)
  )
}

/**
 * Readers of Delta look at the first byte of a vector's file, and only Delta's own files begin with it: other vectors
 * travel inside the line. So do all of a table that is shared in part: Delta packs the vectors of many data files into one
 * file, and whoever may read it reads them all.
 */
function canTravel(vector: DeletionVector, exact: ExactRows): boolean {
  const stored = storedBitmap(vector)
  if (stored === undefined || isOwnFile(exact)) return true
  const { accepts, store } = exact
  return store !== undefined && stored.length <= accepts.inlineVectorBytes
}

/** True where a vector's file may be signed. */
export function isOwnFile({ snapshot, sharedInPart }: ExactRows): boolean {
  return snapshot.deletes === 'delta-vectors' && sharedInPart !== true
}

/** A file that would have to be sent in parts, to a recipient who cannot be sent parts. */
export function unsplit(
  { split }: FittedFile,
  { accepts, resolver }: ExactRows,
): Misfit | undefined {
  if (split === undefined) return undefined
  const inParts = resolver !== undefined && accepts.features.has('deletionVectors')
  return inParts || resolver?.toCompleteFile !== undefined ? undefined : notConstant(split[0]!)
}
