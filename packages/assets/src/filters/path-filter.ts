import { TableError } from '@spillway/core'
import { quotedName } from '../paths/path-fault.js'
import { glob } from './glob.js'

export interface PathFilterOptions {
  /** Patterns of which one has to match. All files unless one is given. */
  readonly include?: readonly string[] | undefined
  /** Patterns of which none may match. */
  readonly exclude?: readonly string[] | undefined
}

/** A step for each character of a path and of a pattern: 4 million for the longest of both. */
const MAX_PATTERN_CHARACTERS = 1024

/**
 * Tells which paths are meant, as the Hugging Face client does: case counts, `*` goes across `/` (`*.json` is also
 * `a/b.json`), a folder with its `/` is all that lies below it, and a backslash is `/`. Throws `INVALID_REQUEST` for an empty
 * pattern, and one of more than 1024 characters.
 */
export function pathFilter({
  include = [],
  exclude = [],
}: PathFilterOptions): (path: string) => boolean {
  const included = include.map(matcherOf)
  const excluded = exclude.map(matcherOf)
  return path => {
    const isIncluded = included.length === 0 || included.some(matches => matches(path))
    return isIncluded && !excluded.some(matches => matches(path))
  }
}

function matcherOf(pattern: string): (path: string) => boolean {
  if (pattern === '' || pattern.length > MAX_PATTERN_CHARACTERS) {
    throw new TableError(
      'INVALID_REQUEST',
      `expected a pattern of 1 to ${MAX_PATTERN_CHARACTERS} characters, found ${quotedName(pattern)}`,
    )
  }
  const normal = pattern.replaceAll('\\', '/')
  return glob(normal.endsWith('/') ? `${normal}*` : normal)
}
