import { quoteName, quoteText } from '@spillway/rows'

/** The number of the transaction in which views show something; unset where each statement has one of its own. */
const SHOWN_IN = 'share_shown_in_transaction'

/** Sets or resets what a view of this connection shows: the query that its variable holds. */
export function showSql(variable: string, sql: string | undefined): string {
  const name = quoteName(variable)
  return sql === undefined ? `RESET VARIABLE ${name}` : `SET VARIABLE ${name} = ${quoteText(sql)}`
}

/** Says that what is shown is for one transaction alone. */
export function showInSql(transaction: bigint | undefined): string {
  const name = quoteName(SHOWN_IN)
  return transaction === undefined
    ? `RESET VARIABLE ${name}`
    : `SET VARIABLE ${name} = ${transaction}::UBIGINT`
}

/**
 * An expression that gives what the variable named by the expression `key` says, if it says it of now. Within a transaction
 * that failed no variable can be reset: what is left of it must be nothing to whoever comes after its ROLLBACK.
 */
export function shownBy(key: string): string {
  const isNow = `coalesce(getvariable(${quoteText(SHOWN_IN)}) = current_transaction_id(), true)`
  return `CASE WHEN ${isNow} THEN getvariable(${key}) END`
}
