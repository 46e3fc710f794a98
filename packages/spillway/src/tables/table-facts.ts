import type { DataFile, FileBatchHandle, LiveFiles, Snapshot } from '@spillway/core'

/** What a snapshot's files add up to. */
export interface TableFacts {
  /** Live data files; slices of logs alone are not among them. */
  readonly files: number
  readonly slices: number
  readonly logFiles: number
  readonly bytes: number
  /** Live rows, where the metadata alone proves their number. */
  readonly records: bigint | null
  /** Rows in the files, deleted ones included; absent where the metadata does not say. */
  readonly recorded?: number
  /** Live files as the lists of the table's batches count them, before any is read. */
  readonly listedFiles?: number
  readonly positionDeleteFiles: number
  readonly equalityDeleteFiles: number
  readonly deletionVectors: number
}

interface Totals {
  logOnly: number
  slices: number
  logFiles: number
  bytes: number
  records: number
  recorded: number
  listedFiles: number
  readonly positionDeletes: Set<string>
  readonly equalityDeletes: Set<string>
  readonly vectors: Set<string>
}

const FILES_AT_ONCE = 2048

/** Adds up every live file; only those that have deletes or logs are looked at one by one. */
export async function tableFacts(snapshot: Snapshot, signal?: AbortSignal): Promise<TableFacts> {
  const totals: Totals = {
    logOnly: 0,
    slices: 0,
    logFiles: 0,
    bytes: 0,
    records: 0,
    recorded: 0,
    listedFiles: 0,
    positionDeletes: new Set(),
    equalityDeletes: new Set(),
    vectors: new Set(),
  }
  for (const handle of snapshot.files.handles) await addBatch(totals, handle, signal)
  return {
    files: totals.slices - totals.logOnly,
    slices: totals.slices,
    logFiles: totals.logFiles,
    bytes: totals.bytes,
    records: Number.isNaN(totals.records) ? null : BigInt(totals.records),
    ...(Number.isNaN(totals.recorded) ? {} : { recorded: totals.recorded }),
    ...(Number.isNaN(totals.listedFiles) ? {} : { listedFiles: totals.listedFiles }),
    positionDeleteFiles: totals.positionDeletes.size,
    equalityDeleteFiles: totals.equalityDeletes.size,
    deletionVectors: totals.vectors.size,
  }
}

async function addBatch(
  totals: Totals,
  handle: FileBatchHandle,
  signal?: AbortSignal,
): Promise<void> {
  const loaded = await handle.load(signal)
  const { batch, live, unreadable } = loaded
  const refused = unreadable?.rows[0]
  if (refused !== undefined) throw unreadable!.refusal(refused)
  totals.slices += live.length
  totals.listedFiles += handle.fileCount ?? Number.NaN
  for (const row of live) {
    totals.bytes += batch.size[row]!
    totals.records += batch.stats.recordCount[row]!
    totals.recorded += batch.stats.recordCount[row]!
  }
  for (let start = 0; start < live.length; start += FILES_AT_ONCE) {
    await addDeletes(totals, loaded, { rows: live.subarray(start, start + FILES_AT_ONCE), signal })
  }
}

async function addDeletes(
  totals: Totals,
  loaded: LiveFiles,
  { rows, signal }: { readonly rows: Uint32Array; readonly signal: AbortSignal | undefined },
): Promise<void> {
  if (loaded.deletedCounts === undefined) return
  const counts = await loaded.deletedCounts(rows, signal)
  const touched = rows.filter((_, i) => counts[i] !== 0)
  for (const count of counts) totals.records -= count
  if (touched.length === 0) return
  for (const file of await loaded.files(touched, signal)) addFile(totals, file)
}

function addFile(totals: Totals, file: DataFile): void {
  totals.logFiles += file.logFiles.length
  if (file.fileFormat === 'hudi-log') totals.logOnly++
  for (const each of file.deletes) {
    if (each.kind === 'deletion-vector') totals.vectors.add(`${file.path}\n${each.id}`)
    else if (each.kind === 'position-delete') totals.positionDeletes.add(each.path)
    else totals.equalityDeletes.add(each.path)
  }
}
