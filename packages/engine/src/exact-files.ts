import {
  type Accepts,
  type DataFile,
  type DeleteFile,
  type LiveFiles,
  type ObjectStore,
  type RowResolver,
  readString,
  type Selection,
  type Snapshot,
  TableError,
  type TableMetadata,
} from '@spillway/core'

export type DeletionVector = Extract<DeleteFile, { kind: 'deletion-vector' }>

/** A file whose rows, less `vector`'s, are exactly the table's. */
export interface ExactFile {
  readonly file: DataFile
  readonly vector?: DeletionVector
}

/** Features that change every file of a table, and how to say so. */
const TABLE_WIDE: Readonly<Record<string, string>> = {
  columnMapping: 'its columns are named differently inside its files (column mapping)',
  initialDefaults: 'its older files lack columns that have a default',
  typeWidening: 'its older files hold narrower types (type widening)',
  schemaOnRead: 'its older files call columns by other names (Hudi schema-on-read evolution)',
}

export interface ExactRows {
  readonly snapshot: Snapshot
  readonly accepts: Accepts
  readonly resolver?: RowResolver
  /** Reads vectors that must travel inside a line. */
  readonly store?: ObjectStore
}

/** The table-wide features of `metadata` that a recipient cannot apply by itself. */
export function tableWideNeeds(metadata: TableMetadata, accepts: Accepts): readonly string[] {
  return Object.keys(TABLE_WIDE).filter(
    feature => metadata.features.has(feature) && !accepts.features.has(feature),
  )
}

/** Throws where no file of the table could be sent exactly, whichever survive. */
export function refuseTable(
  { snapshot, accepts, resolver }: ExactRows,
  options: { readonly partly: boolean },
): void {
  const needs = tableWideNeeds(snapshot, accepts)
  if (resolver !== undefined || needs.length === 0) return
  // Of a table that is shared in part, how many files there are is not told.
  const count = options.partly ? undefined : snapshot.totals?.files
  const files = count === undefined ? 'its files' : `its ${count} files`
  const reasons = needs.map(feature => TABLE_WIDE[feature]).join('; ')
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `the table cannot be sent as plain Parquet, because ${reasons}. ${files} would be served to a client that asks with ${askFor(needs)}, or by a provider that configures staging`,
    { context: { feature: needs.join(','), ...(count !== undefined && { files: count }) } },
  )
}

function askFor(features: readonly string[]): string {
  const listed = features.map(feature => feature.toLowerCase()).join(',')
  return `"delta-sharing-capabilities: responseformat=delta;readerfeatures=${listed}"`
}

/** How many of `rows` this recipient could only be sent after rewriting. */
export async function countInexact(
  live: LiveFiles,
  rows: Selection,
  options: { readonly exact: ExactRows; readonly signal?: AbortSignal },
): Promise<number> {
  if (live.deletedCounts === undefined) return 0
  const counts = await live.deletedCounts(rows, options.signal)
  const suspects = rows.filter((_, index) => counts[index] !== 0)
  if (suspects.length === 0) return 0
  if (!options.exact.accepts.features.has('deletionVectors')) return suspects.length
  if (options.exact.snapshot.format === 'delta') return 0
  let inexact = 0
  for (let start = 0; start < suspects.length; start += 1024) {
    const files = await live.files(suspects.subarray(start, start + 1024), options.signal)
    inexact += files.filter(file => !sentByItself(file, options.exact)).length
  }
  return inexact
}

