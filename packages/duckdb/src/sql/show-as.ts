import { type Connection, quoteName, quoteText } from '@spillway/rows'

/** Sets or resets what a view of this connection shows: the query that its variable holds. */
export async function showAs(
  session: Connection,
  variable: string,
  sql: string | undefined,
): Promise<void> {
  const name = quoteName(variable)
  await session.run(
    sql === undefined ? `RESET VARIABLE ${name}` : `SET VARIABLE ${name} = ${quoteText(sql)}`,
  )
}
