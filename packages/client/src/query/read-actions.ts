import { isPassingStatus, TableError } from '@spillway/core'
import {
  type DeltaFile,
  decodeLine,
  type EndStreamAction,
  type ParquetFile,
  type QueryStatus,
  type ResponseFormat,
  SQL_HINTS_HEADER,
  SQL_HINTS_VERSION,
  type WireAction,
} from '@spillway/protocol/wire'
import { type HttpAnswer, located, unusable } from '../http/http.js'
import { PartitionKeys } from './partition-keys.js'
import { readLines } from './read-lines.js'

/** A file of an answer; `delta` where it was answered in delta format. */
export type FileAction =
  | { readonly kind: 'file' | 'add' | 'cdf' | 'remove'; readonly file: ParquetFile }
  | { readonly kind: 'delta'; readonly file: DeltaFile }

export type HeaderAction = Extract<
  WireAction,
  { kind: 'protocol' | 'deltaProtocol' | 'metaData' | 'deltaMetaData' }
>
export type ProtocolAction = Extract<HeaderAction, { kind: 'protocol' | 'deltaProtocol' }>
export type MetaDataAction = Extract<HeaderAction, { kind: 'metaData' | 'deltaMetaData' }>

/** One page of an answer: its first two lines read, the rest still on the wire. */
export interface ActionPage {
  readonly version: bigint | undefined
  readonly format: ResponseFormat
  readonly protocol: ProtocolAction
  readonly metaData: MetaDataAction
  /** True where the server reads SQL hints as this client writes them; others misread them, or drop the JSON hint beside them. */
  readonly readsSqlHints: boolean
  /** Files, and in answers about several versions the metadata and protocols between them. Must be read to the end. */
  readonly actions: AsyncIterable<FileAction | HeaderAction>
  /** Known once `actions` has ended. */
  end(): EndStreamAction | undefined
  close(): void
}

/** The page of an answer, or the status of an asynchronous query that is not finished. */
export async function readPage(answer: HttpAnswer): Promise<ActionPage | QueryStatus> {
  const lines = numberedActions(answer)
  const first = await take(lines, 'a protocol')
  if (first.kind === 'queryStatus') {
    answer.close()
    return first.status
  }
  const second = await take(lines, 'metaData')
  return assemblePage(first, second, { answer, lines })
}

/** A page of actions, where the server has no reason to answer later. */
export async function readAnswer(answer: HttpAnswer): Promise<ActionPage> {
  const page = await readPage(answer)
  if ('queryId' in page) throw unusable('a query status where an answer was expected')
  return page
}

function assemblePage(
  protocol: WireAction,
  metaData: WireAction,
  { answer, lines }: { readonly answer: HttpAnswer; readonly lines: AsyncIterator<WireAction> },
): ActionPage {
  if (protocol.kind !== 'protocol' && protocol.kind !== 'deltaProtocol')
    throw unexpected('protocol', protocol)
  if (metaData.kind !== 'metaData' && metaData.kind !== 'deltaMetaData')
    throw unexpected('metaData', metaData)
  const delta = protocol.kind === 'deltaProtocol'
  if (delta !== (metaData.kind === 'deltaMetaData'))
    throw unusable(`a ${metaData.kind} line follows a ${protocol.kind} line`)
  const partitions = new PartitionKeys(tableOf(metaData))
  const version = answer.headers.get('delta-table-version')
  let end: EndStreamAction | undefined
  async function* actions() {
    try {
      for (let next = await lines.next(); !next.done; next = await lines.next()) {
        const action = next.value
        if (end !== undefined) throw unusable(`a ${action.kind} line follows the end of the stream`)
        if (action.kind === 'endStreamAction') end = checkEnd(action.end)
        else yield checkPartitions(toFileAction(action, delta), partitions)
      }
      // Without this line a proxy that cut the answer short would look like a small table.
      if (promisesEnd(answer.headers) && end === undefined) throw incomplete()
    } catch (error) {
      throw located(error, answer.url)
    } finally {
      answer.close()
    }
  }
  return {
    version: version === null || version === '' ? undefined : parseVersion(version),
    format: delta ? 'delta' : 'parquet',
    protocol,
    metaData,
    readsSqlHints: answer.headers.get(SQL_HINTS_HEADER) === SQL_HINTS_VERSION,
    actions: actions(),
    end: () => end,
    close: answer.close,
  }
}

