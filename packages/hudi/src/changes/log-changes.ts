import type { DataFile, LogRecord, Snapshot } from '@spillway/core'
import { readParquetFooter } from '@spillway/encoding'
import type { FileSlice } from '../file-groups/file-slices.js'
import type { MergedRecord, MergeId } from '../merging/merge.js'
import {
  type FileChange,
  fileChange,
  fileOf,
  mergedLogsAt,
  type Side,
  sideSnapshot,
} from './change-side.js'
import type { SliceChange, WriteStep } from './changed-slices.js'
import { withoutPositions } from './unchanged-rows.js'

type Records = ReadonlyMap<MergeId, MergedRecord>

/** What differs between the two sides: rows of the base file by position, rows of the logs by what they stand for. */
interface Difference {
  readonly positions: Record<Side, number[]>
  readonly ids: Record<Side, Set<MergeId>>
}

/**
 * The rows that a delta commit changed over a base file, or over none. Both sides merge their logs; a row whose last
 * word is from the same write on both did not change. Rows that stand for one of the base file go by its position: a
 * key may be there more than once. Rows of the base file are sent as that file with all others
 * hidden, rows of the logs as a slice of logs alone.
 */
export async function logChanges(
  change: SliceChange,
  step: WriteStep,
): Promise<readonly FileChange[]> {
  const { old, now } = change
  const { positions, ids } = difference(
    await recordsOf('old', old!, change, step),
    await recordsOf('now', now!, change, step),
  )
  const changes: FileChange[] = []
  for (const [side, slice] of [
    ['old', old!],
    ['now', now!],
  ] as const) {
    if (positions[side].length > 0) {
      const whole = fileChange(side, { ...slice, logs: [] }, change, step)
      const hidden = await othersThan(positions[side], whole.file, step)
      for (const each of withoutPositions(whole, hidden, `${side} ${step.write.begin}`)) {
        changes.push(each)
      }
    }
    if (ids[side].size > 0) changes.push(logRows(side, slice, { ids: ids[side], change, step }))
  }
  return changes
}

async function recordsOf(
  side: Side,
  slice: FileSlice,
  { partition }: SliceChange,
  step: WriteStep,
): Promise<Records> {
  const records = new Map<MergeId, MergedRecord>()
  if (slice.logs.length === 0) return records
  const file = fileOf(partition, slice, step)
  for await (const chunk of mergedLogsAt(side, step)(file, step.signal)) {
    for (const record of chunk) records.set(idOf(record), record)
  }
  return records
}

function idOf({ position, recordKey }: LogRecord): MergeId {
  return position === undefined ? recordKey : Number(position)
}

/** Rows that neither side names have their base file's row, or none, on both. */
function difference(old: Records, now: Records): Difference {
  const found: Difference = {
    positions: { old: [], now: [] },
    ids: { old: new Set(), now: new Set() },
  }
  for (const id of new Set([...old.keys(), ...now.keys()])) {
    const [was, is] = [old.get(id), now.get(id)]
    if (was !== undefined && is !== undefined && was.instant === is.instant) continue
    take('old', was, is, found)
    take('now', is, was, found)
  }
  return found
}

/** The row that one side has: a log's, or the base file's where only the other side took it away. */
function take(
  side: Side,
  own: MergedRecord | undefined,
  other: MergedRecord | undefined,
  { positions, ids }: Difference,
): void {
  if (own?.row !== undefined) ids[side].add(idOf(own))
  else if (own === undefined && other?.position !== undefined) {
    positions[side].push(Number(other.position))
  }
}

async function othersThan(positions: readonly number[], file: DataFile, step: WriteStep) {
  const { store } = step.options
  const meta = (await store.head(file.path, step.signal)) ?? file
  const { rowCount } = await readParquetFooter(store, meta, step.signal)
  const wanted = new Set(positions)
  const chosen: number[] = []
  for (let row = 0; row < rowCount; row++) if (!wanted.has(row)) chosen.push(row)
  return { rowCount, chosen }
}

/** Rows that the logs of a slice made, as a slice of logs alone that has only these. */
function logRows(
  side: Side,
  slice: FileSlice,
  {
    ids,
    change,
    step,
  }: {
    readonly ids: ReadonlySet<MergeId>
    readonly change: SliceChange
    readonly step: WriteStep
  },
): FileChange {
  const whole = fileOf(change.partition, slice, step)
  const file = {
    ...fileOf(change.partition, { ...slice, base: undefined }, step),
    part: `rows of ${step.write.begin} ${side}`,
  }
  const snapshot: Snapshot = {
    ...sideSnapshot(side, step),
    async *mergedLogs(_, signal) {
      for await (const records of mergedLogsAt(side, step)(whole, signal)) {
        const rows = records.flatMap((record): LogRecord[] => {
          const { recordKey, row } = record
          return row !== undefined && ids.has(idOf(record)) ? [{ recordKey, row }] : []
        })
        if (rows.length > 0) yield rows
      }
    },
  }
  return { action: side === 'old' ? 'remove' : 'add', file, snapshot }
}
