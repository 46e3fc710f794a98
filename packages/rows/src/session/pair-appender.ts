import type { DuckDBConnection, DuckDBVector } from '@duckdb/node-api'
import { inSlices, type Steps, throwIfCancelled } from '@spillway/core'
import { duckDbApi } from './duckdb-api.js'

/** Fills a table of two BIGINT columns. What was appended is in the table when it is closed. */
export interface PairAppender {
  /** `left` beside each of `rights`, whole numbers below 2^53, in steps. One call at a time. */
  append(left: number, rights: Iterable<Float64Array>, signal?: AbortSignal): Promise<void>
  close(): void
}

/** What DuckDB takes at once. */
const ROWS = 2048
/** So many blocks go to the table together: by itself the client waits for a hundred, which takes too long. */
const BLOCKS_AT_ONCE = 16
const HIGH = 2 ** 32

export async function pairAppender(
  connection: DuckDBConnection,
  table: string,
): Promise<PairAppender> {
  const { BIGINT, DuckDBDataChunk } = await duckDbApi()
  const appender = await connection.createAppender(table)
  const chunk = DuckDBDataChunk.create([BIGINT, BIGINT])
  const columns = [new BigInt64Array(ROWS), new BigInt64Array(ROWS)] as const
  const lefts = columns[0]
  // Numbers are written as their halves: a bigint for each would cost more than all the rest.
  const halves = new Uint32Array(columns[1].buffer)
  let filled = 0
  let blocks = 0

  function flush(): void {
    if (filled === 0) return
    chunk.rowCount = filled
    for (const [i, values] of columns.entries()) fill(chunk.getColumnVector(i), values, filled)
    appender.appendDataChunk(chunk)
    filled = 0
    if (++blocks % BLOCKS_AT_ONCE === 0) appender.flushSync()
  }

  function* appended(left: bigint, rights: Iterable<Float64Array>): Steps<void> {
    for (const block of rights) {
      for (let i = 0; i < block.length; i++) {
        const right = block[i]!
        lefts[filled] = left
        halves[2 * filled] = right
        halves[2 * filled + 1] = right / HIGH
        if (++filled < ROWS) continue
        flush()
        yield
      }
    }
  }

  return {
    append: (left, rights, signal) =>
      inSlices(appended(BigInt(left), rights), undefined, next => {
        throwIfCancelled(signal)
        return next()
      }),
    close() {
      flush()
      appender.closeSync()
    },
  }
}

/** The buffer of a vector is not in its public type: where there is none of that layout, it is asked to take each value. */
function fill(vector: DuckDBVector, values: BigInt64Array, count: number): void {
  const items = 'items' in vector ? vector.items : undefined
  if (items instanceof BigInt64Array) items.set(values.subarray(0, count))
  else for (let row = 0; row < count; row++) vector.setItem(row, values[row]!)
  vector.flush()
}
