import {
  inSlices,
  isTableError,
  type ObjectMeta,
  type ObjectStore,
  TableError,
} from '@spillway/core'
import { HFile } from '@spillway/encoding'
import { loadTableConfig, type TableConfig } from '../config/table-config.js'
import { type FileSlice, latestSlices } from '../file-groups/file-slices.js'
import { visibilityAt } from '../file-groups/visibility.js'
import { orderBlocks } from '../log-files/block-order.js'
import { readDeleteBlock } from '../log-files/delete-block.js'
import { LOG_HEADER, type LogBlock, objectSource, readLogBlocks } from '../log-files/log-file.js'
import { loadTimeline, type Timeline } from '../timeline/timeline.js'
import { requireComplete } from './complete-index.js'
import { type IndexLog, type IndexReplay, IndexSource } from './metadata-index.js'
import { ALL_PARTITIONS } from './metadata-key.js'
import { readAhead } from './read-ahead.js'

/** The table's own metadata table: listings and statistics by key. */
export interface MetadataTable {
  has(index: string): boolean
  /** What the index says of these keys: everything the base file and then the logs hold, in that order. */
  lookup(index: string, keys: readonly string[], signal?: AbortSignal): Promise<IndexReplay>
}

export interface MetadataTableOptions {
  readonly store: ObjectStore
  readonly root: string
  readonly config: TableConfig
  readonly timeline: Timeline
  readonly signal?: AbortSignal | undefined
}

/** Undefined where there is none that can be relied on: callers then list folders and read footers. */
export async function openMetadataTable(
  options: MetadataTableOptions,
): Promise<MetadataTable | undefined> {
  const { store, config, timeline, signal } = options
  if (config.metadataPartitions.size === 0) return undefined
  const root = `${options.root}/.hoodie/metadata`
  const own = await loadMetadataConfig(store, root, signal)
  if (own === undefined) return undefined
  const ownTimeline = await loadTimeline(store, root, own, signal)
  if (!coversEveryWrite(timeline, ownTimeline)) return undefined
  const opened = new Map<string, Promise<IndexSource>>()
  return {
    has: index => config.metadataPartitions.has(index),
    async lookup(index, keys, lookupSignal) {
      let source = opened.get(index)
      if (source === undefined) {
        source = openIndex(index, { store, root, own, ownTimeline, timeline })
        opened.set(index, source)
        source.catch(() => opened.delete(index))
      }
      return (await source).lookup(keys, lookupSignal)
    },
  }
}

async function loadMetadataConfig(
  store: ObjectStore,
  root: string,
  signal?: AbortSignal,
): Promise<TableConfig | undefined> {
  try {
    return await loadTableConfig(store, root, signal)
  } catch (error) {
    // A metadata table of a version that cannot be read is one that cannot be used; its table can.
    if (isTableError(error) && error.code === 'UNSUPPORTED_FEATURE') return undefined
    throw error
  }
}

/**
 * True when no completed write is unknown to the metadata table. It is written before the write completes, so one that
 * is missing was made by a writer that did not keep it up.
 */
function coversEveryWrite(timeline: Timeline, own: Timeline): boolean {
  const { start } = own
  if (own.writes.length === 0 || start === undefined) return false
  const first = own.writes[0]!.completion
  // Made in one go from what the table held: from instants of zeros, or in version 6 from a marked instant.
  const bootstrap = start.startsWith('0000') ? first : start.slice(0, 17)
  return timeline.writes.every(
    write =>
      own.completions.has(write.begin) || write.begin < start || write.completion <= bootstrap,
  )
}

interface IndexOptions {
  readonly store: ObjectStore
  readonly root: string
  readonly own: TableConfig
  readonly ownTimeline: Timeline
  readonly timeline: Timeline
}

async function openIndex(index: string, options: IndexOptions): Promise<IndexSource> {
  const { store, root, own, ownTimeline, timeline } = options
  const folder = `${root}/${index}/`
  const files: { name: string; size: number }[] = []
  for await (const file of store.list(folder)) {
    files.push({ name: file.path.slice(folder.length), size: file.size })
  }
  const visible = await inSlices(
    visibilityAt({ config: own, timeline: ownTimeline, commits: new Map() }),
  )
  // Updates of a write that has not completed in the table itself do not count yet.
  const completionOf = (instant: string) =>
    timeline.pending.has(instant.slice(0, 17)) ? undefined : visible.completionOf(instant)
  const slices = await inSlices(latestSlices(index, files, { ...visible, completionOf }))
  const read = await Promise.all(slices.map(slice => readSlice(slice, folder, store)))
  if (COMPLETE.has(index)) {
    const { tableVersion } = own
    requireComplete(read, { tableVersion, own: ownTimeline, data: timeline }, folder)
  }
  const counts = (instant: string) => completionOf(instant) !== undefined
  const opened = await Promise.all(read.map(each => openSlice(each, store, counts)))
  return new IndexSource(opened, index === 'files' ? ALL_PARTITIONS : undefined)
}

/** Indexes that every write of the table adds to, and of which a part says too little and not just nothing. */
const COMPLETE: ReadonlySet<string> = new Set(['files', 'partition_stats'])

interface ReadSlice {
  readonly slice: FileSlice
  readonly folder: string
  /** Blocks of the slice's logs, in the order they come. */
  readonly blocks: readonly LogBlock[]
}

async function readSlice(slice: FileSlice, folder: string, store: ObjectStore): Promise<ReadSlice> {
  const blocks: LogBlock[] = []
  for (const log of slice.logs) {
    const file = { path: folder + log.name, size: log.size }
    for (const block of await readLogBlocks(store, file)) blocks.push(block)
  }
  return { slice, folder, blocks }
}

async function openSlice(
  { slice, folder, blocks }: ReadSlice,
  store: ObjectStore,
  counts: (instant: string) => boolean,
) {
  const base =
    slice.base && (await openBase(store, { ...slice.base, path: folder + slice.base.name }))
  return { base, logs: await Promise.all(orderBlocks(blocks, counts).map(openBlock)) }
}

async function openBase(store: ObjectStore, file: Pick<ObjectMeta, 'path' | 'size'>) {
  if (!file.path.endsWith('.hfile')) {
    throw new TableError('UNSUPPORTED_FEATURE', `the metadata table's ${file.path} is no HFile`, {
      context: { path: file.path },
    })
  }
  const hfile = await HFile.open(readAhead(objectSource(store, file)))
  const schema = hfile.info.get('schema')
  return { hfile, schema: schema && new TextDecoder().decode(schema), path: file.path }
}

async function openBlock(block: LogBlock): Promise<IndexLog> {
  if (block.type === 'delete') {
    const keys = await readDeleteBlock(block)
    return { deleted: keys.map(key => key.recordKey) }
  }
  if (block.type !== 'hfile') {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `the metadata table's log ${block.path} holds a ${block.type} block`,
      { context: { path: block.path } },
    )
  }
  const hfile = await HFile.open(block.content)
  return { hfile, schema: block.header.get(LOG_HEADER.schema), path: block.path }
}
