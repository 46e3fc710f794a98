import { compareValues, type TableSource } from '@spillway/core'
import { withoutSlash } from '../paths/paths.js'

/**
 * False only where the bounds of the paths in a position delete file prove that it names no row of `path`. A path may
 * be spelled in several ways: bounds say something only where they and the data file lie below `root`, where there is
 * one, and then so does all between them.
 */
export function mayHoldPath(
  bounds: { readonly lower: string; readonly upper: string },
  path: string,
  root: string | undefined,
): boolean {
  const { lower, upper } = bounds
  if (lower === '' || upper === '' || root === undefined) return true
  const spelled = [lower, upper, path]
  if (!spelled.every(text => text.startsWith(root) && !text.includes('//', root.length - 1))) {
    return true
  }
  return compareValues(lower, path) <= 0 && compareValues(path, upper) <= 0
}

/** The folder below which paths have one spelling: the table's, unless a rebase rule tells folders in it apart. */
export function pathRootOf(
  tableLocation: string | undefined,
  { rebase = [] }: TableSource,
): string | undefined {
  if (tableLocation === undefined) return undefined
  const root = `${withoutSlash(tableLocation)}/`
  const splits = rebase.some(({ from }) => from.startsWith(root) && from !== root)
  return splits ? undefined : root
}
