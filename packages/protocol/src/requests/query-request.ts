import { hasFewMembers, hasFewValues, hasLongInteger, parseJson, TableError } from '@spillway/core'
import { z } from 'zod'

/**
 * 64-bit integers also come as texts, as JSON of Protocol Buffers has them. One spelling each: what reads `01` or ` 1` as a number
 * would read a version out of what is none.
 */
const INTEGER_TEXT = /^(?:0|-?[1-9]\d{0,18})$/

const integer = z.union(
  [
    z.bigint(),
    z.int().transform(value => BigInt(value)),
    z
      .string()
      .regex(INTEGER_TEXT)
      .transform(value => BigInt(value)),
  ],
  { error: 'must be an integer, as a number or as its digits in a text' },
)
const INT32_MAX = 2n ** 31n - 1n

const int32 = integer.refine(value => value <= INT32_MAX && value >= -INT32_MAX - 1n, {
  error: 'must be a 32-bit integer',
})

/** Absent and null are one. */
function optional<Schema extends z.ZodType>(schema: Schema) {
  return schema.nullish().transform(value => value ?? undefined)
}

/** One issue for a whole list: a list of a million wrong members is not a message of as many lines. */
const texts = z.custom<readonly string[]>(
  value => Array.isArray(value) && value.every(each => typeof each === 'string'),
  { error: 'must be a list of texts' },
)

/** Kept for as long as the query that it names; clients send UUIDs. */
const MAX_KEY_CHARACTERS = 1024

const body = z.object({
  predicateHints: optional(texts),
  jsonPredicateHints: optional(z.string()),
  limitHint: optional(integer),
  version: optional(integer),
  timestamp: optional(z.string()),
  startingVersion: optional(integer),
  endingVersion: optional(integer),
  includeHistoricalProtocol: optional(z.boolean()),
  idempotencyKey: optional(z.string().max(MAX_KEY_CHARACTERS)),
  maxFiles: optional(int32),
  pageToken: optional(z.string()),
  includeRefreshToken: optional(z.boolean()),
  refreshToken: optional(z.string()),
})

/** The body of a query. Integers are bigint: a version is 64 bits wide. */
export type QueryRequest = z.infer<typeof body>

const pageBody = body.pick({ maxFiles: true, pageToken: true })

/** The body of a look at an asynchronous query. */
export type QueryInfoRequest = z.infer<typeof pageBody>

/** PROTOCOL.md spells members in camel case; one client sends some of them with underscores. */
const ALIASES: Readonly<Record<string, string>> = {
  idempotency_key: 'idempotencyKey',
  max_files: 'maxFiles',
  page_token: 'pageToken',
}

/** An absent body asks for everything. Unknown members are ignored. */
export function parseQueryRequest(text: string): QueryRequest {
  return check(body, text)
}

export function parseQueryInfoRequest(text: string): QueryInfoRequest {
  return check(pageBody, text)
}

function check<Schema extends z.ZodType>(schema: Schema, text: string): z.infer<Schema> {
  const parsed = schema.safeParse(renameAliases(parseBody(text)))
  if (parsed.success) return parsed.data
  const reasons = parsed.error.issues.map(issue =>
    issue.path.length === 0
      ? 'the body must be a JSON object'
      : `${issue.path.join('.')}: ${issue.message}`,
  )
  throw new TableError('INVALID_REQUEST', `invalid request body: ${reasons.join('; ')}`)
}

function parseBody(text: string): unknown {
  if (text.trim() === '') return {}
  requireFewValues(text)
  try {
    return parseJson(text)
  } catch {
    throw new TableError('INVALID_REQUEST', 'the request body is not JSON')
  }
}

/**
 * Many would hold the thread before anything is known of the request. Of a body with a long integer each value is looked at; of
 * others hints may be as many as fit, for they cost next to nothing.
 */
const MAX_VALUES = 10_000

function requireFewValues(text: string): void {
  if (!hasFewMembers(text, MAX_VALUES)) {
    throw new TableError(
      'INVALID_REQUEST',
      `invalid request body: more than ${MAX_VALUES} members, lists and objects`,
    )
  }
  if (!hasLongInteger(text) || hasFewValues(text, MAX_VALUES)) return
  throw new TableError(
    'INVALID_REQUEST',
    `invalid request body: more than ${MAX_VALUES} values, and integers of 16 digits or more among them`,
  )
}

function renameAliases(document: unknown): unknown {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return document
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [ALIASES[key] ?? key, value]),
  )
}
