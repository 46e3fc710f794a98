import {
  type DataFile,
  type DataType,
  type DeleteFile,
  type FieldPath,
  type FileFormat,
  leafOf,
  type Selection,
  TableError,
  type ValueBounds,
} from '@spillway/core'
import { type AvroField, type AvroSink, compileAvroScan } from '@spillway/encoding'
import { holdsBytes } from './delete-manifest.js'
import type { DeleteNames } from './delete-names.js'
import { dataFileSink, intMapSink } from './entry-schema.js'
import type { ManifestView } from './manifest-view.js'
import { forEachEntry, type MetricSource } from './metric-columns.js'
import type { AppliedDelete } from './opened-deletes.js'
import type { PathResolver } from './paths.js'
import { decodeSingleValue } from './single-value.js'

export interface DataFileContext {
  readonly resolve: PathResolver
  /** What the paths in position delete files mean. */
  readonly names: DeleteNames
  /** Leaves whose bounds recipients may want. */
  readonly leaves: readonly FieldPath[]
  readonly modificationTime: number
  /** Delete files of lists that many data files share, made once. */
  readonly deleteFiles: WeakMap<readonly AppliedDelete[], readonly DeleteFile[]>
}

/**
 * Survivors in full. `deletes` has one entry a row. Bounds are decoded when one of these files is first asked for its
 * own: signing a list needs none, and the blocks that hold them are most of a manifest.
 */
export async function readDataFiles(
  view: ManifestView,
  rows: Selection,
  options: {
    readonly context: DataFileContext
    readonly deletes: readonly (readonly AppliedDelete[])[]
    readonly signal?: AbortSignal | undefined
  },
): Promise<readonly DataFile[]> {
  const { context, deletes } = options
  const source = await view.manifest.source(options.signal)
  let bounds: readonly ReadonlyMap<number, ValueBounds>[] | undefined
  const tuples = view.tuples()
  const { columns } = view.manifest
  return Array.from(rows, (row, i) => {
    const recordedPath = view.manifest.recordedPath(row)
    const recordCount = columns.recordCount[row]!
    const firstRowId = columns.firstRowId[row]!
    return {
      path: context.resolve(recordedPath),
      recordedPath,
      fileFormat: dataFormat(view, row),
      size: columns.size[row]!,
      modificationTime: context.modificationTime,
      ...(Number.isNaN(recordCount) ? {} : { recordCount }),
      specId: view.layout.spec.id,
      partition: tuples[columns.tuple[row]!]!,
      ...(Number.isNaN(firstRowId) ? {} : { firstRowId: BigInt(firstRowId) }),
      sequenceNumber: BigInt(columns.sequenceNumber[row]!),
      deletes: deleteFiles(deletes[i], context),
      logFiles: [],
      get bounds() {
        bounds ??= readBounds(source, rows, context.leaves)
        return bounds[i]!
      },
    }
  })
}

function dataFormat(view: ManifestView, row: number): FileFormat {
  const { formats, format } = view.manifest.columns
  const found = formats[format[row]!]!
  if (found !== 'puffin') return found
  const path = view.manifest.recordedPath(row)
  throw new TableError('TABLE_CORRUPT', `expected a data file, found a Puffin file: ${path}`, {
    context: { path },
  })
}

function deleteFiles(
  applied: readonly AppliedDelete[] | undefined,
  context: DataFileContext,
): readonly DeleteFile[] {
  if (applied === undefined) return []
  const known = context.deleteFiles.get(applied)
  if (known !== undefined) return known
  const files = applied.map(each => deleteFile(each, context))
  context.deleteFiles.set(applied, files)
  return files
}

/** Magic and bitmap lie between the blob's length and its checksum, four bytes each. */
function deleteFile(applied: AppliedDelete, { resolve, names }: DataFileContext): DeleteFile {
  const { view, details, row, kind } = applied
  const { columns } = view.manifest
  const recordedPath = view.manifest.recordedPath(row)
  const path = resolve(recordedPath)
  if (kind !== 'vector') {
    const file = { path, fileFormat: dataFormat(view, row), size: columns.size[row]! }
    return kind === 'position'
      ? {
          kind: 'position-delete',
          ...file,
          recordCount: columns.recordCount[row]!,
          match: names.match,
          ...(!holdsBytes(details.target, row) && { namesSeveral: true }),
        }
      : { kind: 'equality-delete', ...file, fieldIds: details.equalityIds.get(row)! }
  }
  const offset = details.contentOffset[row]!
  const size = details.contentSize[row]!
  if (!(offset >= 0) || !(size >= 16)) {
    throw new TableError(
      'TABLE_CORRUPT',
      `expected the place of a deletion vector in ${recordedPath}, found offset ${offset} and size ${size}`,
      { context: { path: recordedPath } },
    )
  }
  return {
    kind: 'deletion-vector',
    id: `${recordedPath}@${offset}`,
    bitmap: { path, offset: offset + 4, length: size - 8 },
    cardinality: columns.recordCount[row]!,
  }
}

interface MutableBounds {
  lower?: ValueBounds['lower']
  upper?: ValueBounds['upper']
  nullCount?: number
  nanCount?: number
}

function readBounds(
  source: MetricSource,
  rows: Selection,
  leaves: readonly FieldPath[],
): readonly ReadonlyMap<number, ValueBounds>[] {
  const types = new Map<number, DataType>(leaves.map(leaf => [leafOf(leaf).id, leafOf(leaf).type]))
  let bounds = new Map<number, MutableBounds>()
  const entry = (id: number): MutableBounds | undefined => {
    if (!types.has(id)) return undefined
    const known = bounds.get(id) ?? {}
    bounds.set(id, known)
    return known
  }
  const step = compileAvroScan(source.schema.root, {
    kind: 'record',
    partial: true,
    fields: new Map<AvroField, AvroSink>([
      [source.schema.dataFile, boundSinks(source, types, entry)],
    ]),
  })
  const all: ReadonlyMap<number, ValueBounds>[] = []
  forEachEntry(source, rows, (cursor, _row, index) => {
    bounds = new Map()
    step(cursor)
    cursor.check()
    all[index] = bounds as ReadonlyMap<number, ValueBounds>
  })
  return all
}

function boundSinks(
  source: MetricSource,
  types: ReadonlyMap<number, DataType>,
  entry: (id: number) => MutableBounds | undefined,
): AvroSink {
  const count = (name: 'nullCount' | 'nanCount') => (key: () => number) => {
    const value = (found: number) => {
      const known = entry(key())
      if (known !== undefined) known[name] = found
    }
    return { kind: 'number', value } as const
  }
  const bound = (name: 'lower' | 'upper') => (key: () => number) => {
    const value = (bytes: Uint8Array, start: number, end: number) => {
      const type = types.get(key())
      const decoded = type && decodeSingleValue(bytes.subarray(start, end), type)
      if (decoded !== undefined) entry(key())![name] = decoded
    }
    return { kind: 'bytes', value } as const
  }
  return dataFileSink(
    source.schema,
    {
      ...intMapSink(source.schema, 'nullCounts', count('nullCount')),
      ...intMapSink(source.schema, 'nanCounts', count('nanCount')),
      ...intMapSink(source.schema, 'lower', bound('lower')),
      ...intMapSink(source.schema, 'upper', bound('upper')),
    },
    true,
  )
}
