import type { TableName } from '@spillway/client'
import type { SharesConfig } from '@spillway/server'

export type TableConfig = NonNullable<
  NonNullable<NonNullable<SharesConfig['shares']>[number]['schemas']>[number]['tables']
>[number]

/** A table of a configuration, and where it stands in it. */
export interface ConfigTable {
  readonly name: TableName
  /** `share.schema.table` */
  readonly fullName: string
  readonly table: TableConfig
  /** Keys and indexes from the top of the document to the table. */
  readonly path: readonly (string | number)[]
}

/** Every table that is shared, in the order of the configuration. */
export function tablesOf({ shares = [] }: SharesConfig): readonly ConfigTable[] {
  return shares.flatMap((share, i) =>
    (share.schemas ?? []).flatMap((schema, j) =>
      (schema.tables ?? []).map((table, k) => ({
        name: { share: share.name, schema: schema.name, table: table.name },
        fullName: `${share.name}.${schema.name}.${table.name}`,
        table,
        path: ['shares', i, 'schemas', j, 'tables', k],
      })),
    ),
  )
}
