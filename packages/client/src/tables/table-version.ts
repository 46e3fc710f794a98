import { isTableError } from '@spillway/core'
import { type HttpAnswer, readText, unusable } from '../http/http.js'
import { queryString, tablePath } from '../http/paths.js'
import type { TableName } from '../http/table-name.js'
import { type Connection, untilDone } from '../query/connection.js'
import { parseVersion } from '../query/read-actions.js'

export interface VersionOptions {
  /** ISO 8601, UTC. */
  readonly startingTimestamp?: string
  readonly signal?: AbortSignal | undefined
}

/** GET /version; of servers that are older than it, HEAD of the table (deprecated in PROTOCOL.md). */
export function tableVersion(
  connection: Connection,
  table: TableName,
  { startingTimestamp, signal: outer }: VersionOptions,
): Promise<bigint> {
  const { send } = connection
  const path = tablePath(table)
  const query = queryString({ startingTimestamp })
  return untilDone(connection, outer, async signal => {
    try {
      return await send({ method: 'GET', path: `${path}/version${query}`, signal }, readVersion)
    } catch (error) {
      const status = isTableError(error) ? error.context.status : undefined
      if (status !== 404 && status !== 405) throw error
      return await send({ method: 'HEAD', path: path + query, signal }, readVersion).catch(() => {
        // The table is not there either way, and the first answer says so in words.
        throw error
      })
    }
  })
}

/** An answer without a body: more than this has nothing to do with a version. */
const MAX_BODY_BYTES = 64 * 1024

async function readVersion(answer: HttpAnswer): Promise<bigint> {
  const version = answer.headers.get('delta-table-version')
  await readText(answer, MAX_BODY_BYTES)
  if (version !== null) return parseVersion(version)
  throw unusable(
    'it has no delta-table-version; to a page in a browser the server must expose that header by CORS',
  )
}
