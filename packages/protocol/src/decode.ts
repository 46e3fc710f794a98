import { TableError } from '@spillway/core'
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
import { type JsonValue, parseJson } from './json-text.js'

type JsonObject = { readonly [key: string]: JsonValue }

/** One line of an answer. Undefined for an action this version does not know: new servers may send more. */
export function decodeLine(line: string, lineNumber: number): WireAction | undefined {
  const object = parseObject(line, lineNumber)
  const [kind] = Object.keys(object)
  const body = kind === undefined ? undefined : object[kind]
  if (kind === undefined || !isObject(body)) throw invalid(lineNumber, 'an action expected', line)
  const fault = checkAction(kind, body)
  if (fault !== undefined) throw invalid(lineNumber, fault, line)
  return toAction(kind, body)
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
  if (!Array.isArray(body.partitionColumns ?? [])) return 'partitionColumns must be an array'
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

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function invalid(lineNumber: number, reason: string, line: string): TableError {
  return new TableError(
    'TABLE_CORRUPT',
    `line ${lineNumber} of the answer is not an action: ${reason}`,
    { context: { line: lineNumber, text: line.slice(0, 200) } },
  )
}
