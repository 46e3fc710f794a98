import type { DataFile, DeletionVector, FooterEdit } from '@spillway/core'
import { emptyText, type FittedFile, notConstant } from '../fitting/fitted-files.js'
import type { ExactRows } from '../recipient/exact-rows.js'
import { deletedRowsRefusal, misfitRefusal } from '../recipient/refusals.js'
import { isMapped, underPhysicalNames } from '../recipient/table-wide.js'
import { deliveryOf, type RewritingResolver } from './delivery.js'
import { placed, travelling } from './vectors.js'

/** A file whose rows, less `vector`'s, are exactly the table's. */
export interface ExactFile {
  readonly file: DataFile
  /** Served under another footer: `file.size` is its size then. */
  readonly view?: readonly FooterEdit[] | undefined
  readonly vector?: DeletionVector
  /** Of its paths those that the resolver wrote for it: all others are the table's own words. */
  readonly written?: readonly string[]
  /** See `SignedFile`. */
  readonly listing?: number
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
  const delivery = deliveryOf(fitted, exact)
  switch (delivery.kind) {
    case 'itself': {
      const vector = file.deletes[0] as DeletionVector | undefined
      if (vector === undefined) return [{ file }]
      return [{ file, vector: await travelling(vector, file, exact, signal) }]
    }
    case 'vector': {
      const vector = await delivery.resolver.toDeletionVector(exact.snapshot, file, signal)
      return [{ file, ...(await placed(vector, exact, signal)) }]
    }
    case 'split': {
      const slice = await delivery.resolver.splitSlice(exact.snapshot, file, signal)
      if (slice === undefined) throw deletedRowsRefusal(exact, { files: 1 })
      const { base, changed } = slice
      const vector = base?.vector && (await placed(base.vector, exact, signal))
      return [
        ...(base === undefined ? [] : [{ file: base.file, ...vector }]),
        ...(changed ? [{ file: changed, written: [changed.path] }] : []),
      ]
    }
    case 'rewritten':
      return rewritten(file, exact, { ...delivery, signal })
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

async function rewritten(
  file: DataFile,
  exact: ExactRows,
  { resolver, signal }: { resolver: RewritingResolver; signal: AbortSignal | undefined },
): Promise<readonly ExactFile[]> {
  const { snapshot } = exact
  const named = isMapped(exact) || needsNames(exact) ? underPhysicalNames(snapshot) : snapshot
  const complete = withoutOriginals(await resolver.toCompleteFile(named, file, signal))
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
