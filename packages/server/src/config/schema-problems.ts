import type { z } from 'zod'
import { foundUrl, foundValue, quotedKey } from './found-value.js'
import { type KnownKeys, knownKeys } from './known-keys.js'

/** One mistake in a document that a person wrote. */
export interface ConfigProblem {
  /** Keys and indexes from the top of the document to what is wrong. */
  readonly path: readonly (string | number)[]
  /** Whether the key is wrong, or what stands behind it. */
  readonly at: 'key' | 'value'
  /** What was expected and what was found, without the place. Text that may be a secret is never in it. */
  readonly message: string
  /** Something that has to be there is not; `path` is where it belongs. */
  readonly isMissing?: boolean
  /** What may be meant by what is `written`. */
  readonly meant?: { readonly written: string; readonly names: readonly string[] }
}

type Issue = z.core.$ZodIssue

interface Checked {
  readonly document: unknown
  readonly known: KnownKeys
}

/**
 * What a schema found in `document`, in words of people, a problem for each mistake.
 *
 * @internal
 */
export function schemaProblems(
  issues: readonly z.core.$ZodIssue[],
  { schema, document }: { readonly schema: z.ZodType; readonly document: unknown },
): readonly ConfigProblem[] {
  const checked = { document, known: knownKeys(schema) }
  return issues.flatMap(issue => problemsOf(issue, issue.path, checked))
}

function problemsOf(
  issue: Issue,
  at: readonly PropertyKey[],
  checked: Checked,
): readonly ConfigProblem[] {
  const path = at.map(key => (typeof key === 'number' ? key : String(key)))
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(key => unknownKey(key, path, checked))
  }
  if (issue.code === 'invalid_union' && issue.discriminator === undefined) {
    return unionProblems(issue, path, checked)
  }
  const value = valueAt(checked.document, path)
  if (value === undefined && path.length > 0) {
    return [{ path, at: 'value', isMissing: true, message: `"${path.at(-1)}" is missing` }]
  }
  const names = namesOf(issue)
  const meant = names && typeof value === 'string' ? { written: value, names } : undefined
  const message = messageOf(issue, value, path)
  return [
    { path, at: issue.code === 'invalid_key' ? 'key' : 'value', message, ...(meant && { meant }) },
  ]
}

function unknownKey(
  key: string,
  path: readonly (string | number)[],
  { document, known }: Checked,
): ConfigProblem {
  const map = valueAt(document, path)
  const names = known(path, document).filter(
    name => map === undefined || !Object.hasOwn(map as object, name),
  )
  return {
    path: [...path, key],
    at: 'key',
    message: `unknown key ${quotedKey(key)}`,
    meant: { written: key, names },
  }
}

/** Of the alternatives the one whose kind of value was written is explained; where there is none, all are named. */
function unionProblems(
  issue: Extract<Issue, { readonly code: 'invalid_union' }>,
  path: readonly (string | number)[],
  checked: Checked,
): readonly ConfigProblem[] {
  const isOther = (each: Issue) => each.code === 'invalid_type' && each.path.length === 0
  const near = issue.errors.find(branch => !branch.some(isOther))
  if (near !== undefined) {
    return near.flatMap(each => problemsOf(each, [...path, ...each.path], checked))
  }
  const kinds = issue.errors.flat().flatMap(each => ('expected' in each ? [kindOf(each)] : []))
  const found = foundValue(valueAt(checked.document, path), path, { isWord: false })
  const message = `expected ${listed([...new Set(kinds)])}, found ${found}`
  return [{ path, at: 'value', message }]
}

function namesOf(issue: Issue): readonly string[] | undefined {
  if (issue.code === 'invalid_value') return issue.values.map(String)
  if (issue.code === 'invalid_union' && 'options' in issue) return issue.options?.map(String)
  return undefined
}

const FORMATS: Readonly<Record<string, string>> = {
  url: 'a URL such as https://share.example',
  datetime: 'a moment such as 2026-01-31T12:00:00Z',
  ipv4: 'an IP address',
  ipv6: 'an IP address',
}

function messageOf(issue: Issue, value: unknown, path: readonly PropertyKey[]): string {
  const found = foundValue(value, path)
  const names = namesOf(issue)
  if (names !== undefined) return `expected ${listed(names)}, found ${found}`
  switch (issue.code) {
    case 'invalid_type': {
      const isWord = WORDS.has(issue.expected)
      return `expected ${kindOf(issue)}, found ${foundValue(value, path, { isWord })}`
    }
    case 'too_small':
    case 'too_big':
      return sizeMessage(issue, value, found)
    case 'invalid_format': {
      const format = FORMATS[issue.format]
      if (issue.format === 'url' && typeof value === 'string') {
        return `expected ${format}, found ${foundUrl(value)}`
      }
      return `${format === undefined ? issue.message : `expected ${format}`}, found ${found}`
    }
    case 'invalid_key':
      return 'the key is too long'
    case 'custom':
      return `${issue.message}, found ${found}`
    default:
      return `expected something else, found ${found}`
  }
}

function sizeMessage(
  issue: Extract<Issue, { readonly code: 'too_small' | 'too_big' }>,
  value: unknown,
  found: string,
): string {
  const isSmall = issue.code === 'too_small'
  const bound = String(isSmall ? issue.minimum : issue.maximum)
  if (issue.origin === 'string') {
    if (bound === '1') return 'expected text, found an empty one'
    const length = typeof value === 'string' ? value.length : 0
    return `expected ${isSmall ? 'at least' : 'at most'} ${bound} characters, found ${length}`
  }
  if (issue.origin === 'array') return `expected at least ${bound} in the list, found none`
  const open = issue.inclusive === false ? (isSmall ? 'more than ' : 'less than ') : ''
  const closed = open === '' ? (isSmall ? ' or more' : ' or less') : ''
  return `expected ${open}${bound}${closed}, found ${found}`
}

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  date: 'a moment such as 2026-01-31T12:00:00Z',
}

/** Kinds of which what is written instead is short, and helps: `8420s` for a number. */
const WORDS: ReadonlySet<string> = new Set(['number', 'int', 'boolean', 'date'])

function kindOf(issue: { readonly expected?: string }): string {
  return KINDS[issue.expected ?? ''] ?? 'something else'
}

function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? 'something else'
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`
}

function valueAt(document: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Readonly<Record<PropertyKey, unknown>>)[key]
        : undefined,
    document,
  )
}
