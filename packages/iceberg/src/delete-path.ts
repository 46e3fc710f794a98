import { compareValues } from '@spillway/core'
import { baseName } from './paths.js'

/**
 * False only where the bounds of the paths in a position delete file prove that it names no row of `path`. Tables that
 * were moved have delete files that spell paths as they were: bounds count whole only if they and the data file are
 * spelled below the same table location; elsewhere one path is compared by its last name, and a range not at all.
 */
export function canNamePath(
  bounds: { readonly lower: string; readonly upper: string },
  path: string,
  tableLocation: string | undefined,
): boolean {
  const { lower, upper } = bounds
  if (lower === '' || upper === '') return true
  const prefix = tableLocation === undefined ? undefined : `${tableLocation.replace(/\/+$/, '')}/`
  if (prefix === undefined || ![lower, upper, path].every(text => text.startsWith(prefix))) {
    return lower !== upper || baseName(lower) === baseName(path)
  }
  return compareValues(lower, path) <= 0 && compareValues(path, upper) <= 0
}
