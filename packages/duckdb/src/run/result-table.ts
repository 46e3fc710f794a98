import { isTableError, TableError } from '@spillway/core'
import type { Chunk } from '@spillway/rows'
import { type ExecuteOptions, runInLane } from './execute.js'

/** Rows that are taken from a table at once: between two blocks, others have the connection. */
const BLOCK_ROWS = 20_480

/** The rows of a table whose number is known, in their order: fewer of them are an error. */
export async function* tableChunks(table: string, options: ExecuteOptions): AsyncGenerator<Chunk> {
  const reading = { table, options: { ...options, parameters: undefined, bindings: [] } }
  const { lane } = options.shares
  let { count, first } = await lane(options.signal, () => stateOf(reading))
  for (let start = 0; start < count; start += BLOCK_ROWS) {
    const rows = Math.min(count - start, BLOCK_ROWS)
    const chunks = await lane(options.signal, async () => {
      const block = await blockOf(reading, first + BigInt(start), rows)
      if (rowsIn(block) === rows) return block
      // Rows have other numbers within the transaction that made them than after it.
      const now = await stateOf(reading)
      first = now.first
      const again = await blockOf(reading, first + BigInt(start), rows)
      if (now.count === count && rowsIn(again) === rows) return again
      throw changed(`it had ${count} rows, of which ${now.count} are left`)
    })
    yield* chunks
  }
}

export async function rowCount(table: string, options: ExecuteOptions): Promise<number> {
  const reading = { table, options }
  return options.shares.lane(options.signal, async () => (await stateOf(reading)).count)
}

interface Reading {
  readonly table: string
  readonly options: ExecuteOptions
}

/** How many rows there are and the number of the first; without a hole, since nobody else writes to the table. */
async function stateOf({ table, options }: Reading): Promise<{ count: number; first: bigint }> {
  try {
    const [row] = await options.shares.session.all(
      `SELECT count(*), min(rowid) FROM temp.main.${table}`,
    )
    return { count: Number(row?.[0]), first: BigInt(String(row?.[1] ?? 0)) }
  } catch (error) {
    if (!isTableError(error) || !/^DuckDB: Catalog Error/.test(error.message)) throw error
    throw changed('it is gone, as with a transaction that was rolled back before they were read')
  }
}

async function blockOf(
  { table, options }: Reading,
  from: bigint,
  rows: number,
): Promise<readonly Chunk[]> {
  const { session } = options.shares
  const [row] = await session.all("SELECT current_setting('preserve_insertion_order')")
  // Without it DuckDB gives the parts of a table in any order.
  const order = row?.[0] === true ? '' : 'ORDER BY rowid'
  const where = `rowid >= ${from} AND rowid < ${from + BigInt(rows)}`
  return runInLane(`FROM temp.main.${table} WHERE ${where} ${order}`, options)
}

function rowsIn(chunks: readonly Chunk[]): number {
  return chunks.reduce((sum, { rowCount }) => sum + rowCount, 0)
}

function changed(how: string): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `the rows of the result lay in a temporary table, which is not as it was: ${how}`,
  )
}
