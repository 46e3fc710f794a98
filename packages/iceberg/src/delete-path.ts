import { compareValues } from '@spillway/core'
import { baseName } from './paths.js'

/**
 * False only where the bounds of the paths in a position delete file prove that it names no row of `path`. Tables that
 * were moved have delete files that spell paths as they were: one whole path is compared by its last name, and a range
 * counts only if it and the data file are spelled below the same table location.
 */
export function canNamePath(
  bounds: { readonly lower: string; readonly upper: string },
  path: string,
  tableLocation: string | undefined,
): boolean {
  const { lower, upper } = bounds
  if (lower === '' || upper === '') return true
  if (lower === upper) return baseName(lower) === baseName(path)
  const prefix = tableLocation === undefined ? undefined : `${tableLocation.replace(/\/+$/, '')}/`
  if (prefix === undefined) return true
  if (![lower, upper, path].every(text => text.startsWith(prefix))) return true
  return compareValues(lower, path) <= 0 && compareValues(path, upper) <= 0
}
