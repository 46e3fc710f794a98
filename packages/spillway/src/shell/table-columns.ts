import { parseTableName, type SharingClient } from '@spillway/client'
import { tableFields } from '../recipient/describe-table.js'

/** Gives the names of the columns of tables, each asked for once; of a table that cannot be read there are none. */
export function tableColumns(
  client: SharingClient,
): (tables: readonly string[]) => Promise<readonly string[]> {
  const known = new Map<string, Promise<readonly string[]>>()
  const columnsOf = (table: string) => {
    const found =
      known.get(table) ??
      tableFields(client, parseTableName(table)).then(
        fields => fields.map(({ name }) => name),
        () => [],
      )
    known.set(table, found)
    return found
  }
  return async tables => (await Promise.all(tables.map(columnsOf))).flat()
}
