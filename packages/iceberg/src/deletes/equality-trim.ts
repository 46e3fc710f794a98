import {
  type Column,
  type ColumnStats,
  compareBytes,
  type FieldPath,
  HOLDS_ANYTHING,
  HOLDS_NANS,
  HOLDS_NULLS,
  HOLDS_VALUES,
  isValid,
  leafOf,
  readBytes,
  type Selection,
  selectAll,
} from '@spillway/core'
import type { ManifestView } from '../manifest/manifest-view.js'
import type { DeleteDetails } from './delete-manifest.js'

/** Bounds of the columns that equality deletes compare: of delete files, and of the data files asked about. */
export interface EqualityTrim {
  /** False only where no row of the data file can equal one of the delete file. */
  mayDelete(deleteRow: number, dataRow: number): boolean
}

export interface TrimOptions {
  /** The data files that will be asked about. */
  readonly rows: Selection
  /** Every column that the table ever had outside lists and maps, by id. */
  readonly leaves: ReadonlyMap<number, FieldPath>
  readonly signal?: AbortSignal | undefined
}

/**
 * What the bounds of data files and equality delete files prove about each other. A row is deleted where every
 * equality column is equal, null to null and NaN to NaN (spec, "Equality Delete Files"): columns that cannot meet rule
 * a delete file out. Metrics that are missing prove nothing, and neither do those of a column that a file was written
 * before: such rows have its default.
 */
export async function equalityTrim(
  deletes: { readonly view: ManifestView; readonly details: DeleteDetails },
  data: ManifestView,
  { rows, leaves, signal }: TrimOptions,
): Promise<EqualityTrim> {
  const { equalityIds, equalityColumns } = deletes.details
  const paths = [...equalityColumns].map(id => leaves.get(id)).filter(path => path !== undefined)
  const { manifest } = deletes.view
  const [own, theirs] = await Promise.all([
    manifest.metrics(paths, selectAll(manifest.length), signal),
    data.readStats(paths, rows, signal),
  ])
  const statsOf = new Map(paths.map((path, i) => [leafOf(path).id, own[i]!]))
  return {
    mayDelete: (deleteRow, dataRow) =>
      equalityIds.get(deleteRow)!.every(id => {
        const side = statsOf.get(id)
        const statistics = theirs.columns.get(id) ?? []
        return side === undefined || statistics.every(one => mayMeet(side, deleteRow, one, dataRow))
      }),
  }
}

/** False only where no value, null or NaN of the one can be of the other. */
function mayMeet(a: ColumnStats, i: number, b: ColumnStats, j: number): boolean {
  const shared = (a.holds?.[i] ?? HOLDS_ANYTHING) & (b.holds?.[j] ?? HOLDS_ANYTHING)
  if ((shared & (HOLDS_NULLS | HOLDS_NANS)) !== 0) return true
  if ((shared & HOLDS_VALUES) === 0) return false
  // Bounds of bucket numbers say nothing about values.
  if (a.bucketCount !== undefined || b.bucketCount !== undefined) return true
  return !isBelow(a.upper, i, b.lower, j) && !isBelow(b.upper, j, a.lower, i)
}

/** True where both are known and the first is less. Bounds of one column have one type, so one kind. */
function isBelow(a: Column | undefined, i: number, b: Column | undefined, j: number): boolean {
  if (a === undefined || b === undefined || !isValid(a, i) || !isValid(b, j)) return false
  if (a.kind === 'dictionary') return isBelow(a.values, a.codes[i]!, b, j)
  if (b.kind === 'dictionary') return isBelow(a, i, b.values, b.codes[j]!)
  if (a.kind === 'bytes') {
    return b.kind === 'bytes' && compareBytes(readBytes(a, i), readBytes(b, j)) < 0
  }
  return b.kind === a.kind && a.values[i]! < b.values[j]!
}
