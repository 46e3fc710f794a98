import type { Connection } from '@spillway/rows'

/**
 * The number of the transaction that the session is in; undefined where every statement has one of its own. Asking for it
 * changes nothing.
 */
export async function transactionOf(session: Connection): Promise<bigint | undefined> {
  const ask = async () => {
    const [row] = await session.all('SELECT current_transaction_id()')
    return BigInt(String(row?.[0]))
  }
  const [first, second] = [await ask(), await ask()]
  return first === second ? first : undefined
}
