import { askInDelta, fixedBinaryColumns, TableError } from '@spillway/core'
import type { ExactRows } from './exact-rows.js'
import type { Misfit } from './misfit.js'

export function foreignRefusal(fileFormat: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the table holds ${fileFormat} files, and only Parquet files are shared`,
    { context: { feature: fileFormat } },
  )
}

/** The refusal of `files` files that this recipient could only be sent after rewriting. */
export function deletedRowsRefusal(
  exact: ExactRows,
  { files, tooLong = false }: { readonly files: number; readonly tooLong?: boolean },
): TableError {
  const { snapshot, accepts } = exact
  const vectors = accepts.features.has('deletionVectors')
  const some = files === 1 ? '1 file of the table has' : `${files} files of the table have`
  return new TableError(
    'UNSUPPORTED_FEATURE',
    tooLong
      ? `${some} deleted rows whose deletion vector is longer than the ${accepts.inlineVectorBytes} bytes that a line of the answer may hold; have the provider configure staging, which holds it in a file`
      : `${some} deleted or changed rows that ${vectors ? 'a deletion vector' : 'plain Parquet'} cannot express; ${remedy(exact, vectors)}`,
    {
      context: {
        feature: vectors ? 'row-level deletes' : 'deletionVectors',
        files,
        version: snapshot.version,
      },
    },
  )
}

/** The refusal of changes whose vectors stand in one file with those of files that are withheld. */
export function packedRefusal({ snapshot }: ExactRows): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    'the table is shared in part, and its changes have deletion vectors that share a file with those of other data files; have the provider configure staging, which gives each a file of its own',
    { context: { feature: 'deletionVectors', version: snapshot.version } },
  )
}

/** The refusal of `files` files in which this recipient would not find what the table holds; `misfit` is one of them. */
export function misfitRefusal(
  { snapshot, accepts, resolver }: ExactRows,
  { files, misfit }: { readonly files: number; readonly misfit: Misfit },
): TableError {
  const some = files === 1 ? '1 file of the table' : `${files} files of the table`
  const mapped = accepts.lookup?.(snapshot)?.by === 'id'
  const rewrite = 'have the provider configure staging, which rewrites such files'
  const asking = askFor(['columnMapping'], { snapshot, accepts, resolver })
  const ways = [
    ...(mapped || misfit.kind !== 'name' || asking === undefined ? [] : [`ask with ${asking}`]),
    ...(misfit.rewritable === false ? [] : [rewrite]),
  ]
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `${some} cannot be sent as ${files === 1 ? 'it is' : 'they are'}: column ${misfit.column} ${misfit.reason}${ways.length === 0 ? '' : `; ${ways.join(', or ')}`}`,
    {
      context: {
        feature: 'columns in files',
        column: misfit.column,
        files,
        version: snapshot.version,
      },
    },
  )
}

/** How this recipient may ask so that it reads `features` as well; undefined where no request can say so. */
export function askFor(
  features: readonly string[],
  { snapshot, accepts, resolver }: Pick<ExactRows, 'snapshot' | 'accepts' | 'resolver'>,
): string | undefined {
  const pythonRefuses =
    resolver?.toCompleteFile === undefined && fixedBinaryColumns(snapshot).length > 0
  return askInDelta(features, { accepted: accepts.features, pythonRefuses })
}

function remedy(exact: ExactRows, vectors: boolean): string {
  const { snapshot, resolver } = exact
  const byVectors =
    snapshot.deletes === 'delta-vectors' ||
    (snapshot.deletes === 'delete-files' && resolver !== undefined)
  return !vectors && byVectors
    ? `ask with ${askFor(['deletionVectors'], exact)}, or have the provider configure staging`
    : 'have the provider configure staging, which rewrites them'
}
