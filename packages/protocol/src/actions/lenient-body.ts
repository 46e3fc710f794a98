import { type JsonValue, type WritableJson, writeJson } from '@spillway/core'
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
])

/**
 * One object of a line as PROTOCOL.md spells it, from what servers are known to send: snake_case members, integers in
 * strings, null for absent, statistics as an object. Members of nested objects keep their names: some are columns.
 */
export function lenientBody(body: JsonObject): JsonObject {
  if (!Object.entries(body).some(([key, value]) => isOdd(key, value))) return body
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
  return INTEGERS.has(key) ? typeof value === 'string' : key === 'stats' && isObject(value)
}

function plainValue(name: string, value: JsonValue): JsonValue {
  if (INTEGERS.has(name) && typeof value === 'string' && /^-?\d{1,19}$/.test(value)) {
    return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)
  }
  return name === 'stats' && isObject(value) ? writeJson(value as WritableJson) : value
}

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
