import { type JsonValue, parseJson, TableError } from '@spillway/core'
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
import { Fault, faultAt } from './shape.js'

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

function parseObject(line: string, lineNumber: number): JsonObject {
  let value: JsonValue
  try {
    value = parseJson(line)
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
      return DELTA_FILE.accepts(body)
        ? { kind: 'deltaFile', file: body }
        : faultAt(body, DELTA_FILE, kind)
    case 'add':
    case 'cdf':
    case 'remove':
      return toFile(kind, body)
    case 'endStreamAction':
      return END_STREAM_ACTION.accepts(body)
        ? { kind, end: body }
        : faultAt(body, END_STREAM_ACTION, kind)
    case 'queryStatus':
      return QUERY_STATUS.accepts(body) ? { kind, status: body } : faultAt(body, QUERY_STATUS, kind)
    default:
      return undefined
  }
}

function toProtocol(body: JsonObject): WireAction | Fault {
  const { deltaProtocol } = body
  if (!isObject(deltaProtocol)) {
    return PARQUET_PROTOCOL.accepts(body)
      ? { kind: 'protocol', protocol: body }
      : faultAt(body, PARQUET_PROTOCOL, 'protocol')
  }
  return DELTA_PROTOCOL.accepts(deltaProtocol)
    ? { kind: 'deltaProtocol', protocol: deltaProtocol }
    : faultAt(deltaProtocol, DELTA_PROTOCOL, 'protocol.deltaProtocol')
}

function toMetaData(body: JsonObject): WireAction | Fault {
  if (!isObject(body.deltaMetadata)) {
    return PARQUET_METADATA.accepts(body)
      ? { kind: 'metaData', metaData: body }
      : faultAt(body, PARQUET_METADATA, 'metaData')
  }
  return DELTA_METADATA.accepts(body)
    ? { kind: 'deltaMetaData', metaData: body }
    : faultAt(body, DELTA_METADATA, 'metaData')
}

function toFile(kind: 'file' | 'add' | 'cdf' | 'remove', body: JsonObject): WireAction | Fault {
  return PARQUET_FILE.accepts(body) ? { kind, file: body } : faultAt(body, PARQUET_FILE, kind)
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
