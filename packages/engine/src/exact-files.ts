import {
  type Accepts,
  type DataFile,
  type DeleteFile,
  type LiveFiles,
  type RowResolver,
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
}

/** The table-wide features of `metadata` that a recipient cannot apply by itself. */
export function tableWideNeeds(metadata: TableMetadata, accepts: Accepts): readonly string[] {
  return Object.keys(TABLE_WIDE).filter(
    feature => metadata.features.has(feature) && !accepts.features.has(feature),
  )
}

/** Throws where no file of the table could be sent exactly, whichever survive. */
export function refuseTable({ snapshot, accepts, resolver }: ExactRows): void {
  const needs = tableWideNeeds(snapshot, accepts)
  if (resolver !== undefined || needs.length === 0) return
  const count = snapshot.totals?.files
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
    inexact += files.filter(file => !sentByItself(file, options.exact.accepts)).length
  }
  return inexact
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

/** True for a file whose exact rows need nobody's help: untouched, or with one vector the recipient applies. */
function sentByItself(file: DataFile, accepts: Accepts): boolean {
  if (file.fileFormat !== 'parquet' || file.logFiles.length > 0) return false
  if (file.deletes.length === 0) return true
  return (
    file.deletes.length === 1 &&
    file.deletes[0]!.kind === 'deletion-vector' &&
    accepts.features.has('deletionVectors')
  )
}

/** As it is, as a vector, rewritten, or refused: the order of architecture.md section 1. */
export async function makeExact(
  file: DataFile,
  exact: ExactRows,
  signal?: AbortSignal,
): Promise<ExactFile> {
  const { snapshot, accepts, resolver } = exact
  const whole = tableWideNeeds(snapshot, accepts).length === 0
  if (whole && sentByItself(file, accepts)) {
    const vector = file.deletes[0]
    return vector === undefined ? { file } : { file, vector: vector as DeletionVector }
  }
  if (resolver === undefined) throw deletedRowsRefusal(exact, 1)
  const readable = file.fileFormat === 'parquet' && file.logFiles.length === 0
  if (whole && readable && accepts.features.has('deletionVectors')) {
    const vector = await resolver.toDeletionVector(snapshot, file, signal)
    if (vector.kind === 'deletion-vector') return { file, vector }
  }
  return { file: withoutOriginals(await resolver.toCompleteFile(snapshot, file, signal)) }
}

/** What the log said about the original's rows and names is not true of its replacement. */
function withoutOriginals(file: DataFile): DataFile {
  const { delta, ...rest } = file
  return delta === undefined ? file : { ...rest, delta: { partitionValues: delta.partitionValues } }
}
