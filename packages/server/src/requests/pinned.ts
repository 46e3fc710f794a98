import { type JsonValue, type Snapshot, TableError } from '@spillway/core'

/** A version that a token pins. */
export interface Pinned {
  readonly version: bigint
  /** Throws where the table has been recreated since: its versions are numbered anew. */
  readonly check: (snapshot: Snapshot) => void
}

/** A version of the table with this id: a table that was recreated since is another one. */
export function pinned(tableId: string, version: JsonValue, name: string): Pinned {
  return {
    version: BigInt(version as number | bigint),
    check: snapshot => {
      if (snapshot.tableId === tableId) return
      throw new TableError(
        'INVALID_REQUEST',
        `the table was recreated after the ${name} was issued; please restart the query`,
      )
    },
  }
}
