import { unusable } from '../http/http.js'
import { queryString, tablePath } from '../http/paths.js'
import type { TableName } from '../http/table-name.js'
import {
  type ClientCapabilities,
  capabilitiesHeader,
  capabilitiesText,
  checkAnswer,
} from '../query/check-answer.js'
import { type Connection, untilDone } from '../query/connection.js'
import { type ActionPage, readAnswer } from '../query/read-actions.js'

export interface MetadataOptions {
  readonly version?: bigint | undefined
  /** ISO 8601, UTC. */
  readonly timestamp?: string | undefined
  readonly capabilities?: ClientCapabilities
  readonly signal?: AbortSignal | undefined
}

export type TableMetadataAnswer = Pick<
  ActionPage,
  'version' | 'format' | 'protocol' | 'metaData' | 'readsSqlHints'
>

/** GET /metadata: exactly a protocol and a metaData line. */
export function tableMetadata(
  connection: Connection,
  table: TableName,
  { capabilities = connection.capabilities, signal: outer, ...at }: MetadataOptions,
): Promise<TableMetadataAnswer> {
  const headers = capabilitiesHeader(capabilitiesText(capabilities))
  const path = `${tablePath(table)}/metadata${queryString(at)}`
  return untilDone(connection, outer, signal =>
    connection.send({ method: 'GET', path, headers, signal }, async answer => {
      const page = checkAnswer(await readAnswer(answer), { capabilities, version: at.version })
      for await (const { kind } of page.actions)
        throw unusable(`a ${kind} line where metadata has two lines`)
      const { version, format, protocol, metaData, readsSqlHints } = page
      return { version, format, protocol, metaData, readsSqlHints }
    }),
  )
}
