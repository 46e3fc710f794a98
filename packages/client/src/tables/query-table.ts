import type { QueryStatus } from '@spillway/protocol/wire'
import { unusable } from '../http/http.js'
import { tablePath } from '../http/paths.js'
import type { TableName } from '../http/table-name.js'
import { capabilitiesHeader, capabilitiesText, checkAnswer } from '../query/check-answer.js'
import { type Connection, untilClosed } from '../query/connection.js'
import { pollQuery } from '../query/poll.js'
import {
  bodyText,
  followPages,
  nextQueryBody,
  type QueryOptions,
  queryBody,
  type TableAnswer,
} from '../query/query.js'
import { type ActionPage, readPage } from '../query/read-actions.js'

/** POST /query, its pages, and where the server answers later, the polls between. */
export function queryTable(
  connection: Connection,
  table: TableName,
  asked: QueryOptions,
): Promise<TableAnswer> {
  return untilClosed(connection, asked.signal, async deadline => {
    const { signal } = deadline
    const post = poster(connection, asked, signal)
    const snapshot = asked.startingVersion === undefined
    const path = `${tablePath(table)}/query`
    const page = await post(path, queryBody(asked))
    if (!('queryId' in page)) {
      const nextPage = async (token: string) => ready(await post(path, nextQueryBody(asked, token)))
      return followPages(page, { nextPage, snapshot, deadline })
    }
    const statusPath = `${tablePath(table)}/queries/${encodeURIComponent(page.queryId)}`
    const info = (pageToken?: string) =>
      post(statusPath, bodyText({ maxFiles: asked.maxFiles, pageToken }))
    const first = await pollQuery(info, { ...connection.poll, signal })
    const nextPage = async (token: string) => ready(await info(token))
    return followPages(first, { nextPage, snapshot, deadline })
  })
}

type Post = (path: string, body: string) => Promise<ActionPage | QueryStatus>

function poster(
  { send, capabilities: usual }: Connection,
  asked: QueryOptions,
  signal: AbortSignal | undefined,
): Post {
  const { capabilities = usual, version, idempotencyKey } = asked
  const ask = { end: true, asyncQuery: idempotencyKey !== undefined }
  const headers = {
    ...capabilitiesHeader(capabilitiesText(capabilities, ask)),
    'content-type': 'application/json; charset=utf-8',
  }
  return (path, body) =>
    send({ method: 'POST', path, headers, body, signal }, async answer => {
      const page = await readPage(answer)
      return 'queryId' in page ? page : checkAnswer(page, { capabilities, version })
    })
}

function ready(page: ActionPage | QueryStatus): ActionPage {
  if ('queryId' in page) throw unusable('a query status where a page was expected')
  return page
}
