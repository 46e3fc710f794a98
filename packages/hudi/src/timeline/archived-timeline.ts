import {
  budgetsOf,
  type Column,
  inSlices,
  isValid,
  leafKey,
  type ObjectMeta,
  type ObjectStore,
  type ReadBudgets,
  readBytes,
  readWhole,
  Slices,
  sorted,
  TableError,
} from '@spillway/core'
import { type AvroObject, documentBytes, parquetReader, parseLongJson } from '@spillway/encoding'
import type { HudiReaderOptions } from '../config/options.js'
import { readAvroBlock } from '../log-files/avro-block.js'
import { readLogBlocks } from '../log-files/log-file.js'
import { commitMetadataOf, readCommitMetadata } from './commit-metadata.js'
import type { Instant } from './instant.js'
import type { TableState } from './table-state.js'
import { compareText } from './timeline.js'
import { entriesOf, textOf } from './timeline-document.js'

const WRITES = new Set(['commit', 'deltacommit', 'replacecommit'])

/** Completed writes that left the active timeline, in the order they became visible; none where there is no archive. */
export async function archivedWrites(
  options: Pick<HudiReaderOptions, 'store' | 'parquet'>,
  state: TableState,
  signal?: AbortSignal,
): Promise<readonly Instant[]> {
  const folder = `${state.root}/${state.config.historyFolder}/`
  const found =
    state.config.layout === 1
      ? await readArchiveLogs(options.store, folder, signal)
      : await readHistory(options, folder, signal)
  const active = new Set(state.timeline.instants.map(instant => instant.begin))
  const byBegin = new Map(found.filter(i => !active.has(i.begin)).map(i => [i.begin, i]))
  return inSlices(sorted([...byBegin.values()], (a, b) => compareText(a.completion, b.completion)))
}

/** Layout 1: log files of HoodieArchivedMetaEntry records, `.commits_.archive.N_token`. */
async function readArchiveLogs(
  store: ObjectStore,
  folder: string,
  signal?: AbortSignal,
): Promise<readonly Instant[]> {
  const instants: Instant[] = []
  const slices = new Slices()
  for await (const file of store.list(folder, signal === undefined ? {} : { signal })) {
    if (!/\.commits_?\.archive\.\d+/.test(file.path.slice(folder.length))) continue
    for (const block of await readLogBlocks(store, file, signal)) {
      if (block.type !== 'avro') continue
      for await (const entries of readAvroBlock(block, signal && { signal })) {
        for (const entry of entries) {
          if (slices.isOverNow) await slices.pause()
          const instant = await archivedEntry(entry, file)
          if (instant !== undefined) instants.push(instant)
        }
      }
    }
  }
  return instants
}

async function archivedEntry(entry: AvroObject, file: ObjectMeta): Promise<Instant | undefined> {
  const begin = textOf(entry.commitTime)
  const action = textOf(entry.actionType)
  const state = textOf(entry.actionState)
  if (begin === undefined || action === undefined || !WRITES.has(action)) return undefined
  // Old writers left the state out: they archived completed instants alone.
  if (state !== undefined && state !== 'COMPLETED') return undefined
  const body =
    action === 'replacecommit' ? entry.hoodieReplaceCommitMetadata : entry.hoodieCommitMetadata
  if (body === null || body === undefined) return undefined
  return archivedInstant(
    { begin, completion: begin, action },
    file,
    await commitMetadataOf(entriesOf(body, file.path), file.path),
  )
}

function archivedInstant(
  times: Pick<Instant, 'begin' | 'completion' | 'action'>,
  file: ObjectMeta,
  archived: NonNullable<Instant['archived']>,
): Instant {
  const { path, size, lastModified } = file
  return { ...times, state: 'completed', path, size, lastModified, archived }
}

/** Layout 2: `_version_` names the manifest, which names Parquet files of instants. */
async function readHistory(
  { store, parquet = parquetReader() }: Pick<HudiReaderOptions, 'store' | 'parquet'>,
  folder: string,
  signal?: AbortSignal,
): Promise<readonly Instant[]> {
  const options = signal === undefined ? {} : { signal }
  const version = await readWhole(store, `${folder}_version_`, options)
  if (version === undefined) return []
  const number = new TextDecoder().decode(version.bytes.subarray(0, 1024)).trim()
  const path = `${folder}manifest_${number}`
  const manifest = await readWhole(store, path, options)
  if (manifest === undefined || !/^\d+$/.test(number)) {
    throw new TableError(
      'TABLE_CORRUPT',
      `the archive is at version ${number}, whose manifest is missing`,
      {
        context: { path },
      },
    )
  }
  const instants: Instant[] = []
  const slices = new Slices()
  for (const name of await manifestFiles(manifest.bytes, path, budgetsOf(store))) {
    const file = await store.head(folder + name, signal)
    if (file === undefined) {
      throw new TableError('TABLE_CORRUPT', `the archive's ${name} is missing`, {
        context: { path: folder + name },
      })
    }
    const leaves = ['instantTime', 'completionTime', 'action', 'metadata'].map(leaf => [leaf])
    for await (const batch of parquet.read(store, file, { leaves, ...options })) {
      const columnOf = (leaf: string) => batch.leaves.get(leafKey([leaf]))?.column
      for (let row = 0; row < batch.length; row++) {
        if (slices.isOverNow) await slices.pause()
        const instant = await historyRow(columnOf, row, { file, budgets: budgetsOf(store) })
        if (instant !== undefined) instants.push(instant)
      }
    }
  }
  return instants
}

async function manifestFiles(
  bytes: Uint8Array,
  path: string,
  budgets: ReadBudgets,
): Promise<readonly string[]> {
  const document = await parseLongJson(await documentBytes(bytes, path, budgets), { path, budgets })
  const { files } = (document ?? {}) as { readonly files?: unknown }
  if (files === undefined) return []
  if (!Array.isArray(files)) {
    throw new TableError('TABLE_CORRUPT', `${path} lists no files`, { context: { path } })
  }
  return files.map((file: { readonly fileName?: unknown } | null) => String(file?.fileName))
}

async function historyRow(
  columnOf: (leaf: string) => Column | undefined,
  row: number,
  { file, budgets }: { readonly file: ObjectMeta; readonly budgets: ReadBudgets },
): Promise<Instant | undefined> {
  const bytesOf = (leaf: string): Uint8Array | undefined => {
    const column = columnOf(leaf)
    if (column === undefined || !isValid(column, row)) return undefined
    if (column.kind === 'dictionary' && column.values.kind === 'bytes') {
      return readBytes(column.values, column.codes[row]!)
    }
    return column.kind === 'bytes' ? readBytes(column, row) : undefined
  }
  const text = (leaf: string) => {
    const bytes = bytesOf(leaf)
    return bytes === undefined ? undefined : new TextDecoder().decode(bytes)
  }
  const begin = text('instantTime')
  const action = text('action')
  if (begin === undefined || action === undefined || !WRITES.has(action)) return undefined
  const body = bytesOf('metadata') ?? new Uint8Array()
  const commit = await readCommitMetadata(body, file.path, budgets)
  return archivedInstant(
    { begin, completion: text('completionTime') ?? begin, action },
    file,
    commit,
  )
}
