import {
  type Accepts,
  type DataFile,
  type DeletionVector,
  type FileShapes,
  type FooterEdit,
  inSlices,
  movedVector,
  type ObjectStore,
  type RowResolver,
  readFramedBitmap,
  type Snapshot,
  type StoredBitmap,
  storedBitmap,
  TableError,
} from '@spillway/core'
import { checkVector } from '@spillway/encoding'
import { emptyText, type FittedFile, notConstant } from '../fitting/fitted-files.js'
import {
  deletedRowsRefusal,
  foreignRefusal,
  misfitRefusal,
  packedRefusal,
} from '../recipient/refusals.js'
import { isMapped, tableWideNeeds, underPhysicalNames } from '../recipient/table-wide.js'

/** A file whose rows, less `vector`'s, are exactly the table's. */
export interface ExactFile {
  readonly file: DataFile
  /** Served under another footer: `file.size` is its size then. */
  readonly view?: readonly FooterEdit[]
  readonly vector?: DeletionVector
  /** Of its paths those that the resolver wrote for it: all others are the table's own words. */
  readonly written?: readonly string[]
  /** See `SignedFile`. */
  readonly listing?: number
}

export interface ExactRows {
  readonly snapshot: Snapshot
  readonly accepts: Accepts
  readonly resolver?: RowResolver
  /** Reads vectors that must travel inside a line. */
  readonly store?: ObjectStore
  /** Tells what files hold of which the table's metadata does not. */
  readonly shapes?: FileShapes
  /** True where whoever serves a path can serve it under another footer. */
  readonly canView?: (path: string) => boolean
  /** Some files of the table are withheld from this recipient, and so are files that say something of those. */
  readonly sharedInPart?: boolean
}

/** How a file reaches this recipient, in the order of preference. */
export type Way = 'itself' | 'vector' | 'split' | 'rewritten' | 'refused'

/**
 * The way of architecture.md section 1 for one file: what its metadata decides, and its shape where that was read. Throws
 * where there is none.
 */
