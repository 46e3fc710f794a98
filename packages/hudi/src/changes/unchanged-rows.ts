import { type DataFile, leafKey } from '@spillway/core'
import { parquetReader, vectorBytes } from '@spillway/encoding'
import { columnKey } from '../log-files/record-key.js'
import { headOf } from '../merging/keyed-base.js'
import type { FileChange } from './change-side.js'
import type { WriteStep } from './changed-slices.js'

const KEY = '_hoodie_record_key'
const WRITTEN = '_hoodie_commit_time'

/** Rows of a base file by key, with the write that each is from. */
interface KeyedRows {
  /** The key of each row. */
  readonly keys: readonly string[]
  /** By key, the writes of its rows: more than one where a key is there more than once. */
  readonly writes: ReadonlyMap<string, string>
}

/**
 * Positions of the rows that the file before a write and the file after it have in common, in each. Writers keep the
 * commit time of rows that they copy, so a key with the same commit times on both sides did not change.
 */
export async function unchangedRows(
  files: readonly [DataFile, DataFile],
  step: WriteStep,
): Promise<readonly [Positions, Positions]> {
  const old = await keyedRows(files[0], step)
  const now = await keyedRows(files[1], step)
  const isUnchanged = (key: string) => sameWrites(old.writes.get(key), now.writes.get(key))
  return [positions(old.keys, isUnchanged), positions(now.keys, isUnchanged)]
}

/** Rows that were chosen of a file. */
export interface Positions {
  readonly rowCount: number
  readonly chosen: readonly number[]
}

function positions(keys: readonly string[], choose: (key: string) => boolean): Positions {
  const chosen: number[] = []
  for (const [position, key] of keys.entries()) if (choose(key)) chosen.push(position)
  return { rowCount: keys.length, chosen }
}

function sameWrites(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true
  if (a === undefined || b === undefined || a.length !== b.length) return false
  return a.split(',').sort().join() === b.split(',').sort().join()
}

async function keyedRows(
  { recordedPath }: DataFile,
  { options, state, signal }: WriteStep,
): Promise<KeyedRows> {
  const { store, parquet = parquetReader() } = options
  // Where the file's rows lie elsewhere, its keys are still in the base file that the table lists.
  const meta = await headOf(store, `${state.root}/${recordedPath}`, signal)
  const keys: string[] = []
  const writes = new Map<string, string>()
  const leaves = [[KEY], [WRITTEN]]
  for await (const batch of parquet.read(store, meta, { leaves, signal })) {
    const columnOf = (name: string) => batch.leaves.get(leafKey([name]))?.column
    const keyOf = columnKey(KEY).ofColumns(columnOf, meta.path)
    const writeOf = columnKey(WRITTEN).ofColumns(columnOf, meta.path)
    for (let row = 0; row < batch.length; row++) {
      const key = keyOf(row)
      const known = writes.get(key)
      keys.push(key)
      writes.set(key, known === undefined ? writeOf(row) : `${known},${writeOf(row)}`)
    }
  }
  return { keys, writes }
}

/** A file with rows hidden; nothing where no row is left. */
export function withoutPositions(
  change: FileChange,
  { rowCount, chosen }: Positions,
  id: string,
): readonly FileChange[] {
  if (chosen.length === rowCount) return []
  const file = { ...change.file, recordCount: rowCount }
  if (chosen.length === 0) return [{ ...change, file }]
  const bitmap = vectorBytes(chosen)
  const vector = { kind: 'deletion-vector', id, bitmap, cardinality: chosen.length } as const
  return [{ ...change, file: { ...file, deletes: [vector] } }]
}
