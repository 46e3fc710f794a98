import { askInDelta, TableError } from '@spillway/core'
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
  { snapshot, accepts }: ExactRows,
  { files, misfit }: { readonly files: number; readonly misfit: Misfit },
): TableError {
  const some = files === 1 ? '1 file of the table' : `${files} files of the table`
  const mapped = accepts.lookup?.(snapshot)?.by === 'id'
  const rewrite = 'have the provider configure staging, which rewrites such files'
  const ways = [
    ...(mapped || misfit.kind !== 'name' ? [] : [`ask with ${askInDelta(['columnMapping'])}`]),
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

function remedy({ snapshot, resolver }: ExactRows, vectors: boolean): string {
  const byVectors =
    snapshot.deletes === 'delta-vectors' ||
    (snapshot.deletes === 'delete-files' && resolver !== undefined)
  return !vectors && byVectors
    ? `ask with ${askInDelta(['deletionVectors'])}, or have the provider configure staging`
    : 'have the provider configure staging, which rewrites them'
}
