import { TableError } from '@spillway/core'
import {
  type DeltaFile,
  decodeLine,
  type EndStreamAction,
  type ParquetFile,
  type QueryStatus,
  type ResponseFormat,
  type WireAction,
} from '@spillway/protocol/wire'
import type { HttpAnswer } from './http.js'
import { readLines } from './read-lines.js'

/** A file of an answer; `delta` where it was answered in delta format. */
export type FileAction =
  | { readonly kind: 'file' | 'add' | 'cdf' | 'remove'; readonly file: ParquetFile }
  | { readonly kind: 'delta'; readonly file: DeltaFile }

type HeaderAction = Extract<
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
  /** Files, and in answers about several versions the metadata and protocols between them. Must be read to the end. */
  readonly actions: AsyncIterable<FileAction | HeaderAction>
  /** Known once `actions` has ended. */
  end(): EndStreamAction | undefined
}

/** The page of an answer, or the status of an asynchronous query that is not finished. */
export async function readPage(answer: HttpAnswer): Promise<ActionPage | QueryStatus> {
  const lines = numberedActions(answer)
  try {
    const first = await take(lines, 'a protocol')
    if (first.kind === 'queryStatus') {
      answer.close()
      return first.status
    }
    const second = await take(lines, 'metaData')
    return assemblePage(first, second, { answer, lines })
  } catch (error) {
    answer.close()
    throw error
  }
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
  const capabilities = answer.headers.get('delta-sharing-capabilities')?.toLowerCase() ?? ''
  const mustEnd = capabilities.includes('includeendstreamaction=true')
  const version = answer.headers.get('delta-table-version')
  let end: EndStreamAction | undefined
  async function* actions() {
    try {
      for (let next = await lines.next(); !next.done; next = await lines.next()) {
        if (end !== undefined)
          throw invalid(`a line follows the end of the stream: ${next.value.kind}`)
        if (next.value.kind === 'endStreamAction') end = checkEnd(next.value.end)
        else yield toFileAction(next.value)
      }
      // Without this line a proxy that cut the answer short would look like a small table.
      if (mustEnd && end === undefined)
        throw invalid('the answer stops without the end that its header promises')
    } finally {
      answer.close()
    }
  }
  return {
    version: version === null ? undefined : parseVersion(version),
    format: protocol.kind === 'deltaProtocol' ? 'delta' : 'parquet',
    protocol,
    metaData,
    actions: actions(),
    end: () => end,
  }
}

function toFileAction(action: WireAction): FileAction | HeaderAction {
  switch (action.kind) {
    case 'deltaFile':
      return { kind: 'delta', file: action.file }
    case 'endStreamAction':
    case 'queryStatus':
      throw unexpected('a file', action)
    default:
      return action
  }
}

function checkEnd(end: EndStreamAction): EndStreamAction {
  if (end.errorMessage === undefined) return end
  const status = Number(end.httpStatusErrorCode ?? 500)
  throw new TableError('STORAGE_UNAVAILABLE', `the server gave up half-way: ${end.errorMessage}`, {
    context: { status },
    retryable: status === 429 || status >= 500,
  })
}

async function* numberedActions(answer: HttpAnswer): AsyncGenerator<WireAction> {
  let lineNumber = 0
  for await (const line of readLines(answer.body)) {
    const action = decodeLine(line, ++lineNumber)
    if (action !== undefined) yield action
  }
}

async function take(lines: AsyncIterator<WireAction>, expected: string): Promise<WireAction> {
  const next = await lines.next()
  if (next.done) throw invalid(`the answer ends where ${expected} line was expected`)
  return next.value
}

export function parseVersion(text: string): bigint {
  if (!/^\d{1,19}$/.test(text))
    throw invalid(`delta-table-version is ${JSON.stringify(text.slice(0, 40))}`)
  return BigInt(text)
}

function unexpected(expected: string, found: WireAction): TableError {
  return invalid(`expected ${expected}, found ${found.kind}`)
}

export function invalid(message: string): TableError {
  return new TableError('TABLE_CORRUPT', `the server's answer cannot be used: ${message}`)
}
