import type { JsonValue } from '@spillway/core'

export type JsonObject = { readonly [key: string]: JsonValue }

/** Members that hold integers; servers built on protobuf's JSON write 64-bit ones as strings. */
const INTEGERS: ReadonlySet<string> = new Set([
  'size',
  'version',
  'timestamp',
  'expirationTimestamp',
  'minReaderVersion',
  'minWriterVersion',
  'numFiles',
  'modificationTime',
  'deletionTimestamp',
  'minUrlExpirationTimestamp',
  'httpStatusErrorCode',
  'offset',
  'sizeInBytes',
  'cardinality',
  'createdTime',
  'lastModified',
])

/**
 * One object of a line as PROTOCOL.md spells it, from what servers are known to send: snake_case members, integers in
 * strings, null for absent. Members of nested objects keep their names: some are columns.
 */
export function lenientBody(body: JsonObject): JsonObject {
  for (const key in body) if (isOdd(key, body[key]!)) return plainObject(body)
  return body
}

function plainObject(body: JsonObject): JsonObject {
  const members: [string, JsonValue][] = []
  for (const [key, value] of Object.entries(body)) {
    if (value === null) continue
    const name = camelCase(key)
    members.push([name, plainValue(name, value)])
  }
  return Object.fromEntries(members)
}

export function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function isOdd(key: string, value: JsonValue): boolean {
  if (value === null || key.includes('_')) return true
  return typeof value === 'string' && INTEGERS.has(key)
}

function plainValue(name: string, value: JsonValue): JsonValue {
  if (INTEGERS.has(name) && typeof value === 'string' && /^-?\d{1,19}$/.test(value)) {
    return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)
  }
  return value
}

/** A map of texts, from servers that do not put its numbers and booleans into quotes or write null for absent. */
export function lenientTexts(map: JsonObject): JsonObject {
  if (Object.values(map).every(value => typeof value === 'string')) return map
  const members: [string, JsonValue][] = []
  for (const [name, value] of Object.entries(map)) {
    if (value !== null) members.push([name, typeof value === 'object' ? value : String(value)])
  }
  return Object.fromEntries(members)
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
