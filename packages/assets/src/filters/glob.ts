/** A part of a pattern: one character of some kind, or any number of any. */
type Part =
  | { readonly kind: 'character'; readonly codePoint: number }
  | { readonly kind: 'any' }
  | { readonly kind: 'star' }
  | { readonly kind: 'set'; readonly isNegated: boolean; readonly ranges: readonly Range[] }

/** Code points, both included. */
type Range = readonly [number, number]

const BANG = 0x21
const STAR = 0x2a
const HYPHEN = 0x2d
const QUESTION = 0x3f
const OPEN = 0x5b
const CLOSE = 0x5d

/**
 * Whether a name is matched by `pattern`, as Python's `fnmatch.fnmatchcase` says: `*` is any number of characters, `/` among
 * them, `?` is one, `[a-z]` and `[!a-z]` are sets; nothing escapes. Takes at most a step for each character of the name and
 * part of the pattern.
 */
export function glob(pattern: string): (name: string) => boolean {
  const parts = partsOf(codePointsOf(pattern))
  return name => matches(parts, codePointsOf(name))
}

function codePointsOf(text: string): readonly number[] {
  return Array.from(text, character => character.codePointAt(0)!)
}

/** What a star takes is given back one by one, from the last star alone: what those before it took never matters. */
function matches(parts: readonly Part[], name: readonly number[]): boolean {
  let [at, part] = [0, 0]
  let [starAt, starPart] = [-1, -1]
  while (at < name.length) {
    const next = parts[part]
    if (next?.kind === 'star') {
      starPart = part++
      starAt = at
    } else if (next !== undefined && holds(next, name[at]!)) {
      part++
      at++
    } else if (starPart >= 0) {
      part = starPart + 1
      at = ++starAt
    } else return false
  }
  return parts.slice(part).every(({ kind }) => kind === 'star')
}

function holds(part: Part, codePoint: number): boolean {
  switch (part.kind) {
    case 'character':
      return part.codePoint === codePoint
    case 'set':
      return (
        part.ranges.some(([from, to]) => from <= codePoint && codePoint <= to) !== part.isNegated
      )
    case 'any':
    case 'star':
      return true
  }
}

function partsOf(pattern: readonly number[]): readonly Part[] {
  const parts: Part[] = []
  for (let at = 0; at < pattern.length; at++) {
    const codePoint = pattern[at]!
    const end = codePoint === OPEN ? endOfSet(pattern, at + 1) : -1
    if (codePoint === STAR) {
      if (parts.at(-1)?.kind !== 'star') parts.push({ kind: 'star' })
    } else if (codePoint === QUESTION) parts.push({ kind: 'any' })
    else if (end < 0) parts.push({ kind: 'character', codePoint })
    else {
      parts.push(setOf(pattern.slice(at + 1, end)))
      at = end
    }
  }
  return parts
}

/** Where the bracket closes, or -1: `]` is one of the set where it stands first, or behind the first `!`. */
function endOfSet(pattern: readonly number[], start: number): number {
  let at = start
  if (pattern[at] === BANG) at++
  if (pattern[at] === CLOSE) at++
  return pattern.indexOf(CLOSE, at)
}

/** Ranges that go backwards hold nothing; with them go their ends, as in Python. */
function setOf(inner: readonly number[]): Part {
  const chunks = chunksOf(inner)
  for (let i = chunks.length - 1; i > 0; i--) {
    const [before, after] = [chunks[i - 1]!, chunks[i]!]
    if (before.at(-1)! <= after[0]!) continue
    chunks.splice(i - 1, 2, [...before.slice(0, -1), ...after.slice(1)])
  }
  const isNegated = chunks[0]?.[0] === BANG
  if (isNegated) chunks[0] = chunks[0]!.slice(1)
  return { kind: 'set', isNegated, ranges: rangesOf(chunks) }
}

/** The texts between the hyphens that make ranges. One at either end, or behind a range, is a character. */
function chunksOf(inner: readonly number[]): (readonly number[])[] {
  const chunks: (readonly number[])[] = []
  let start = 0
  let hyphen = inner.indexOf(HYPHEN, inner[0] === BANG ? 2 : 1)
  while (hyphen >= 0) {
    chunks.push(inner.slice(start, hyphen))
    start = hyphen + 1
    hyphen = inner.indexOf(HYPHEN, hyphen + 3)
  }
  const rest = inner.slice(start)
  if (rest.length > 0 || chunks.length === 0) chunks.push(rest)
  else chunks.push([...chunks.pop()!, HYPHEN])
  return chunks
}

function rangesOf(chunks: readonly (readonly number[])[]): readonly Range[] {
  const ranges: Range[] = []
  for (const [i, chunk] of chunks.entries()) {
    for (const codePoint of chunk) ranges.push([codePoint, codePoint])
    const next = chunks[i + 1]
    if (next === undefined) continue
    // Without a beginning, a hyphen is one.
    const from = chunk.at(-1)
    ranges.push(from === undefined ? [HYPHEN, HYPHEN] : [from, next[0]!])
  }
  return ranges
}
