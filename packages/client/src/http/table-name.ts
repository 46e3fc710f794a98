import { TableError } from '@spillway/core'

export interface TableName {
  readonly share: string
  readonly schema: string
  readonly table: string
}

/** `share.schema.table` into its parts. A share's name may hold dots, a schema's and a table's may not. */
export function parseTableName(text: string): TableName {
  const parts = text.split('.')
  const table = parts.pop()
  const schema = parts.pop()
  const share = parts.join('.')
  if (!share || !schema || !table) {
    throw new TableError(
      'INVALID_REQUEST',
      `expected share.schema.table, found ${JSON.stringify(text)}`,
    )
  }
  return { share, schema, table }
}
