import { queryString, tablePath } from '../http/paths.js'
import type { TableName } from '../http/table-name.js'
import {
  type ClientCapabilities,
  capabilitiesHeader,
  capabilitiesText,
  checkAnswer,
} from '../query/check-answer.js'
import { type Connection, untilClosed } from '../query/connection.js'
import { followPages, type TableAnswer } from '../query/query.js'
import { readAnswer } from '../query/read-actions.js'

/** A range of versions, both ends inclusive; one start is needed. */
export interface ChangesOptions {
  readonly startingVersion?: bigint
  /** ISO 8601, UTC. */
  readonly startingTimestamp?: string
  readonly endingVersion?: bigint
  readonly endingTimestamp?: string
  /** Metadata between the versions as well, where it changed. */
  readonly includeHistoricalMetadata?: boolean
  readonly maxFiles?: number
  readonly capabilities?: ClientCapabilities
  readonly signal?: AbortSignal | undefined
}

/** GET /changes and its pages. */
export function tableChanges(
  connection: Connection,
  table: TableName,
  { capabilities = connection.capabilities, signal, ...range }: ChangesOptions,
): Promise<TableAnswer> {
  const headers = capabilitiesHeader(capabilitiesText(capabilities, { end: true }))
  return untilClosed(connection, signal, async deadline => {
    const get = (pageToken?: string) => {
      const path = `${tablePath(table)}/changes${queryString({ ...range, pageToken })}`
      const request = { method: 'GET', path, headers, signal: deadline.signal } as const
      return connection.send(request, async answer =>
        checkAnswer(await readAnswer(answer), { capabilities }),
      )
    }
    return followPages(await get(), { nextPage: get, snapshot: false, deadline })
  })
}
