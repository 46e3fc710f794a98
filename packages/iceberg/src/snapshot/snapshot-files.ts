import {
  type BatchCache,
  type ColumnStats,
  everyRow,
  type FileBatchHandle,
  type FileList,
  type FilePartition,
  inSlices,
  Lane,
  type LiveFiles,
  mapConcurrently,
  type ObjectStore,
  type PartitionField,
  type Selection,
  type StatsTable,
  type Steps,
  selectAll,
  TableError,
  type TablePart,
} from '@spillway/core'
import {
  DeleteIndex,
  type DeleteIndexOptions,
  type DeleteManifestHandle,
} from '../deletes/delete-index.js'
import { DeleteNames, type DeleteNamesOptions } from '../deletes/delete-names.js'
import { deletedCounts } from '../deletes/deleted-counts.js'
import { LiveNames } from '../deletes/live-names.js'
import type { InflatedBlocks } from '../manifest/inflated-blocks.js'
import { loadManifest } from '../manifest/load-manifest.js'
import { Manifest } from '../manifest/manifest.js'
import { isNotEmpty, liveFileCount, type ManifestFile } from '../manifest/manifest-list.js'
import { ManifestView } from '../manifest/manifest-view.js'
import { partitionStatistics } from '../partition/partition-bounds.js'
import { summaryRange } from '../partition/partition-summary.js'
import type { SpecLayout } from '../partition/spec-layout.js'
import type { PathResolver } from '../paths/paths.js'
import {
  type DataFileContext,
  otherFormat,
  partitionsOf,
  readDataFiles,
  unknownFormats,
} from './data-files.js'

/** Manifests read at a time. */
const CONCURRENCY = 8

export interface SnapshotFilesOptions
  extends Omit<DeleteIndexOptions, 'names'>,
    Pick<DeleteNamesOptions, 'resolve' | 'tableLocation' | 'everListed'> {
  readonly store: ObjectStore
  readonly cache: BatchCache
  readonly blocks: InflatedBlocks
  readonly manifests: readonly ManifestFile[]
  readonly layouts: ReadonlyMap<number, SpecLayout>
  readonly context: Omit<DataFileContext, 'resolve' | 'names'>
  /** Where a manifest is read. */
  readonly resolveMetadata: PathResolver
}

export interface SnapshotFiles extends FileList {
  readonly handles: readonly ManifestHandle[]
  readonly deletes: DeleteIndex
  readonly deleteManifests: readonly ManifestFile[]
  /** True where a delete file may apply to a file of `part`. */
  hasDeletesIn(part: TablePart, signal?: AbortSignal): Promise<boolean>
}

/** One data manifest of a snapshot. */
export interface ManifestHandle extends FileBatchHandle {
  readonly manifest: ManifestFile
  load(signal?: AbortSignal): Promise<ManifestRows>
}

export interface ManifestRows extends LiveFiles {
  readonly manifest: ManifestFile
  readonly batch: ManifestView
  partitions(rows: Selection): readonly FilePartition[]
}

/** The file list of a snapshot: one handle a data manifest, its partition summary as the handle's bounds. */
export async function snapshotFiles(options: SnapshotFilesOptions): Promise<SnapshotFiles> {
  const live = options.manifests.filter(isNotEmpty)
  const loader = new ManifestLoader(options)
  const data = live.filter(({ content }) => content === 'data')
  const deleteManifests = live.filter(({ content }) => content === 'deletes')
  const names: DeleteNames = new DeleteNames({
    ...options,
    live: async signal => inSlices(LiveNames.inSteps(await loader.loadAll(data, signal))),
    deletes: signal => deletes.details(signal),
  })
  const deletes = new DeleteIndex(
    deleteManifests.map(file => loader.deleteHandle(file)),
    { ...options, names },
  )
  const context = { ...options.context, resolve: options.resolve, names }
  return {
    deletes,
    deleteManifests,
    handles: data.map(file => dataHandle(file, { loader, deletes, context })),
    summaries: await summariesOf(data, options.layouts),
    async hasDeletesIn(part, signal) {
      const summaries = await summariesOf(deleteManifests, options.layouts)
      const rows = part.mayHold(summaries, selectAll(summaries.length))
      return deletes.someIn(part, rows, signal)
    },
  }
}

async function summariesOf(
  manifests: readonly ManifestFile[],
  layouts: ReadonlyMap<number, SpecLayout>,
): Promise<StatsTable> {
  return {
    length: manifests.length,
    recordCount: Float64Array.from(manifests, rowCount),
    columns: await inSlices(summaryColumns(manifests, layouts)),
  }
}

function rowCount({ addedRows, existingRows }: ManifestFile): number {
  return addedRows === undefined || existingRows === undefined
    ? Number.NaN
    : addedRows + existingRows
}

class ManifestLoader {
  readonly #options: SnapshotFilesOptions
  readonly #scans = new Lane()

  constructor(options: SnapshotFilesOptions) {
    this.#options = options
  }

  deleteHandle(file: ManifestFile): DeleteManifestHandle {
    const layout = file.specId === undefined ? undefined : this.#layout(file.specId)
    return { file, layout, load: signal => this.load(file, signal) }
  }