export function wayOf({ file, misfit }: FittedFile, exact: ExactRows): Way {
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
  return isMapped(exact) && snapshot.format !== 'delta' ? 'refused' : 'rewritten'
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
function isOwnFile({ snapshot, sharedInPart }: ExactRows): boolean {
  return snapshot.format === 'delta' && sharedInPart !== true
}

async function travelling(
  vector: DeletionVector,
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<DeletionVector> {
  if (storedBitmap(vector) !== undefined && isOwnFile(exact)) return vector
  // Such were held against their files before the first byte.
  if (vector.inlineBytes !== undefined) return vector
  return heldVector(vector, file, exact, signal)
}

/** A vector in a file that holds no other, for an answer that must not have it inside the line. */
export async function inOwnFile(
  vector: DeletionVector,
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<PlacedVector> {
  const { resolver } = exact
  if (resolver?.toVectorFile === undefined) throw packedRefusal(exact)
  const held = await heldVector(vector, file, exact, signal)
  return asWritten(await resolver.toVectorFile(held, signal))
}

/** A vector with its bytes, which say what its metadata does: recipients apply them to the file unseen. */
export async function heldVector(
  vector: DeletionVector,
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<DeletionVector> {
  const stored = storedBitmap(vector)
  const bytes =
    stored === undefined ? (vector.bitmap as Uint8Array) : await bitmapBytes(stored, exact, signal)
  await inSlices(checkVector(bytes, vector, file))
  return stored === undefined ? vector : movedVector(vector, bytes)
}

/** A vector, and where it was written to if it was. */
type PlacedVector = Pick<ExactFile, 'written'> & { readonly vector: DeletionVector }

function asWritten(vector: DeletionVector): PlacedVector {
  const { bitmap } = vector
  return { vector, ...('path' in bitmap && { written: [bitmap.path] }) }
}

async function bitmapBytes(
  stored: StoredBitmap,
  { store }: ExactRows,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const read = store && (await readFramedBitmap(store, stored, signal))
  if (read !== undefined) return read
  throw new TableError('TABLE_CORRUPT', 'the file of a deletion vector is missing', {
    context: { ...stored },
  })
}

/** Files whose rows, less their vectors', are those of `fitted`: itself, others that stand in for it, or none. */
export async function makeExact(
  fitted: FittedFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<readonly ExactFile[]> {
  const { file } = fitted
  const { split, misfit, view, isEmpty } = fitted
  if (isEmpty) return []
  if (view !== undefined) return viewed(fitted, view, exact, signal)
  if (split !== undefined) {
    const parts = await splitFile(fitted, exact, signal)
    return (await Promise.all(parts.map(part => makeExact(part, exact, signal)))).flat()
  }
  switch (wayOf(fitted, exact)) {
    case 'itself': {
      const vector = file.deletes[0] as DeletionVector | undefined
      if (vector === undefined) return [{ file }]
      return [{ file, vector: await travelling(vector, file, exact, signal) }]
    }
    case 'vector': {
      const vector = await exact.resolver!.toDeletionVector(exact.snapshot, file, signal)
      return [{ file, ...(await placed(vector, exact, signal)) }]
    }
    case 'split': {
      const slice = await exact.resolver!.splitSlice(exact.snapshot, file, signal)
      if (slice === undefined) throw deletedRowsRefusal(exact, { files: 1 })
      const { base, changed } = slice
      const vector = base?.vector && (await placed(base.vector, exact, signal))
      return [
        ...(base === undefined ? [] : [{ file: base.file, ...vector }]),
        ...(changed ? [{ file: changed, written: [changed.path] }] : []),
      ]
    }
    case 'rewritten':
      return rewritten(file, exact, signal)
    case 'refused':
      if (misfit !== undefined) throw misfitRefusal(exact, { files: 1, misfit })
      throw deletedRowsRefusal(exact, { files: 1 })
  }
}

/** The file as it is, but for the footer that it is served under. */
async function viewed(
  { view: _, ...fitted }: FittedFile,
  view: readonly FooterEdit[],
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<readonly ExactFile[]> {
  const sent = await makeExact(fitted, exact, signal)
  const { path } = fitted.file
  return Promise.all(
    sent.map(async each => {
      if (each.file.path !== path) return each
      const size = await exact.shapes!.viewedSize!(each.file, view, signal)
      return { ...each, view, file: { ...each.file, size } }
    }),
  )
}

/** The file once for each combination of its values in columns that the answer takes from partition values. */
export async function splitFile(
  { file, split: fields = [], misfit }: FittedFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<readonly FittedFile[]> {
  const { snapshot, resolver } = exact
  if (resolver === undefined)
    throw misfitRefusal(exact, { files: 1, misfit: notConstant(fields[0]!) })
  const parts = await resolver.splitByValue(snapshot, file, fields, signal)
  const unsayable = fields.find(({ id }) =>
    parts.some(({ constants }) => constants?.get(id) === ''),
  )
  if (unsayable !== undefined) {
    throw misfitRefusal(exact, { files: 1, misfit: emptyText(unsayable) })
  }
  return parts.map(part => ({ file: part, ...(misfit && { misfit }) }))
}

/** What stands in for one listing of a file. */
export function listed(
  files: readonly ExactFile[],
  listing: number | undefined,
): readonly ExactFile[] {
  return listing === undefined ? files : files.map(file => ({ ...file, listing }))
}

export function fitsInLine(vector: DeletionVector | undefined, { accepts }: ExactRows): boolean {
  if (vector === undefined || storedBitmap(vector) !== undefined) return true
  const { inlineBytes = (vector.bitmap as Uint8Array).length } = vector
  return inlineBytes <= accepts.inlineVectorBytes
}

/** Inside the line, or in a file of its own where it is too long for that. */
async function placed(
  vector: DeletionVector,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<PlacedVector> {
  if (fitsInLine(vector, exact)) return { vector }
  const { resolver } = exact
  if (resolver?.toVectorFile !== undefined) {
    return asWritten(await resolver.toVectorFile(movedVector(vector, vector.bitmap), signal))
  }
  throw deletedRowsRefusal(exact, { files: 1, tooLong: true })
}

async function rewritten(
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<readonly ExactFile[]> {
  const { snapshot, resolver } = exact
  const named = isMapped(exact) || needsNames(exact) ? underPhysicalNames(snapshot) : snapshot
  const complete = withoutOriginals(await resolver!.toCompleteFile!(named, file, signal))
  return [{ file: complete, written: [complete.path] }]
}

function needsNames({ snapshot, accepts }: ExactRows): boolean {
  return snapshot.shapesFrom === 'footers' && accepts.lookup?.(snapshot)?.namesBelow === true
}

/** What the log said about the original's rows and names is not true of its replacement. */
function withoutOriginals(file: DataFile): DataFile {
  const { delta, ...rest } = file
  return delta === undefined ? file : { ...rest, delta: { partitionValues: delta.partitionValues } }
}
