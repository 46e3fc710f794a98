import { TableError, type WritableJson, writeJson } from '@spillway/core'
import type { WireInteger } from '@spillway/protocol/wire'
import { unusable } from '../http/http.js'
import { pageGuard } from '../http/list.js'
import { cancelled } from '../http/retry.js'
import type { Deadline } from '../http/watch.js'
import { type AnswerFile, answerFiles } from './answer-file.js'
import type { ClientCapabilities } from './check-answer.js'
import { type ActionPage, type FileAction, type HeaderAction, tableOf } from './read-actions.js'

export interface QueryOptions {
  readonly predicateHints?: readonly string[]
  /** The JSON text of a predicate tree. */
  readonly jsonPredicateHints?: string | undefined
  readonly limitHint?: number | undefined
  readonly version?: bigint | undefined
  /** ISO 8601, UTC. */
  readonly timestamp?: string | undefined
  readonly startingVersion?: bigint
  readonly endingVersion?: bigint
  /** Size of the server's pages; unpaged without it. Pages are followed here, out of sight. */
  readonly maxFiles?: number
  readonly includeRefreshToken?: boolean
  readonly refreshToken?: string
  /** Lets the server answer later; it is then polled here. Any text that names this query. */
  readonly idempotencyKey?: string
  readonly capabilities?: ClientCapabilities
  readonly signal?: AbortSignal | undefined
}

/**
 * An answer whose header has been read. `files()` or `actions` runs through every page; one of them can be read, once, and must
 * be to its end.
 */
export interface TableAnswer extends Omit<ActionPage, 'end' | 'actions' | 'close'> {
  /** The files, in whichever format the server answered. Throws a TableError where the answer breaks off. */
  files(): AsyncIterable<AnswerFile>
  /** Every line as the wire has it. */
  readonly actions: AsyncIterable<FileAction | ActionPage['protocol'] | ActionPage['metaData']>
  /** For the same files with new URLs; known once `actions` has ended. */
  refreshToken(): string | undefined
  /** Epoch milliseconds until which every URL given so far works, where the server says so. */
  minUrlExpiration(): number | undefined
  /** Lets go of the connection without reading to the end. Leaving a loop over `actions` does so by itself. */
  close(): void
}

/** The query as PROTOCOL.md has it; versions travel as JSON integers however large. */
export function queryBody({ capabilities, signal, ...body }: QueryOptions): string {
  return bodyText(body)
}

/** A first page's refresh token belongs to that request alone. */
export function nextQueryBody(options: QueryOptions, pageToken: string): string {
  const { capabilities, signal, includeRefreshToken, refreshToken, ...pinned } = options
  return bodyText({ ...pinned, pageToken })
}

export function bodyText(body: { readonly [member: string]: WritableJson }): string {
  return writeJson(body)
}

export interface Following {
  readonly nextPage: (pageToken: string) => Promise<ActionPage>
  /** Snapshots have files alone; between versions there is more. */
  readonly snapshot: boolean
  readonly deadline: Deadline
}

/** One answer from its pages, the first of which has been opened. */
export function followPages(first: ActionPage, options: Following): TableAnswer {
  const facts: AnswerFacts = { page: first, refreshToken: undefined, expiration: undefined }
  const close = () => {
    facts.page.close()
    options.deadline.done()
  }
  const { version, format, protocol, metaData, readsSqlHints } = first
  const actions = once(() => actionsOf(facts, options, close))
  return {
    version,
    format,
    protocol,
    metaData,
    readsSqlHints,
    files: () => answerFiles(first, actions),
    actions,
    refreshToken: () => facts.refreshToken,
    minUrlExpiration: () => facts.expiration,
    close,
  }
}

/** What is known about an answer so far. */
interface AnswerFacts {
  page: ActionPage
  refreshToken: string | undefined
  expiration: number | undefined
}

async function* actionsOf(facts: AnswerFacts, options: Following, close: () => void) {
  const guard = pageGuard('the answer')
  const first = facts.page
  try {
    for (let token: string | undefined; ; ) {
      let empty = true
      for await (const action of facts.page.actions) {
        // What had arrived before the caller cancelled is not wanted any more.
        if (options.deadline.signal?.aborted) throw cancelled(options.deadline.signal)
        checkKind(action, options.snapshot)
        if ('file' in action) {
          if (empty) guard.check(token, nameOf(action))
          empty = false
          noteExpiry(facts, action.file.expirationTimestamp)
        }
        yield action
      }
      if (empty) guard.check(token, undefined)
      const end = facts.page.end()
      facts.refreshToken = end?.refreshToken ?? facts.refreshToken
      noteExpiry(facts, end?.minUrlExpirationTimestamp)
      if (!end?.nextPageToken) return
      token = end.nextPageToken
      facts.page = samePinned(first, await options.nextPage(token))
    }
  } finally {
    close()
  }
}

function noteExpiry(facts: AnswerFacts, at: WireInteger | undefined): void {
  if (at !== undefined)
    facts.expiration = Math.min(facts.expiration ?? Number.POSITIVE_INFINITY, Number(at))
}

/** A file of an answer about several versions is named by its version too: it may come and go. */
function nameOf(action: FileAction): string {
  return `${action.kind} ${action.file.version ?? ''} ${action.file.id}`
}

/** A kind that does not belong here would be stepped over by whoever reads files alone, and its rows with it. */
function checkKind(action: FileAction | HeaderAction, snapshot: boolean): void {
  const { kind } = action
  const fits =
    kind === 'delta'
      ? !snapshot || action.file.deltaSingleAction.add !== undefined
      : snapshot
        ? kind === 'file'
        : kind !== 'file'
  if (fits) return
  throw unusable(
    snapshot
      ? `a ${kind} line where a snapshot has files to add alone`
      : `a ${kind} line where files are added, removed or changed in versions`,
  )
}

/** Read a second time, a stream would look like a table without files. */
function once<T>(start: () => AsyncGenerator<T>): AsyncIterable<T> {
  let started = false
  return {
    [Symbol.asyncIterator]() {
      if (started) throw new TableError('INVALID_REQUEST', 'the answer has been read: ask again')
      started = true
      return start()
    },
  }
}

/** A page of another version or format would mix two tables. */
function samePinned(first: ActionPage, page: ActionPage): ActionPage {
  const known = first.version !== undefined && page.version !== undefined
  const [a, b] = [tableOf(first.metaData), tableOf(page.metaData)]
  const difference =
    known && page.version !== first.version
      ? `version ${page.version} follows one of version ${first.version}`
      : page.format !== first.format
        ? `${page.format} format follows one of ${first.format} format`
        : a.id !== b.id || a.schemaString !== b.schemaString
          ? 'another table or schema follows'
          : undefined
  if (difference === undefined) return page
  page.close()
  throw unusable(`a page of ${difference}`)
}