function foreignRefusal(fileFormat: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the table holds ${fileFormat} files, and only Parquet files are shared`,
    { context: { feature: fileFormat } },
  )
}

/** The refusal for `count` files that only staging could serve. */
export function deletedRowsRefusal(exact: ExactRows, count: number): TableError {
  const { snapshot, accepts } = exact
  const some = count === 1 ? '1 file of the table has' : `${count} files of the table have`
  const feature = accepts.features.has('deletionVectors') ? 'row-level deletes' : 'deletionVectors'
  const remedy =
    feature === 'deletionVectors' && snapshot.format === 'delta'
      ? `ask with ${askFor(['deletionVectors'])}, or have the provider configure staging`
      : 'have the provider configure staging, which rewrites them'
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `${some} deleted or changed rows that plain Parquet cannot say; ${remedy}`,
    { context: { feature, files: count, version: snapshot.version } },
  )
}

/** True where some file of the table may be refused whatever the recipient accepts by itself: worth a look beforehand. */
export function mayRefuseFiles({ snapshot, accepts, resolver }: ExactRows): boolean {
  if (mayBeForeign(snapshot)) return true
  if (resolver !== undefined) return false
  if (snapshot.mergedLogs !== undefined) return true
  if (!snapshot.features.has('deletionVectors')) return false
  return snapshot.format !== 'delta' || !accepts.features.has('deletionVectors')
}

function mayBeForeign({ format, properties }: Snapshot): boolean {
  const written = properties.get('write.format.default')?.toLowerCase() ?? 'parquet'
  return format === 'iceberg' && written !== 'parquet'
}

/** Refuses Iceberg's ORC and Avro files by their names, before they are looked at one by one. */
export function refuseForeign({ batch }: LiveFiles, rows: Selection, snapshot: Snapshot): void {
  if (!mayBeForeign(snapshot)) return
  for (const row of rows) {
    const found = /\.(orc|avro)$/i.exec(readString(batch.path, row))
    if (found !== null) throw foreignRefusal(found[1]!.toLowerCase())
  }
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
 * travel inside the line.
 */
function canTravel({ bitmap }: DeletionVector, { snapshot, accepts, store }: ExactRows): boolean {
  if (snapshot.format === 'delta' || bitmap instanceof Uint8Array) return true
  return store !== undefined && bitmap.length <= accepts.inlineVectorBytes
}

async function travelling(
  vector: DeletionVector,
  { snapshot, store }: ExactRows,
  signal?: AbortSignal,
): Promise<DeletionVector> {
  const { bitmap } = vector
  if (snapshot.format === 'delta' || bitmap instanceof Uint8Array) return vector
  const range = { start: bitmap.offset, end: bitmap.offset + bitmap.length }
  const read = await store?.get(bitmap.path, { range, ...(signal && { signal }) })
  if (read?.bytes.length === bitmap.length) return { ...vector, bitmap: read.bytes }
  throw new TableError('TABLE_CORRUPT', 'a deletion vector is missing or shorter than recorded', {
    context: { path: bitmap.path, offset: bitmap.offset, length: bitmap.length },
  })
}

/** As it is, as a vector, rewritten, or refused: the order of architecture.md section 1. */
export async function makeExact(
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<ExactFile> {
  const { snapshot, accepts, resolver } = exact
  const whole = tableWideNeeds(snapshot, accepts).length === 0
  if (whole && sentByItself(file, exact)) {
    const vector = file.deletes[0] as DeletionVector | undefined
    return vector === undefined
      ? { file }
      : { file, vector: await travelling(vector, exact, signal) }
  }
  // Log files are merged and written as Parquet like any other slice that has them.
  if (!['parquet', 'hudi-log'].includes(file.fileFormat)) throw foreignRefusal(file.fileFormat)
  if (resolver === undefined) throw deletedRowsRefusal(exact, 1)
  const readable = file.fileFormat === 'parquet' && file.logFiles.length === 0
  if (whole && readable && accepts.features.has('deletionVectors')) {
    const vector = await resolver.toDeletionVector(snapshot, file, signal)
    if (vector.kind === 'deletion-vector') return { file, vector }
  }
  // A rewritten file has the table's own names: it cannot stand beside files whose names the recipient maps.
  if (whole && snapshot.features.has('columnMapping')) throw deletedRowsRefusal(exact, 1)
  return { file: withoutOriginals(await resolver.toCompleteFile(snapshot, file, signal)) }
}

/** What the log said about the original's rows and names is not true of its replacement. */
function withoutOriginals(file: DataFile): DataFile {
  const { delta, ...rest } = file
  return delta === undefined ? file : { ...rest, delta: { partitionValues: delta.partitionValues } }
}
