import { foldedPath } from '@spillway/assets'
import { PART_PREFIX, STATE_FOLDER } from './destination.js'

/** What a download keeps for itself under its exact name: in a folder of it, everything else is somebody's. */
export function isOurs(path: string): boolean {
  if (path === STATE_FOLDER || path.startsWith(`${STATE_FOLDER}/`)) return true
  return isUnfinished(path.slice(path.lastIndexOf('/') + 1))
}

/** The name of a file that is not whole yet. */
export function isUnfinished(name: string): boolean {
  return name.startsWith(PART_PREFIX) && /^[0-9a-f]{24}$/.test(name.slice(PART_PREFIX.length))
}

/**
 * A folder that was downloaded and is shared holds what the download kept for itself: it is no part of the asset. Names that
 * some disk takes for such names are such.
 */
export function isReserved(path: string): boolean {
  const folded = foldedPath(path)
  return (
    folded === STATE_FOLDER ||
    folded.startsWith(`${STATE_FOLDER}/`) ||
    folded.slice(folded.lastIndexOf('/') + 1).startsWith(PART_PREFIX)
  )
}
