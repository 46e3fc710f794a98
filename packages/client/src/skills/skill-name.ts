import { pathFault } from '@spillway/assets'
import { TableError } from '@spillway/core'

const MAX_CHARACTERS = 64

/**
 * The name of a skill that becomes that of a folder: what the specification allows in any alphabet. Names that hide, that are
 * options to a command, or that lead elsewhere are refused before any path is made of them.
 */
export function requireSkillName(name: string): string {
  const isPlain = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}])?$/u.test(name)
  if (isPlain && [...name].length <= MAX_CHARACTERS && pathFault(name) === undefined) return name
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `expected the name of a skill, of at most ${MAX_CHARACTERS} letters, digits and hyphens, found ${shownName(name)}`,
  )
}

/** One name to a disk that folds case: both are not to lie in one folder. */
export function isTwin(name: string, other: string): boolean {
  return name !== other && folded(name) === folded(other)
}

export function shownName(name: string): string {
  const cut = name.length > 200 ? `${name.slice(0, 200)}…` : name
  return JSON.stringify(cut).replace(
    /[\p{C}\u2028\u2029]/gu,
    each => `\\u{${each.codePointAt(0)!.toString(16)}}`,
  )
}

function folded(name: string): string {
  return name.normalize('NFKC').toUpperCase().toLowerCase()
}
