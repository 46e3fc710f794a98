import {
  type DataFile,
  type DeletionVector,
  type SplitSlice,
  TableError,
  type ValueBounds,
} from '@spillway/core'
import { readParquetFooter } from '@spillway/encoding'
import type { DeleteContext } from '../merge-on-read/deleted-positions.js'
import { readVector } from '../merge-on-read/deletion-vector.js'
import { logRecords, mergedRows } from '../merge-on-read/merged-rows.js'
import { writePart } from './complete-file.js'
import { namedVector, rowCountOf, vectorOf } from './one-vector.js'
import { type Staged, type Staging, stage, stagedFile, stagedPath } from './staged-file.js'
import { stagedName } from './staged-name.js'

/** What the footer of a staged file of changed rows says about the base file that they belong to. */
const BASE_ROWS = 'spillway.base_rows'
const TAKEN = 'spillway.taken'
const TAKEN_COUNT = 'spillway.taken_count'

/**
 * A slice as the base file less a vector, and a small file of the rows that its logs changed or added. That file is
 * staged even where it is empty: its footer holds the vector, so nobody merges these logs again.
 */
export async function splitInStaging(
  file: DataFile,
  staging: Staging,
  context: DeleteContext,
): Promise<SplitSlice> {
  const path = stagedPath(staging, await stagedName(context.snapshot, file, 'changed'))
  const known = await readStaged(path, file, staging)
  if (known !== undefined) return known
  const { taken, part } = await mergedRows(file, context, 'logical')
  const vector = await vectorOf(file, taken)
  const baseRows = await baseRowsOf(file, context)
  const footer = {
    [BASE_ROWS]: `${baseRows}`,
    [TAKEN]: Buffer.from(vector.bitmap as Uint8Array).toString('base64'),
    [TAKEN_COUNT]: `${vector.cardinality}`,
  }
  const changed = await stage(staging, path, context, to => writePart(part, to, context, footer))
  return sliceOf(file, { baseRows, vector, changed })
}

/** The same where nothing can be written: undefined as soon as the logs make a row. */
export async function splitInMemory(
  file: DataFile,
  context: DeleteContext,
): Promise<SplitSlice | undefined> {
  const taken: bigint[] = []
  for await (const records of logRecords(file, context)) {
    for (const { position, row } of records) {
      if (row !== undefined) return undefined
      if (position !== undefined) taken.push(position)
    }
  }
  const baseRows = await baseRowsOf(file, context)
  return sliceOf(file, { baseRows, vector: await vectorOf(file, taken) })
}

async function baseRowsOf(file: DataFile, context: DeleteContext): Promise<number> {
  return file.fileFormat === 'hudi-log' ? 0 : rowCountOf(file, context)
}

async function readStaged(
  path: string,
  file: DataFile,
  { store }: Staging,
): Promise<SplitSlice | undefined> {
  const meta = await store.head(path)
  if (meta === undefined) return undefined
  const { rowCount: rows, keyValue } = await readParquetFooter(store, meta)
  const [baseRows, count] = [BASE_ROWS, TAKEN_COUNT].map(key => Number(keyValue.get(key)))
  const taken = keyValue.get(TAKEN)
  const bitmap = new Uint8Array(Buffer.from(taken ?? '', 'base64'))
  const vector = await namedVector(file.path, bitmap, count!)
  await readVector(store, vector)
  if (!Number.isSafeInteger(baseRows)) {
    throw new TableError('TABLE_CORRUPT', 'a staged file does not say what it belongs to', {
      context: { path },
    })
  }
  const changed = { path, size: meta.size, modified: meta.lastModified, rows }
  return sliceOf(file, { baseRows: baseRows!, vector, changed })
}

function sliceOf(
  file: DataFile,
  {
    baseRows,
    vector,
    changed,
  }: { readonly baseRows: number; readonly vector: DeletionVector; readonly changed?: Staged },
): SplitSlice {
  // What is known of the slice's values is of base and logs together, and not of every row that the base has.
  const bounds = new Map<number, ValueBounds>()
  const base = { ...file, logFiles: [], recordCount: baseRows, bounds }
  const some = changed !== undefined && changed.rows > 0
  return {
    ...(vector.cardinality < baseRows && {
      base: vector.cardinality === 0 ? { file: base } : { file: base, vector },
    }),
    ...(some && { changed: stagedFile(file, changed, bounds) }),
  }
}
