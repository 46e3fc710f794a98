import { createHash } from 'node:crypto'
import { type DataFile, type DeletionVector, grown, inSlices, TableError } from '@spillway/core'
import { checkVector, readParquetFooter, vectorBytesInSteps } from '@spillway/encoding'
import {
  DELETED,
  type DeleteContext,
  fillDeletedPositions,
  requireParquet,
} from '../merge-on-read/deleted-positions.js'
import { bitmapBytes } from '../merge-on-read/deletion-vector.js'
import { liveParts } from '../merge-on-read/live-rows.js'
import { hashedInSteps } from './hash-bytes.js'

/** Vectors, position deletes and equality deletes as the positions they remove together. */
export async function oneVector(file: DataFile, context: DeleteContext): Promise<DeletionVector> {
  requireParquet(file)
  if (file.logFiles.length > 0) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      'log files change rows, which a deletion vector cannot express',
      { context: { path: file.path } },
    )
  }
  const [first, ...more] = file.deletes
  if (first?.kind === 'deletion-vector' && more.length === 0) return alone(first, file, context)
  const byValues = file.deletes.some(({ kind }) => kind === 'equality-delete')
  return vectorOf(file, await (byValues ? byReading(file, context) : byPosition(file, context)))
}

/** A vector that says everything already, with its bytes at hand. */
async function alone(
  vector: DeletionVector,
  file: DataFile,
  context: DeleteContext,
): Promise<DeletionVector> {
  const bytes = await bitmapBytes(context.store, vector, context.signal)
  const recordCount = file.recordCount ?? (await rowCountOf(file, context))
  await inSlices(checkVector(bytes, vector, { path: file.path, recordCount }))
  return namedVector(file.path, bytes, vector.cardinality)
}

/** The deletes name positions themselves: not a byte of the data is read. */
async function byPosition(file: DataFile, context: DeleteContext): Promise<Float64Array> {
  const rowCount = file.recordCount ?? (await rowCountOf(file, context))
  await fillDeletedPositions([file], [rowCount], context)
  const found = new Positions()
  await found.addAll(`SELECT DISTINCT pos FROM ${DELETED} ORDER BY 1`, context)
  return found.finish()
}

/** Which rows equal deleted values, only the data tells. */
async function byReading(file: DataFile, context: DeleteContext): Promise<Float64Array> {
  const found = new Positions()
  for await (const part of liveParts([file], context, { naming: 'position' })) {
    await found.addAll(`SELECT t.file_row_number ${part.deleted} ORDER BY 1`, context)
  }
  return found.finish()
}

/** Positions from answers of one column of BIGINT, a chunk at a time. */
class Positions {
  #values = new Float64Array(64)
  #length = 0

  async addAll(sql: string, { connection, signal }: DeleteContext): Promise<void> {
    for await (const chunk of connection.stream(sql, signal)) {
      const vector = chunk.getColumnVector(0)
      const { items } = vector as { readonly items?: unknown }
      this.#values = grown(this.#values, this.#length + chunk.rowCount)
      for (let row = 0; row < chunk.rowCount; row++) {
        const value = items instanceof BigInt64Array ? items[row] : vector.getItem(row)
        this.#values[this.#length++] = Number(value)
      }
    }
  }

  finish(): Float64Array {
    return this.#values.subarray(0, this.#length)
  }
}

/** Rows in the file, as its footer counts them. */
export async function rowCountOf(
  { path }: DataFile,
  { store, signal }: Pick<DeleteContext, 'store' | 'signal'>,
): Promise<number> {
  const meta = await store.head(path, signal)
  if (meta !== undefined) return (await readParquetFooter(store, meta, signal)).rowCount
  throw new TableError('TABLE_CORRUPT', 'a file that the table lists does not exist', {
    context: { path },
  })
}

/** Named by what it says, so that the same deletes make the same vector. */
export async function vectorOf(
  { path }: DataFile,
  deleted: Iterable<number | bigint> & { readonly length: number },
): Promise<DeletionVector> {
  return namedVector(path, await inSlices(vectorBytesInSteps(deleted)), deleted.length)
}

export async function namedVector(
  path: string,
  bitmap: Uint8Array,
  cardinality: number,
): Promise<DeletionVector> {
  const hash = await inSlices(hashedInSteps(createHash('sha256').update(path), bitmap))
  return { kind: 'deletion-vector', id: hash.digest('hex').slice(0, 32), bitmap, cardinality }
}
