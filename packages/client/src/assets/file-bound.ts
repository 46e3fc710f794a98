import { TableError } from '@spillway/core'

const MAX_FILES = 1_000_000
/** A file with more text than this counts as several. */
const TEXT_OF_A_FILE = 512

/** Counts the files of a listing, by the length of what is kept of each as text, and refuses it where they are too many. */
export function fileBound(
  name: string,
  maxFiles: number = MAX_FILES,
): (textLength: number) => void {
  let taken = 0
  return textLength => {
    taken += 1 + Math.floor(textLength / TEXT_OF_A_FILE)
    if (taken <= maxFiles) return
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `${name} has more than ${maxFiles} files, which are listed at most: a higher maxFiles (--max-files) lists more`,
      { context: { limit: maxFiles } },
    )
  }
}
