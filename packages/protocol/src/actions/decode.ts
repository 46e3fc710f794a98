import {
  isJsonObject,
  type JsonValue,
  parseJson,
  parseJsonExactly,
  requireBoundedJson,
  TableError,
  type WritableJson,
  writeJson,
} from '@spillway/core'
import {
  DELTA_FILE,
  DELTA_METADATA,
  DELTA_PROTOCOL,
  END_STREAM_ACTION,
  PARQUET_FILE,
  PARQUET_METADATA,
  PARQUET_PROTOCOL,
  QUERY_STATUS,
} from './action-shapes.js'
import type { WireAction } from './actions.js'
import { camelCase, isObject, type JsonObject, lenientBody, lenientTexts } from './lenient-body.js'
import { Fault, type Kind, readAs } from './shape.js'

/** One line of an answer. Undefined for an action this version does not know: new servers may send more. */
export function decodeLine(line: string, lineNumber: number): WireAction | undefined {
  const object = parseObject(line, lineNumber)
  // Servers that write every member say null for those that a line is not about.
  const written = firstWritten(object)
  const body = written === undefined ? undefined : object[written]
  if (written === undefined || !isObject(body))
    throw invalid(lineNumber, 'an action expected', line)
  const kind = camelCase(written)
  const plain = plainBody(kind, body)
  const action = toAction(kind, plain)
  if (action instanceof Fault) throw invalid(lineNumber, action, line)
  return action
}

function firstWritten(object: JsonObject): string | undefined {
  for (const key in object) if (object[key] !== null) return key
  return undefined
}

/** The action and what is nested in it, as PROTOCOL.md spells them. */
function plainBody(kind: string, given: JsonObject): JsonObject {
  const body = lenientBody(given)
  switch (kind) {
    case 'protocol':
      return nested(body, 'deltaProtocol', lenientBody)
    case 'metaData':
      return isObject(body.deltaMetadata)
        ? nested(body, 'deltaMetadata', plainTable)
        : plainTable(body)
    case 'file':
      return nested(withPartitionValues(body), 'deltaSingleAction', plainSingleAction)
    case 'add':
    case 'cdf':
    case 'remove':
      return withPartitionValues(body)
    default:
      return body
  }
}

function nested(
  body: JsonObject,
  key: string,
  plain: (inner: JsonObject) => JsonObject,
): JsonObject {
  const inner = body[key]
  if (!isObject(inner)) return body
  const changed = plain(inner)
  return changed === inner ? body : { ...body, [key]: changed }
}

function plainSingleAction(single: JsonObject): JsonObject {
  let plain = lenientBody(single)
  for (const kind of ['add', 'remove', 'cdc']) {
    plain = nested(plain, kind, action =>
      nested(lenientBody(action), 'deletionVector', lenientBody),
    )
  }
  return plain
}

function plainTable(given: JsonObject): JsonObject {
  const table = nested(lenientBody(given), 'configuration', lenientTexts)
  return withPartitionColumns(nested(table, 'format', plainFormat))
}

function plainFormat(format: JsonObject): JsonObject {
  return nested(lenientBody(format), 'options', lenientTexts)
}

/** Tables and files without partitions may come without the empty list that PROTOCOL.md asks for. */
function withPartitionColumns(table: JsonObject): JsonObject {
  return table.partitionColumns === undefined ? { ...table, partitionColumns: [] } : table
}

function withPartitionValues(file: JsonObject): JsonObject {
  if (file.partitionValues !== undefined || file.deltaSingleAction !== undefined) return file
  return { ...file, partitionValues: {} }
}

/** Statistics that are an object instead of a text; a quote inside a text is escaped, so none is taken for it. */
const STATS_OBJECT = /"stats"\s*:\s*\{/

/** Some servers send statistics as an object. Bounds are what files are pruned by, so their digits stay what they are. */
function withStatsText(line: string): string {
  requireBoundedJson(line)
  return writeJson(statsAsText(parseJsonExactly(line), MOST_NESTED))
}

/** An action may be nested in a file, in Delta's single action, and its statistics in that. */
const MOST_NESTED = 4

function statsAsText(value: JsonValue, levels: number): WritableJson {
  if (levels === 0 || !isJsonObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'stats' && isJsonObject(member)
        ? writeJson(member)
        : statsAsText(member, levels - 1),
    ]),
  )
}

function parseObject(line: string, lineNumber: number): JsonObject {
  let value: JsonValue
  try {
    value = parseJson(STATS_OBJECT.test(line) ? withStatsText(line) : line)
  } catch {
    throw invalid(lineNumber, 'a JSON object expected', line)
  }
  if (!isObject(value)) throw invalid(lineNumber, 'a JSON object expected', line)
  return value
}

/** An action, or what is wrong with one of a known kind. */
function toAction(kind: string, body: JsonObject): WireAction | Fault | undefined {
  switch (kind) {
    case 'protocol':
      return toProtocol(body)
    case 'metaData':
      return toMetaData(body)
    case 'file':
      if (!isObject(body.deltaSingleAction)) return toFile(kind, body)
      return read(body, DELTA_FILE, kind, file => ({ kind: 'deltaFile', file }))
    case 'add':
    case 'cdf':
    case 'remove':
      return toFile(kind, body)
    case 'endStreamAction':
      return read(body, END_STREAM_ACTION, kind, end => ({ kind, end }))
    case 'queryStatus':
      return read(body, QUERY_STATUS, kind, status => ({ kind, status }))
    default:
      return undefined
  }
}

function toProtocol(body: JsonObject): WireAction | Fault {
  const { deltaProtocol } = body
  return isObject(deltaProtocol)
    ? read(deltaProtocol, DELTA_PROTOCOL, 'protocol.deltaProtocol', protocol => ({
        kind: 'deltaProtocol',
        protocol,
      }))
    : read(body, PARQUET_PROTOCOL, 'protocol', protocol => ({ kind: 'protocol', protocol }))
}

function toMetaData(body: JsonObject): WireAction | Fault {
  return isObject(body.deltaMetadata)
    ? read(body, DELTA_METADATA, 'metaData', metaData => ({ kind: 'deltaMetaData', metaData }))
    : read(body, PARQUET_METADATA, 'metaData', metaData => ({ kind: 'metaData', metaData }))
}

function toFile(kind: 'file' | 'add' | 'cdf' | 'remove', body: JsonObject): WireAction | Fault {
  return read(body, PARQUET_FILE, kind, file => ({ kind, file }))
}

function read<T>(
  body: JsonObject,
  kind: Kind<T>,
  place: string,
  actionOf: (found: T) => WireAction,
): WireAction | Fault {
  const found = readAs(body, kind, place)
  return found instanceof Fault ? found : actionOf(found)
}

function invalid(lineNumber: number, fault: Fault | string, line: string): TableError {
  // A line that looks like an action may hold a signed URL, which is a secret.
  const text = line.trimStart().startsWith('{') ? undefined : line.slice(0, 80)
  const found = text === undefined ? '' : `, found ${JSON.stringify(text)}`
  const [reason, field] = fault instanceof Fault ? [fault.reason, fault.place] : [fault]
  return new TableError(
    'TABLE_CORRUPT',
    `line ${lineNumber} of the answer is not an action: ${reason}${found}`,
    { context: { line: lineNumber, ...(field === undefined ? {} : { field }) } },
  )
}