export function tableOf(action: MetaDataAction) {
  return action.kind === 'deltaMetaData' ? action.metaData.deltaMetadata : action.metaData
}

/** Servers disagree about the case, and some put spaces around what they say. */
function promisesEnd(headers: Headers): boolean {
  const capabilities = headers.get('delta-sharing-capabilities')?.toLowerCase() ?? ''
  return capabilities.replace(/\s/g, '').split(';').includes('includeendstreamaction=true')
}

function incomplete(): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    "the server's answer stops without the end that its header promises: something on the way cut it short",
  )
}

function toFileAction(action: WireAction, delta: boolean): FileAction | HeaderAction {
  switch (action.kind) {
    case 'endStreamAction':
    case 'queryStatus':
      throw unexpected('a file', action)
    case 'deltaFile':
    case 'deltaMetaData':
    case 'deltaProtocol':
      if (!delta) throw unusable(`a line in delta format (${action.kind}) in a parquet answer`)
      return action.kind === 'deltaFile' ? { kind: 'delta', file: action.file } : action
    default:
      if (delta) throw unusable(`a line in parquet format (${action.kind}) in a delta answer`)
      return action
  }
}

/** Without its values a file of a partitioned table would be read with nulls that the table does not have. */
function checkPartitions(
  action: FileAction | HeaderAction,
  partitions: PartitionKeys,
): FileAction | HeaderAction {
  if (action.kind === 'metaData' || action.kind === 'deltaMetaData') partitions.add(tableOf(action))
  if (!('file' in action)) return action
  const single = action.kind === 'delta' ? action.file.deltaSingleAction : undefined
  // Delta's logs may leave them out of what is removed.
  if (single?.remove !== undefined) return action
  const values =
    action.kind === 'delta'
      ? (single?.add ?? single?.cdc)?.partitionValues
      : action.file.partitionValues
  const fault = partitions.faultOf(values)
  if (fault !== undefined) throw unusable(`file ${action.file.id} of a partitioned table ${fault}`)
  return action
}

function checkEnd(end: EndStreamAction): EndStreamAction {
  if (end.errorMessage === undefined) return end
  const status = Number(end.httpStatusErrorCode ?? 500)
  throw new TableError('STORAGE_UNAVAILABLE', `the server gave up half-way: ${end.errorMessage}`, {
    context: { status },
    retryable: isPassingStatus(status),
  })
}

async function* numberedActions(answer: HttpAnswer): AsyncGenerator<WireAction> {
  let lineNumber = 0
  for await (const line of readLines(answer.body)) {
    const action = decodeLine(line, ++lineNumber)
    // It may say something about rows, so it cannot be stepped over.
    if (action === undefined)
      throw unusable(`line ${lineNumber} is of a kind that this client does not know`)
    yield action
  }
}

async function take(lines: AsyncIterator<WireAction>, expected: string): Promise<WireAction> {
  const next = await lines.next()
  if (next.done) throw unusable(`it ends where ${expected} line was expected`)
  return next.value
}

export function parseVersion(text: string): bigint {
  if (!/^\d{1,19}$/.test(text.trim()))
    throw unusable(`delta-table-version is ${JSON.stringify(text.slice(0, 40))}`)
  return BigInt(text.trim())
}

function unexpected(expected: string, found: WireAction): TableError {
  return unusable(`expected ${expected}, found ${found.kind}`)
}
