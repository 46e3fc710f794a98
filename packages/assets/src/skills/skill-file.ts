import { corrupt, TableError } from '@spillway/core'

/** The longest front matter that is read: names, a description and some metadata take some hundred bytes. */
export const MAX_FRONT_MATTER_BYTES = 64 * 1024
/** The longest `SKILL.md`, which an agent reads whole. */
const MAX_SKILL_BYTES = 4 * 1024 * 1024

export interface SkillFile {
  /** Between the fences, without them. */
  readonly frontMatter: string
  /** Behind the closing fence, as it stands there. */
  readonly body: string
  readonly hasByteOrderMark: boolean
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const OPENING = /^---[ \t]*\r?\n/
const FENCE = /^---[ \t]*\r?$/

/**
 * Which of `paths` is the file of a skill whose folder they are relative to: `SKILL.md`, else `skill.md`, as the reference
 * implementation looks for it.
 */
export function findSkillFile(paths: Iterable<string>): string | undefined {
  const found = new Set<string>()
  for (const path of paths) if (path === 'SKILL.md' || path === 'skill.md') found.add(path)
  return found.has('SKILL.md') ? 'SKILL.md' : [...found][0]
}

/** The parts of the bytes of a `SKILL.md`. A fence is a line of its own: `---` in a text or in the body is none. */
export function splitSkillFile(bytes: Uint8Array, path: string | undefined): SkillFile {
  if (bytes.length > MAX_SKILL_BYTES) {
    const message = `a SKILL.md of ${bytes.length} bytes: at most ${MAX_SKILL_BYTES} are read`
    throw new TableError('UNSUPPORTED_FEATURE', message, { context: { ...(path && { path }) } })
  }
  const whole = decoded(bytes, path)
  const hasByteOrderMark = whole.startsWith('\ufeff')
  const text = hasByteOrderMark ? whole.slice(1) : whole
  const opening = OPENING.exec(text)?.[0]
  if (opening === undefined) {
    throw corrupt('front matter', 'its first line is not "---"', { path, line: 1 })
  }
  let start = opening.length
  for (;;) {
    const end = text.indexOf('\n', start)
    if (FENCE.test(text.slice(start, end < 0 ? undefined : end))) {
      const frontMatter = text.slice(opening.length, start)
      return { frontMatter, body: end < 0 ? '' : text.slice(end + 1), hasByteOrderMark }
    }
    if (end < 0 || end > MAX_FRONT_MATTER_BYTES) break
    start = end + 1
  }
  const reason = `no line "---" closes it within ${MAX_FRONT_MATTER_BYTES} bytes`
  throw corrupt('front matter', reason, { path })
}

function decoded(bytes: Uint8Array, path: string | undefined): string {
  try {
    return utf8.decode(bytes)
  } catch (cause) {
    throw corrupt('a SKILL.md in UTF-8', 'its bytes are none', { path, cause })
  }
}
