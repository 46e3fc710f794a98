import {
  type DataFile,
  type DeleteFile,
  type FieldPath,
  type FileFormat,
  type FilePartition,
  type Selection,
  Slices,
  selectAll,
  TableError,
  type UnreadableFiles,
} from '@spillway/core'
import { holdsBytes } from '../deletes/delete-manifest.js'
import type { DeleteNames } from '../deletes/delete-names.js'
import type { AppliedDelete } from '../deletes/opened-deletes.js'
import type { EntryFormat } from '../manifest/entry-format.js'
import type { ManifestView } from '../manifest/manifest-view.js'
import { longBlocks } from '../manifest/metric-columns.js'
import { RowBounds } from '../manifest/row-bounds.js'
import type { PathResolver } from '../paths/paths.js'

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
  const long = await longBlocks(source, rows)
  const bounds = new RowBounds({ source, long, rows, leaves: context.leaves })
  const tuples = view.tuples()
  const { columns } = view.manifest
  const files: DataFile[] = []
  const slices = new Slices()
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!
    const recordedPath = view.manifest.recordedPath(row)
    const recordCount = columns.recordCount[row]!
    const firstRowId = columns.firstRowId[row]!
    files.push({
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
        return bounds.of(i)
      },
    })
    if (slices.isOver) await slices.pause()
  }
  return files
}

function dataFormat(view: ManifestView, row: number): FileFormat {
  const { formats, format } = view.manifest.columns
  const found = formats[format[row]!]!
  if (found !== 'puffin' && found !== 'unknown') return found
  const path = view.manifest.recordedPath(row)
  if (found === 'unknown') throw unknownFormat(path)
  throw new TableError('TABLE_CORRUPT', `expected a data file, found a Puffin file: ${path}`, {
    context: { path },
  })
}

/** True for formats of files that are told about and not shared. */
function isOther(format: EntryFormat): boolean {
  return format !== 'parquet' && format !== 'puffin' && format !== 'unknown'
}

/** The format of the first of `rows` that is such a file. */
export function otherFormat({ manifest }: ManifestView, rows: Selection): FileFormat | undefined {
  const { formats, format } = manifest.columns
  if (!formats.some(isOther)) return undefined
  const row = rows.find(each => isOther(formats[format[each]!]!))
  return row === undefined ? undefined : (formats[format[row]!] as FileFormat)
}

/** The live files of a manifest that are of no known format. */
export function unknownFormats(view: ManifestView): UnreadableFiles | undefined {
  const { formats, format } = view.manifest.columns
  const unknown = formats.indexOf('unknown')
  if (unknown < 0) return undefined
  const rows = selectAll(view.length).filter(row => format[row] === unknown)
  return { rows, refusal: row => unknownFormat(view.manifest.recordedPath(row)) }
}

function unknownFormat(path: string): TableError {
  const reason = 'a file whose format is none of Parquet, ORC and Avro'
  return new TableError('UNSUPPORTED_FEATURE', `${reason}: ${path}`, { context: { path } })
}

/** What a grant is decided by. */
export function partitionsOf(view: ManifestView, rows: Selection): readonly FilePartition[] {
  const specId = view.layout.spec.id
  const tuples = view.tuples()
  const { tuple } = view.manifest.columns
  return Array.from(rows, row => ({ specId, partition: tuples[tuple[row]!]! }))
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
  const cardinality = columns.recordCount[row]!
  if (!(cardinality >= 0)) {
    throw new TableError(
      'TABLE_CORRUPT',
      `expected the number of rows that a deletion vector in ${recordedPath} deletes, found none`,
      { context: { path: recordedPath } },
    )
  }
  return {
    kind: 'deletion-vector',
    id: `${recordedPath}@${offset}`,
    bitmap: { path, offset: offset + 4, length: size - 8 },
    cardinality,
  }
}
