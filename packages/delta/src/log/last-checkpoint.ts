import { createHash } from 'node:crypto'
import {
  ExactNumber,
  isJsonObject,
  type JsonObject,
  type JsonValue,
  type ObjectStore,
} from '@spillway/core'
import { parseExactJson } from '@spillway/encoding'

/**
 * The version `_last_checkpoint` names. A hint and no more: absent, broken or with a checksum that does not fit, it is
 * as if it were not there. PROTOCOL.md, "Last Checkpoint File".
 */
export async function readLastCheckpoint(
  store: ObjectStore,
  folder: string,
  signal?: AbortSignal,
): Promise<bigint | undefined> {
  const range = { start: 0, end: MAX_BYTES + 1 }
  const options = signal === undefined ? { range } : { range, signal }
  const found = await store.get(`${folder}_last_checkpoint`, options)
  if (found === undefined || found.bytes.length > MAX_BYTES) return undefined
  const document = parse(new TextDecoder().decode(found.bytes))
  if (document === undefined || !checksumFits(document)) return undefined
  const { version } = document
  return typeof version === 'number' && Number.isSafeInteger(version) && version >= 0
    ? BigInt(version)
    : undefined
}

/**
 * The longest `_last_checkpoint` that is read. It may hold a schema and the list of a V2 checkpoint's files; of a longer one
 * the listing tells as much.
 */
const MAX_BYTES = 1024 * 1024
/** A checksum is over the path of each value: of more values, or characters in all, it is not looked at, nor is the hint. */
const MAX_CANONICAL = 4 * 1024 * 1024
const MAX_VALUES = 20_000

function parse(text: string): JsonObject | undefined {
  try {
    const document = parseExactJson(text)
    return isJsonObject(document) ? document : undefined
  } catch {
    return undefined
  }
}

function checksumFits(document: JsonObject): boolean {
  const { checksum } = document
  if (typeof checksum !== 'string') return true
  try {
    return checksum === lastCheckpointChecksum(document)
  } catch (error) {
    if (error instanceof TooLong) return false
    throw error
  }
}

class TooLong extends Error {}

/** MD5 of the canonical form. PROTOCOL.md, "JSON checksum". */
export function lastCheckpointChecksum(document: JsonObject): string {
  const leaves: Leaves = { entries: [], left: MAX_CANONICAL }
  for (const key of Object.keys(document)) {
    if (key !== 'checksum') collect(quoted(key), document[key]!, leaves)
  }
  const { entries } = leaves
  entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  return createHash('md5')
    .update(entries.map(entry => entry.join('=')).join(','))
    .digest('hex')
}

interface Leaves {
  readonly entries: [path: string, value: string][]
  /** Characters that there is room for. */
  left: number
}

function collect(path: string, value: JsonValue, into: Leaves): void {
  into.left -= path.length
  if (into.left < 0 || into.entries.length >= MAX_VALUES) throw new TooLong()
  if (Array.isArray(value)) {
    value.forEach((element: JsonValue, index) => {
      collect(`${path}+${index}`, element, into)
    })
  } else if (isJsonObject(value)) {
    for (const key of Object.keys(value)) collect(`${path}+${quoted(key)}`, value[key]!, into)
  } else into.entries.push([path, literal(value)])
}

function literal(value: JsonValue): string {
  if (typeof value === 'string') return quoted(value)
  return value instanceof ExactNumber ? value.text : String(value)
}

function quoted(text: string): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  return `"${encoded}"`
}
