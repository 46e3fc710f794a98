import type { DataFile, JsonObject, Predicate, Snapshot } from '@spillway/core'
import { planScan } from '@spillway/planner'
import { relativeTo } from '@spillway/storage'
import { partitionValues } from './partition-values.js'

export interface Unapplied {
  readonly predicate: string
  readonly reason: string
}

export interface PlanInput {
  readonly predicate?: Predicate | undefined
  /** What the parser already gave up on. */
  readonly unapplied: readonly Unapplied[]
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
}

const FILES_AT_ONCE = 1024
const HANDLES_AT_ONCE = 8

/** The `plan` answer of the batch contract: types, since interfaces would not be `JsonObject`s. */
export type Planned = {
  readonly version: string
  readonly filesTotal: number
  readonly files: readonly PlannedFile[]
  readonly pruned: { readonly partition: number; readonly stats: number; readonly limit: number }
  readonly unapplied: readonly { readonly predicate: string; readonly reason: string }[]
}

export type PlannedFile = {
  readonly path: string
  readonly size: number
  readonly records: string | null
  readonly partitionValues: JsonObject
  readonly deletes: number
  readonly logFiles: readonly string[]
}

export async function planTable(snapshot: Snapshot, input: PlanInput): Promise<Planned> {
  const { predicate, limit, signal } = input
  const plan = planScan(snapshot, {
    predicate,
    limit,
    signal,
    zonelessLiterals: 'utc',
  })
  const files: PlannedFile[] = []
  for await (const { files: live, selection } of plan) {
    for (let start = 0; start < selection.length; start += FILES_AT_ONCE) {
      const chosen = await live.files(selection.subarray(start, start + FILES_AT_ONCE), signal)
      for (const file of chosen) files.push(fileJson(file, snapshot))
    }
  }
  const { filesTotal, filesPruned } = plan.metrics
  const isPartial = predicate !== undefined || limit !== undefined
  const total = isPartial ? await countFiles(snapshot, filesTotal, signal) : filesTotal
  const unread = plan.metrics.batchesPruned === 0 ? 'limit' : 'partition'
  return {
    version: snapshot.version.toString(),
    filesTotal: total,
    files,
    pruned: { ...filesPruned, [unread]: filesPruned[unread] + total - filesTotal },
    unapplied: [...input.unapplied, ...plan.unapplied].map(each => ({ ...each })),
  }
}

/** Live files, also of batches that were not looked at. */
async function countFiles(
  { files: { handles, countsEveryVersion } }: Snapshot,
  planned: number,
  signal?: AbortSignal,
): Promise<number> {
  if (countsEveryVersion !== true) return planned
  let count = 0
  for (let start = 0; start < handles.length; start += HANDLES_AT_ONCE) {
    const chosen = handles.slice(start, start + HANDLES_AT_ONCE)
    const loaded = await Promise.all(chosen.map(handle => handle.load(signal)))
    for (const { live } of loaded) count += live.length
  }
  return count
}

function fileJson(file: DataFile, snapshot: Snapshot): PlannedFile {
  return {
    path: shownPath(file.path, snapshot.source.location),
    size: file.size,
    records: liveRecords(file),
    partitionValues: partitionValues(file, snapshot),
    deletes: file.deletes.length,
    logFiles: file.logFiles.map(({ path }) => shownPath(path, snapshot.source.location)),
  }
}

/** Relative to the table's root below it; else absolute, local files as plain paths. */
function shownPath(path: string, location: string): string {
  return relativeTo(location, path) ?? path.replace(/^file:(\/\/(localhost)?)?(?=\/)/i, '')
}

/** Rows left once vectors are subtracted; null where only reading tells. */
function liveRecords(file: DataFile): string | null {
  if (file.recordCount === undefined || file.logFiles.length > 0) return null
  let left = file.recordCount
  for (const each of file.deletes) {
    if (each.kind !== 'deletion-vector') return null
    left -= each.cardinality
  }
  return left.toString()
}
