import {
  BytesBuilder,
  type ColumnStats,
  columnBuilder,
  createSchema,
  type DataFile,
  type DeleteFile,
  type Field,
  type FileBatch,
  type LiveFiles,
  leafOf,
  type Snapshot,
  selectAll,
  type TableFormat,
  type TableReader,
  type TableSource,
  type UrlSigner,
  unknownStats,
} from '@spillway/core'
import { formatFacts } from '@spillway/testkit'

export const LOCATION = 'file:///lake/orders'

export function dataFile(name: string, given: Partial<DataFile> = {}): DataFile {
  return {
    path: name.includes(':') ? name : `${LOCATION}/${name}`,
    recordedPath: name,
    fileFormat: 'parquet',
    size: 100,
    modificationTime: 1,
    recordCount: 10,
    specId: 0,
    partition: [],
    deletes: [],
    logFiles: [],
    bounds: new Map(),
    ...given,
  }
}

export function vector(path: string): DeleteFile {
  return {
    kind: 'deletion-vector',
    id: `u${path}`,
    bitmap: { path: `${LOCATION}/${path}`, offset: 5, length: 36 },
    cardinality: 2,
  }
}

function batchOf(files: readonly DataFile[]): FileBatch {
  const path = new BytesBuilder()
  // As real batches have it: spelled as the metadata does.
  for (const file of files) path.append(file.recordedPath)
  const recordCount = Float64Array.from(files, file => file.recordCount ?? Number.NaN)
  return {
    length: files.length,
    byteLength: files.length * 100,
    path: path.finish(),
    size: Float64Array.from(files, file => file.size),
    key: BigUint64Array.from(files, (_, index) => BigInt(index + 1)),
    stats: { ...unknownStats(files.length), recordCount },
    readStats: async fields => ({
      ...unknownStats(files.length),
      recordCount,
      columns: new Map(fields.map(path => [leafOf(path).id, [columnStats(leafOf(path), files)]])),
    }),
  }
}

/** The bounds that the files themselves have. */
function columnStats({ id, type }: Field, files: readonly DataFile[]): ColumnStats {
  const lower = columnBuilder(type)!
  const upper = columnBuilder(type)!
  for (const { bounds } of files) {
    lower.append(bounds.get(id)?.lower ?? null)
    upper.append(bounds.get(id)?.upper ?? null)
  }
  return { lower: lower.finish(), upper: upper.finish() }
}

function liveOf(files: readonly DataFile[]): LiveFiles {
  const deleted = files.some(file => file.deletes.length + file.logFiles.length > 0)
  return {
    batch: batchOf(files),
    live: selectAll(files.length),
    files: async rows => [...rows].map(row => files[row]!),
    imported: rows => rows.filter(row => files[row]!.imported === true),
    otherFormat: rows =>
      [...rows]
        .map(row => files[row]!.fileFormat)
        .find(format => format !== 'parquet' && format !== 'hudi-log'),
    ...(deleted && {
      deletedCounts: async rows =>
        Float64Array.from(rows, row => {
          const { deletes, logFiles } = files[row]!
          if (logFiles.length > 0) return Number.NaN
          return deletes.length === 0
            ? 0
            : deletes[0]!.kind === 'deletion-vector'
              ? deletes[0]!.cardinality
              : Number.NaN
        }),
    }),
  }
}

export interface TableOptions {
  readonly files: readonly DataFile[]
  readonly version?: bigint
  readonly format?: TableFormat
  readonly features?: readonly string[]
  readonly properties?: Readonly<Record<string, string>>
  readonly more?: Partial<Snapshot>
  readonly onLoad?: () => void
}

export function snapshotOf(source: TableSource, options: TableOptions): Snapshot {
  const { files, version = 1n, format = 'delta' } = options
  const properties = new Map(Object.entries(options.properties ?? {}))
  return {
    format,
    ...formatFacts(format, properties),
    ...(format === 'delta' && { deltaActions: { protocol: '{}', metaData: '{}' } }),
    tableId: 't',
    version,
    timestamp: Number(version) * 1000,
    schema: createSchema([{ id: 1, name: 'id', physicalName: 'id', type: 'long', nullable: true }]),
    partitionSpecs: new Map(),
    properties,
    features: new Set(options.features ?? []),
    native: { format: 'parquet' },
    source,
    totals: { files: files.length, bytes: 0 },
    files: {
      handles: [
        {
          fileCount: files.length,
          async load() {
            options.onLoad?.()
            return liveOf(files)
          },
        },
      ],
      summaries: unknownStats(1),
    },
    ...options.more,
  }
}

/** A reader of a table that a test holds and changes. Counts what is asked of it. */
export interface ScriptedReader extends TableReader {
  readonly calls: string[]
  table: TableOptions
}

export function scriptedReader(table: TableOptions): ScriptedReader {
  const reader: ScriptedReader = {
    format: table.format ?? 'delta',
    calls: [],
    table,
    async detect(source) {
      reader.calls.push('detect')
      return source.location.startsWith('file:///lake/')
    },
    async resolve(_, ref) {
      reader.calls.push(`resolve ${ref.kind}`)
      const version = ref.kind === 'version' ? ref.version : (reader.table.version ?? 1n)
      return { version, timestamp: Number(version) * 1000 }
    },
    async snapshot(source, options = {}) {
      const { at, previous } = options
      const asked = at?.kind === 'version' ? `version ${at.version}` : 'latest'
      reader.calls.push(`snapshot ${asked}${previous ? ` after ${previous.version}` : ''}`)
      const pinned = at?.kind === 'version' ? { version: at.version } : {}
      return snapshotOf(source, { ...reader.table, ...pinned })
    },
  }
  return reader
}

export function scriptedSigner(prefix = 'file:'): UrlSigner & { readonly batches: number[] } {
  const batches: number[] = []
  return {
    batches,
    covers: path => path.startsWith(prefix),
    async sign(paths, { expiresInSeconds, now }) {
      batches.push(paths.length)
      return {
        urls: paths.map(path => `https://signed/${encodeURIComponent(path)}`),
        expiresAt: now + expiresInSeconds * 1000,
      }
    },
  }
}
