import { type JsonValue, parseJson, TableError } from '@spillway/core'
import type {
  DeltaFile,
  DeltaMetaData,
  DeltaProtocol,
  EndStreamAction,
  ParquetFile,
  ParquetMetaData,
  ParquetProtocol,
  QueryStatus,
  WireAction,
} from './actions.js'
import { camelCase, isObject, type JsonObject, lenientBody } from './lenient-body.js'

/** One line of an answer. Undefined for an action this version does not know: new servers may send more. */
export function decodeLine(line: string, lineNumber: number): WireAction | undefined {
  const object = parseObject(line, lineNumber)
  // Servers that write every member say null for those that a line is not about.
  const [written] = Object.keys(object).filter(key => object[key] !== null)
  const body = written === undefined ? undefined : object[written]
  if (written === undefined || !isObject(body))
    throw invalid(lineNumber, 'an action expected', line)
  const kind = camelCase(written)
  const plain = plainBody(kind, body)
  const fault = checkAction(kind, plain)
  if (fault !== undefined) throw invalid(lineNumber, fault, line)
  return toAction(kind, plain)
}

/** The action and what is nested in it, as PROTOCOL.md spells them. */
function plainBody(kind: string, given: JsonObject): JsonObject {
  const body = lenientBody(given)
  switch (kind) {
    case 'protocol':
      return nested(body, 'deltaProtocol', lenientBody)
    case 'metaData':
      return isObject(body.deltaMetadata)
        ? nested(body, 'deltaMetadata', withPartitionColumns)
        : withPartitionColumns(body)
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

/** Tables and files without partitions may come without the empty list that PROTOCOL.md asks for. */
function withPartitionColumns(given: JsonObject): JsonObject {
  const metaData = lenientBody(given)
  return metaData.partitionColumns === undefined ? { ...metaData, partitionColumns: [] } : metaData
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

function toAction(kind: string, body: JsonObject): WireAction | undefined {
  switch (kind) {
    case 'protocol':
      return isObject(body.deltaProtocol)
        ? { kind: 'deltaProtocol', protocol: body.deltaProtocol as unknown as DeltaProtocol }
        : { kind: 'protocol', protocol: body as unknown as ParquetProtocol }
    case 'metaData':
      return isObject(body.deltaMetadata)
        ? { kind: 'deltaMetaData', metaData: body as unknown as DeltaMetaData }
        : { kind: 'metaData', metaData: body as unknown as ParquetMetaData }
    case 'file':
      return isObject(body.deltaSingleAction)
        ? { kind: 'deltaFile', file: body as unknown as DeltaFile }
        : { kind, file: body as unknown as ParquetFile }
    case 'add':
    case 'cdf':
    case 'remove':
      return { kind, file: body as unknown as ParquetFile }
    case 'endStreamAction':
      return { kind, end: body as EndStreamAction }
    case 'queryStatus':
      return { kind, status: body as unknown as QueryStatus }
    default:
      return undefined
  }
}

/** What is wrong with an action of a known kind; undefined when nothing is. */
function checkAction(kind: string, body: JsonObject): string | undefined {
  switch (kind) {
    case 'protocol':
      return checkProtocol(body)
    case 'metaData':
      return checkMetaData(isObject(body.deltaMetadata) ? body.deltaMetadata : body)
    case 'file':
      return isObject(body.deltaSingleAction)
        ? checkDeltaFile(body, body.deltaSingleAction)
        : checkFile(body)
    case 'add':
    case 'cdf':
    case 'remove':
      return checkFile(body)
    case 'queryStatus':
      return missing(body, { queryId: 'string' })
    default:
      return undefined
  }
}

function checkProtocol(body: JsonObject): string | undefined {
  const protocol = isObject(body.deltaProtocol) ? body.deltaProtocol : body
  return missing(protocol, { minReaderVersion: 'integer' })
}

function checkMetaData(body: JsonObject): string | undefined {
  if (!Array.isArray(body.partitionColumns)) return 'partitionColumns must be an array'
  return missing(body, { id: 'string', schemaString: 'string' })
}

function checkFile(body: JsonObject): string | undefined {
  return missing(body, { url: 'string', id: 'string', partitionValues: 'object', size: 'integer' })
}

function checkDeltaFile(body: JsonObject, single: JsonObject): string | undefined {
  const [kind] = Object.keys(single).filter(key => isObject(single[key]))
  if (kind === undefined) return 'deltaSingleAction holds no action'
  return missing(body, { id: 'string' }) ?? missing(single[kind] as JsonObject, { path: 'string' })
}

type Expected = Readonly<Record<string, 'string' | 'integer' | 'object'>>

function missing(body: JsonObject, expected: Expected): string | undefined {
  for (const [key, kind] of Object.entries(expected)) {
    if (!isOf(body[key], kind)) return `${key} must be ${kind === 'string' ? 'a' : 'an'} ${kind}`
  }
  return undefined
}

function isOf(value: JsonValue | undefined, kind: 'string' | 'integer' | 'object'): boolean {
  if (kind === 'object') return isObject(value)
  if (kind === 'string') return typeof value === 'string'
  return typeof value === 'bigint' || Number.isSafeInteger(value)
}

function invalid(lineNumber: number, reason: string, line: string): TableError {
  // A line that looks like an action may hold a signed URL, which is a secret.
  const text = line.trimStart().startsWith('{') ? undefined : line.slice(0, 80)
  const found = text === undefined ? '' : `, found ${JSON.stringify(text)}`
  return new TableError(
    'TABLE_CORRUPT',
    `line ${lineNumber} of the answer is not an action: ${reason}${found}`,
    { context: { line: lineNumber } },
  )
}
