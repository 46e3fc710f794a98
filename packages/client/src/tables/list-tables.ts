import { isTableError } from '@spillway/core'
import { SCHEMA, TABLE, type WireTable } from '@spillway/protocol/wire'
import type { SendRequest } from '../http/http.js'
import { type ListOptions, listAll } from '../http/list.js'
import { schemaPath, sharePath } from '../http/paths.js'

/** The tables of a schema, or of every schema; servers without that list are asked schema by schema. */
export async function* listTables(
  send: SendRequest,
  share: string,
  { schema, ...options }: ListOptions & { readonly schema?: string | undefined },
): AsyncGenerator<WireTable> {
  if (schema !== undefined) return yield* tablesOfSchema(send, { share, schema }, options)
  let any = false
  try {
    const common = { share }
    const all = { path: sharePath(share, '/all-tables'), item: TABLE }
    for await (const table of listAll(send, all, { ...options, common })) {
      any = true
      yield table
    }
    return
  } catch (error) {
    const absent = isTableError(error) && [404, 405].includes(Number(error.context.status))
    if (any || !absent) throw error
  }
  const listed = { path: sharePath(share, '/schemas'), item: SCHEMA }
  const schemas = listAll(send, listed, { ...options, common: { share } })
  for await (const { name } of schemas)
    yield* tablesOfSchema(send, { share, schema: name }, options)
}

function tablesOfSchema(
  send: SendRequest,
  { share, schema }: { readonly share: string; readonly schema: string },
  options: ListOptions,
): AsyncIterable<WireTable> {
  const listed = { path: schemaPath(share, schema, '/tables'), item: TABLE }
  return listAll(send, listed, { ...options, common: { share, schema } })
}