  async loadAll(
    files: readonly ManifestFile[],
    signal?: AbortSignal,
  ): Promise<readonly ManifestView[]> {
    return mapConcurrently(files, CONCURRENCY, file => this.load(file, signal))
  }

  /** The manifest, shared with every snapshot and table that lists it and hands it the same numbers. */
  async load(file: ManifestFile, signal?: AbortSignal): Promise<ManifestView> {
    const { store, cache, blocks, resolveMetadata } = this.#options
    const path = resolveMetadata(file.path)
    const inherited = {
      sequenceNumber: file.sequenceNumber,
      firstRowId: file.firstRowId,
    }
    const liveFiles = liveFileCount(file)
    const expected = {
      liveFiles,
      length: file.length,
    }
    const request = { store, blocks, path, inherited, expected, scans: this.#scans }
    const key = [
      'iceberg',
      path,
      file.length,
      file.sequenceNumber,
      file.firstRowId,
      liveFiles,
    ].join(' ')
    const manifest = await cache.get(key, inner => loadManifest(request, inner), signal)
    if (!(manifest instanceof Manifest)) {
      throw new TableError('INTERNAL', `the cache answered another batch for ${key}`)
    }
    return new ManifestView(manifest, this.#layout(file.specId ?? manifest.headerSpecId ?? 0))
  }

  #layout(specId: number): SpecLayout {
    const layout = this.#options.layouts.get(specId)
    if (layout !== undefined) return layout
    throw new TableError(
      'TABLE_CORRUPT',
      `a manifest of partition spec ${specId}, which is not there`,
    )
  }
}

interface HandleContext {
  readonly loader: ManifestLoader
  readonly deletes: DeleteIndex
  readonly context: DataFileContext
}

function dataHandle(file: ManifestFile, options: HandleContext): ManifestHandle {
  const fileCount = liveFileCount(file)
  return {
    manifest: file,
    fileCount,
    async load(signal) {
      const view = await options.loader.load(file, signal)
      checkContent(view)
      await view.makePartitions()
      return liveFiles(file, view, options)
    },
  }
}

function checkContent({ manifest }: ManifestView): void {
  if (!manifest.columns.holdsDeletes) return
  throw new TableError(
    'TABLE_CORRUPT',
    `expected data files, found a delete file (${manifest.readPath})`,
    { context: { path: manifest.readPath } },
  )
}

function liveFiles(file: ManifestFile, view: ManifestView, options: HandleContext): ManifestRows {
  const { deletes, context } = options
  const touched = deletes.canTouch(file)
  const unreadable = unknownFormats(view)
  const applied = (rows: Selection, signal?: AbortSignal) =>
    touched ? deletes.applied(view, rows, signal) : Promise.resolve([])
  return {
    manifest: file,
    batch: view,
    live: everyRow(view.length),
    unreadable,
    partitions: rows => partitionsOf(view, rows),
    otherFormat: rows => otherFormat(view, rows),
    async files(rows, signal) {
      const found = await applied(rows, signal)
      return readDataFiles(view, rows, { context, deletes: found, signal })
    },
    ...(touched && {
      deletedCounts: async (rows: Selection, signal?: AbortSignal) =>
        inSlices(deletedCounts(await applied(rows, signal))),
    }),
  }
}

/** As many columns of statistics are always made: a table has a few. */
const FEW_PIECES = 16
/** More are for as long as their rows are no more than these: each piece has one for every manifest, of its spec or not. */
const MOST_ROWS = 2 ** 22

/**
 * Summaries as bounds of source columns, one column of statistics for each partition field of each spec in use. Of very many
 * specs the last say nothing: it would take the square of them.
 */
function* summaryColumns(
  manifests: readonly ManifestFile[],
  layouts: ReadonlyMap<number, SpecLayout>,
): Steps<ReadonlyMap<number, readonly ColumnStats[]>> {
  const columns = new Map<number, ColumnStats[]>()
  const specIds = new Set(manifests.map(({ specId }) => specId))
  let pieces = 0
  for (const specId of specIds) {
    const layout = specId === undefined ? undefined : layouts.get(specId)
    for (const [position, field] of layout?.spec.fields.entries() ?? []) {
      if (++pieces > FEW_PIECES && pieces * manifests.length > MOST_ROWS) return columns
      const stats = yield* summaryStatistics(manifests, { layout: layout!, field, position })
      if (stats === undefined) continue
      const known = columns.get(stats.sourceId)
      if (known === undefined) columns.set(stats.sourceId, [stats])
      else known.push(stats)
    }
  }
  return columns
}

function summaryStatistics(
  manifests: readonly ManifestFile[],
  at: { readonly layout: SpecLayout; readonly field: PartitionField; readonly position: number },
) {
  const { layout, field, position } = at
  const fieldCount = layout.spec.fields.length
  return partitionStatistics(field, layout.sources[position], {
    length: manifests.length,
    at: row => {
      const { specId, partitions } = manifests[row]!
      if (specId !== layout.spec.id || partitions?.length !== fieldCount) return undefined
      return summaryRange(partitions[position]!, layout.types[position])
    },
  })
}
