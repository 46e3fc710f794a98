import {
  type Accepts,
  askInDelta,
  type ChangeSet,
  type DataFile,
  type DeletionVector,
  fixedBinaryColumns,
  storedBitmap,
  TableError,
  type TableMetadata,
} from '@spillway/core'
import { deliveryOf, unsplit } from '../exact/delivery.js'
import { splitFile } from '../exact/exact-files.js'
import { WideDeletes } from '../exact/wide-deletes.js'
import { mayHoldEmptyText } from '../fitting/fitted-files.js'
import type { Fitter } from '../fitting/fitter.js'
import type { ExactRows } from '../recipient/exact-rows.js'
import { misfitRefusal, packedRefusal } from '../recipient/refusals.js'
import { tableWideNeeds } from '../recipient/table-wide.js'

/** Throws where a table's metadata alone tells that its files cannot be sent to this recipient. */
export function refuseMetadata(metadata: TableMetadata, accepts: Accepts): void {
  const needs = tableWideNeeds(metadata, accepts)
  if (needs.length === 0) return
  throw unsupported(needs, { ...metadata, accepts })
}

interface Recipient {
  readonly accepts: Accepts
  readonly exact: ExactRows
  readonly fitter: Fitter
  readonly action: ChangeSet['changes'][number]['action']
}

/** Throws where one file that `version` added, removed or recorded cannot be sent exactly. */
export async function refuseChange(
  file: DataFile,
  version: bigint,
  { accepts, exact, fitter, action }: Recipient,
): Promise<void> {
  // No Parquet file is empty: readers ask for exactly as many bytes as they were told.
  if (!(file.size > 0)) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `version ${version} removed a file without recording its size, so its changes cannot be shared; start after it`,
      { context: { version } },
    )
  }
  const merges = exact.snapshot.mergedLogs !== undefined
  if (file.logFiles.length > 0 && !merges)
    throw unsupported(['mergeLogs'], { ...exact.snapshot, version, accepts })
  if (exact.snapshot.deletes !== 'delta-vectors') {
    const [fitted] = await fitter.fit([file])
    if (fitted!.isEmpty) return
    const inParts = unsplit(fitted!, exact)
    if (inParts === undefined && deliveryOf(fitted!, exact).kind !== 'refused') {
      if (mayHoldEmptyText(fitted!)) await splitFile(fitted!, exact)
      const wide = new WideDeletes()
      wide.add(file)
      await wide.check(exact)
      return
    }
    const misfit = fitted!.misfit ?? inParts
    throw misfit === undefined ? deletedRows(version) : misfitRefusal(exact, { files: 1, misfit })
  }
  if (file.deletes.length > 0 && !accepts.features.has('deletionVectors')) {
    throw unsupported(['deletionVectors'], { ...exact.snapshot, version, accepts })
  }
  const [vector] = file.deletes
  if (vector?.kind === 'deletion-vector' && isPacked(vector, exact)) {
    if (exact.resolver?.toVectorFile === undefined) throw packedRefusal(exact)
  }
  const [fitted] = await fitter.fit([file])
  const { misfit } = fitted!
  if (misfit === undefined) return
  // States that differ by a vector are paired by their file; a recorded change's own column has no id.
  const byId = exact.snapshot.columnMatching.by === 'id'
  const isWhole = file.deletes.length === 0 && !(action === 'cdc' && byId)
  const drops = exact.snapshot.source.redactDropped !== undefined
  if (isWhole && !drops && deliveryOf(fitted!, exact).kind === 'rewritten') return
  const rewritable = isWhole && !drops
  throw misfitRefusal(exact, {
    files: 1,
    misfit: rewritable ? misfit : { ...misfit, rewritable: false },
  })
}

/** A vector's file may hold those of files that are withheld. */
export function isPacked(vector: DeletionVector, { sharedInPart }: ExactRows): boolean {
  return sharedInPart === true && storedBitmap(vector) !== undefined
}

function deletedRows(version: bigint): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the changes of version ${version} include row-level deletes (deletionVectors), which are shared as rewritten files; have the provider configure staging`,
    { context: { feature: 'row-level deletes', version } },
  )
}

function unsupported(
  features: readonly string[],
  {
    version,
    schema,
    accepts,
  }: Pick<TableMetadata, 'version' | 'schema'> & Pick<ExactRows, 'accepts'>,
): TableError {
  const pythonRefuses = fixedBinaryColumns({ schema }).length > 0
  const asking = askInDelta(features, { accepted: accepts.features, pythonRefuses })
  const named = features.join(', ')
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `the changes of version ${version} use ${named}, which this request does not accept; ${asking === undefined ? 'query the table itself, in place of its changes' : `ask with ${asking}`}`,
    { context: { feature: features.join(','), version } },
  )
}
