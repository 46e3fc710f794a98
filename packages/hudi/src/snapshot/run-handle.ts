import {
  type DataFile,
  everyRow,
  type FileBatchHandle,
  inSlices,
  type LiveFiles,
  mapConcurrently,
  type Selection,
  type Slices,
  type Steps,
  throwIfCancelled,
} from '@spillway/core'
import { withSources } from '../bootstrap/skeletons.js'
import { checkedSlices } from '../file-groups/checked-listing.js'
import { dataFileOf } from '../file-groups/data-file.js'
import { parseFileName } from '../file-groups/file-name.js'
import { FILES_IN_A_STEP, type ListedFile } from '../file-groups/file-slices.js'
import { logCountOf, type SliceTable, sliceTable } from '../file-groups/slice-table.js'
import type { PartitionRun } from '../pruning/partition-handles.js'
import { sliceBatch } from '../pruning/slice-batch.js'
import { statisticsReader } from '../pruning/slice-statistics.js'
import { generationOf } from '../timeline/generations.js'
import { instantMillis } from '../timeline/instant.js'
import type { TableState } from '../timeline/table-state.js'
import { inFolders, type Partitioning, partitionValues } from './partitioning.js'
import type { SnapshotParts } from './snapshot-parts.js'

interface Loading {
  readonly partitioning: Partitioning
  readonly parts: SnapshotParts
  readonly turns: Slices
}

/** A run of partitions as a handle: its slices are listed, checked and cached when it is loaded. */
export function runHandle(
  run: PartitionRun,
  { partitioning, parts, turns }: Loading,
): FileBatchHandle {
  const { source, state, write, cache } = parts
  const view = source.view ?? 'snapshot'
  // The latest snapshot's slices are named by what wrote them last, an older one's by its write.
  const version = `${parts.isLatest ? '' : write?.completion} ${parts.listing.kind} ${view}`
  const key = `hudi ${state.root} ${version} ${run.partitions[0]} ${run.partitions.length} ${generationOf(parts.generations, run.partitions)}`
  const fileCount = parts.listing.fileCount?.(run.partitions)
  return {
    fileCount,
    async load(signal) {
      throwIfCancelled(signal)
      const load = async (loadSignal: AbortSignal): Promise<HudiBatch> => {
        const slices = await loadSlices(run, { partitioning, parts, turns }, loadSignal)
        return { ...(await inSlices(batchOf(slices, run, partitioning, parts), turns)), slices }
      }
      const batch = (await cache.get(key, load, signal)) as HudiBatch
      return liveFiles(batch.slices, run, { batch, partitioning, parts })
    },
  }
}

/** A batch as it lies in the cache, with what its files are made from. */
type HudiBatch = LiveFiles['batch'] & { readonly slices: SliceTable }

const PARTITIONS_AT_ONCE = 8

async function loadSlices(
  run: PartitionRun,
  { partitioning, parts, turns }: Loading,
  signal: AbortSignal,
): Promise<SliceTable> {
  const listed = await parts.listing.files(run.partitions, signal)
  const readOptimized = parts.source.view === 'read-optimized'
  const visibility = (await inSlices(hasArchivedLogs(listed.values(), parts.state), turns))
    ? await parts.exactVisibility()
    : parts.visibility
  const options = {
    ...parts,
    index: parts.bootstrap,
    needed: partitioning.exact ? [] : partitioning.columns.map(({ field }) => field.name),
    signal,
  }
  const { proof, listing } = parts
  const check = { ...proof, listing, visibility, withLogs: !readOptimized, turns, signal }
  const slices = await mapConcurrently(run.partitions, PARTITIONS_AT_ONCE, async partition => {
    const files = listed.get(partition) ?? []
    const checked = await checkedSlices(partition, files, check)
    const live = await withSources(partition, checked, options)
    if (!readOptimized) return { partition, slices: live }
    const based = live.filter(slice => slice.base !== undefined)
    return { partition, slices: based.map(slice => ({ ...slice, logs: [] })) }
  })
  return inSlices(sliceTable(parts.state.root, slices), turns)
}

/** From version 8 on, which slice a log belongs to depends on when its write completed: the archive knows of old ones. */
function* hasArchivedLogs(
  listed: Iterable<readonly ListedFile[]>,
  { config, timeline }: TableState,
): Steps<boolean> {
  const { start, completions } = timeline
  if (config.layout === 1 || start === undefined) return false
  let seen = 0
  for (const files of listed) {
    for (const { name } of files) {
      if (++seen % FILES_IN_A_STEP === 0) yield
      if (!name.startsWith('.')) continue
      const log = parseFileName(name)
      if (log !== undefined && log.instant < start && !completions.has(log.instant)) return true
    }
  }
  return false
}

function batchOf(
  table: SliceTable,
  run: PartitionRun,
  partitioning: Partitioning,
  parts: SnapshotParts,
): Steps<LiveFiles['batch']> {
  return sliceBatch({
    table,
    columns: partitioning.columns,
    values: run.values,
    readStatistics: statisticsReader(table, {
      ...parts,
      notInFiles: notInFiles(partitioning, parts),
    }),
  })
}

function notInFiles({ columns }: Partitioning, { state }: SnapshotParts): ReadonlySet<number> {
  return new Set(state.config.foldersHoldValues ? columns.map(({ field }) => field.id) : [])
}

function liveFiles(
  table: SliceTable,
  run: PartitionRun,
  options: {
    readonly batch: LiveFiles['batch']
    readonly partitioning: Partitioning
    readonly parts: SnapshotParts
  },
): LiveFiles {
  const { batch, partitioning, parts } = options
  const withLogs = table.logSize.length > 0
  return {
    batch,
    live: everyRow(table.length),
    ...(withLogs ? { deletedCounts: async (rows: Selection) => deletedCounts(table, rows) } : {}),
    async files(rows): Promise<readonly DataFile[]> {
      return [...rows].map(row =>
        dataFileOf(table, row, {
          partition: partitionValues(run.values[table.partition[row]!]!, partitioning),
          modified: (instant: string) => instantMillis(instant, parts.timeZone),
          history: parts.history,
          schema: parts.schema,
          inFolders: inFolders(partitioning),
          dropsColumns: parts.state.config.dropPartitionColumns,
        }),
      )
    },
  }
}

function deletedCounts(table: SliceTable, rows: Selection): Float64Array {
  return Float64Array.from(rows, row =>
    logCountOf(table, row) === 0 && table.hasBase[row] === 1 ? 0 : Number.NaN,
  )
}
