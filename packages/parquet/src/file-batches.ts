import {
  type BatchCache,
  type DataFile,
  everyRow,
  type FieldPath,
  type FileBatchHandle,
  type FileList,
  hash64,
  inSlices,
  leafOf,
  type PrimitiveType,
  Slices,
  TableError,
  typeName,
  unknownStats,
  type Value,
} from '@spillway/core'
import type { FileFacts } from './file-facts.js'
import type { FooterReader } from './footers.js'
import { agrees } from './own-columns.js'
import { type BatchFiles, ParquetBatch } from './parquet-batch.js'
import type { ListedFile } from './table-location.js'

export interface FileBatchesOptions {
  readonly cache: BatchCache
  readonly reader: FooterReader
  readonly files: readonly ListedFile[]
  readonly facts: readonly FileFacts[]
  readonly values: readonly (readonly (Value | null)[])[]
  readonly partitionFields: readonly FieldPath[]
  /** Footers that were just read, so that no batch reads them again. */
  readonly footers: ReadonlyMap<string, Uint8Array>
}

/** One file in so many ends a batch, on average. */
const FILES_PER_BATCH = 1024
const MOST_FILES = 1 << 13

/** Every file, in batches that the cache may let go: their footers and bounds are read again where they are asked for. */
export async function fileBatches(options: FileBatchesOptions): Promise<FileList> {
  const handles: FileBatchHandle[] = []
  const slices = new Slices()
  for (const [start, end] of runs(options.files)) {
    const part: BatchFiles = {
      files: options.files.slice(start, end),
      facts: options.facts.slice(start, end),
      values: options.values.slice(start, end),
      partitionFields: options.partitionFields,
    }
    const handle = batchHandle(part, options)
    const isNew = part.files.some(({ path }) => options.footers.has(path))
    // What was just read goes to the cache now, and is not held here.
    if (isNew) await handle.load(options.footers)
    if (slices.isOverNow) await slices.pause()
    handles.push({ fileCount: end - start, load: signal => handle.load(new Map(), signal) })
  }
  return { handles, summaries: unknownStats(handles.length) }
}

/** Ends depend on the files' own paths: a new file changes the batch it falls into and no other. */
function* runs(files: readonly ListedFile[]): Generator<readonly [start: number, end: number]> {
  const utf8 = new TextEncoder()
  let start = 0
  for (const [i, { path }] of files.entries()) {
    const isLast = i + 1 === files.length || i + 1 - start === MOST_FILES
    const ends = Number(hash64(utf8.encode(path)) % BigInt(FILES_PER_BATCH)) === 0
    if (!isLast && !ends) continue
    yield [start, i + 1]
    start = i + 1
  }
}

function batchHandle(part: BatchFiles, { cache, reader }: FileBatchesOptions) {
  const key = keyOf(part)
  return {
    async load(footers: ReadonlyMap<string, Uint8Array>, signal?: AbortSignal) {
      const make = () => inSlices(ParquetBatch.inSteps(part, reader, footers))
      const batch = await cache.get(key, make, signal)
      if (!(batch instanceof ParquetBatch)) {
        throw new TableError('INTERNAL', `the cache answered another batch for ${key}`)
      }
      return {
        batch,
        live: everyRow(batch.length),
        files: async (rows: Uint32Array) => Array.from(rows, row => dataFile(part, row)),
      }
    },
  }
}

/** Names the files as they are now, and how their folders are read. */
function keyOf({ files, facts, partitionFields }: BatchFiles): string {
  const names = files.map((file, i) => `${file.path} ${facts[i]!.identity}`).join('\n')
  const columns = partitionFields.map(path => `${leafOf(path).id} ${typeName(leafOf(path).type)}`)
  const bytes = new TextEncoder().encode(names)
  return [
    'parquet',
    files[0]!.path,
    files.length,
    hash64(bytes),
    hash64(bytes, 1),
    ...columns,
  ].join(' ')
}

function dataFile(part: BatchFiles, row: number): DataFile {
  const { facts, values } = part
  const file = part.files[row]!
  const contradicted = contradictedColumns(part, row)
  return {
    path: file.path,
    recordedPath: file.relative,
    fileFormat: 'parquet',
    size: file.size,
    modificationTime: file.lastModified,
    recordCount: facts[row]!.rowCount,
    specId: 0,
    partition: values[row]!,
    deletes: [],
    logFiles: [],
    bounds: new Map(),
    ...(contradicted.length > 0 && { contradicted }),
  }
}

function contradictedColumns(
  { facts, values, partitionFields }: BatchFiles,
  row: number,
): readonly number[] {
  const { own } = facts[row]!
  if (own === undefined) return []
  return partitionFields.flatMap((path, i) => {
    const { id, name, type } = leafOf(path)
    const column = own.get(name)
    const folder = { type: type as PrimitiveType, value: values[row]![i]! }
    return column === undefined || agrees(column, folder) ? [] : [id]
  })
}
