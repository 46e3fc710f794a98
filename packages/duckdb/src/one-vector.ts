import { createHash } from 'node:crypto'
import { type DataFile, type DeletionVector, TableError } from '@spillway/core'
import { readParquetFooter } from '@spillway/encoding'
import {
  DELETED,
  type DeleteContext,
  fillDeletedPositions,
  requireInside,
  requireParquet,
} from './deleted-positions.js'
import { vectorBytes } from './deletion-vector.js'
import { liveParts } from './live-rows.js'

/** Vectors, position deletes and equality deletes as the positions they remove together. */
export async function oneVector(file: DataFile, context: DeleteContext): Promise<DeletionVector> {
  requireParquet(file)
  if (file.logFiles.length > 0) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'log files change rows: no deletion vector says that',
      { context: { path: file.path } },
    )
  }
  const byValues = file.deletes.some(({ kind }) => kind === 'equality-delete')
  return vectorOf(file, await (byValues ? byReading(file, context) : byPosition(file, context)))
}

/** The deletes name positions themselves: not a byte of the data is read. */
async function byPosition(file: DataFile, context: DeleteContext): Promise<readonly bigint[]> {
  await fillDeletedPositions([file], context)
  await requireInside([file], [file.recordCount ?? (await rowCountOf(file, context))], context)
  return positions(`SELECT DISTINCT pos FROM ${DELETED} ORDER BY 1`, context)
}

/** Which rows equal deleted values, only the data tells. */
async function byReading(file: DataFile, context: DeleteContext): Promise<readonly bigint[]> {
  const found: bigint[] = []
  for await (const part of liveParts([file], context, { naming: 'position' })) {
    const sql = `SELECT t.file_row_number ${part.deleted} ORDER BY 1`
    for (const position of await positions(sql, context)) found.push(position)
  }
  return found
}

async function positions(
  sql: string,
  { connection, signal }: DeleteContext,
): Promise<readonly bigint[]> {
  const rows = await connection.all(sql, signal)
  return rows.map(([position]) => BigInt(position as bigint))
}

/** Rows in the file, as its footer counts them. */
export async function rowCountOf(
  { path }: DataFile,
  { store, signal }: Pick<DeleteContext, 'store' | 'signal'>,
): Promise<number> {
  const meta = await store.head(path, signal)
  if (meta !== undefined) return (await readParquetFooter(store, meta, signal)).rowCount
  throw new TableError('TABLE_CORRUPT', 'the table names a file that is not there', {
    context: { path },
  })
}

/** Named by what it says, so that the same deletes make the same vector. */
export function vectorOf({ path }: DataFile, deleted: readonly bigint[]): DeletionVector {
  return namedVector(path, vectorBytes(deleted), deleted.length)
}

export function namedVector(path: string, bitmap: Uint8Array, cardinality: number): DeletionVector {
  const id = createHash('sha256').update(path).update(bitmap).digest('hex').slice(0, 32)
  return { kind: 'deletion-vector', id, bitmap, cardinality }
}
