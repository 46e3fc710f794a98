import { type DataFile, type DeletionVector, type RowResolver, storedBitmap } from '@spillway/core'
import { type FittedFile, notConstant } from '../fitting/fitted-files.js'
import type { ExactRows } from '../recipient/exact-rows.js'
import type { Misfit } from '../recipient/misfit.js'
import { foreignRefusal } from '../recipient/refusals.js'
import { isMapped, tableWideNeeds } from '../recipient/table-wide.js'

/** A resolver with staging, where whole files can be written. */
export type RewritingResolver = RowResolver & Required<Pick<RowResolver, 'toCompleteFile'>>

/** How a file reaches this recipient, in the order of preference, with what makes it so. */
export type Delivery =
  /** The table's own file, with the vector that it has or none. */
  | { readonly kind: 'itself' }
  /** The table's own file, with its deletes as one vector. */
  | { readonly kind: 'vector'; readonly resolver: RowResolver }
  /** A base file with a vector, and a file of the rows that its logs changed. */
  | { readonly kind: 'split'; readonly resolver: RowResolver }
  /** A file in staging with exactly the live rows. */
  | { readonly kind: 'rewritten'; readonly resolver: RewritingResolver }
  | { readonly kind: 'refused' }

const REFUSED: Delivery = { kind: 'refused' }

/** The delivery of one file: what its metadata decides, and its shape where that was read. Throws for foreign file formats. */
export function deliveryOf({ file, misfit }: FittedFile, exact: ExactRows): Delivery {
  const { snapshot, accepts, resolver } = exact
  const fits = tableWideNeeds(snapshot, accepts).length === 0 && misfit === undefined
  if (misfit !== undefined && misfit.rewritable === false) return REFUSED
  if (fits && sentByItself(file, exact)) return { kind: 'itself' }
  requireParquet(file)
  if (fits && resolver !== undefined && accepts.features.has('deletionVectors')) {
    if (!hasLogs(file)) return { kind: 'vector', resolver }
    if (!isMapped(exact)) return { kind: 'split', resolver }
  }
  if (resolver === undefined || !canRewrite(resolver)) return REFUSED
  // Names that an answer maps are a log's own, under which nothing is written for any other table.
  if (isMapped(exact) && snapshot.deltaActions === undefined) return REFUSED
  return { kind: 'rewritten', resolver }
}

function canRewrite(resolver: RowResolver): resolver is RewritingResolver {
  return resolver.toCompleteFile !== undefined
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
    reachesRecipient(vector, exact)
  )
}

/**
 * Readers of Delta look at the first byte of a vector's file, and only Delta's own files begin with it: other vectors
 * travel inside the line. So do all of a table that is shared in part: Delta packs the vectors of many data files into one
 * file, and whoever may read it reads them all.
 */
function reachesRecipient(vector: DeletionVector, exact: ExactRows): boolean {
  const stored = storedBitmap(vector)
  if (stored === undefined || signsVectorFiles(exact)) return true
  const { accepts, store } = exact
  return store !== undefined && stored.length <= accepts.inlineVectorBytes
}

/** True where a vector's file may be signed. */
export function signsVectorFiles({ snapshot, sharedInPart }: ExactRows): boolean {
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
