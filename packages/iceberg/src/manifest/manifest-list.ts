import { budgetsOf, corrupt, type ObjectStore, readWhole, TableError } from '@spillway/core'
import {
  type AvroFile,
  type AvroObject,
  type AvroRecord,
  type AvroValue,
  avroField,
  located,
  openAvroFile,
  readAvroRows,
  withoutNull,
} from '@spillway/encoding'
import type { FieldSummary } from '../partition/partition-summary.js'

/** One manifest as its manifest list describes it (spec, "Manifest Lists"). Absent counts are unknown, not zero. */
export interface ManifestFile {
  /** The path as recorded, which is not yet where it is read. */
  readonly path: string
  readonly length?: number | undefined
  /** Absent where only the manifest itself says it (version 1's embedded lists). */
  readonly specId?: number | undefined
  readonly content: 'data' | 'deletes'
  readonly sequenceNumber: number
  readonly minSequenceNumber: number
  readonly addedSnapshotId?: bigint | undefined
  readonly addedFiles?: number | undefined
  readonly existingFiles?: number | undefined
  readonly deletedFiles?: number | undefined
  readonly addedRows?: number | undefined
  readonly existingRows?: number | undefined
  readonly partitions?: readonly FieldSummary[] | undefined
  readonly firstRowId?: number | undefined
  readonly encrypted: boolean
}

/** Unknown counts are not zero, and of a manifest that lists something not all can be. */
export function isNotEmpty(file: ManifestFile): boolean {
  return liveFileCount(file) !== 0 || file.deletedFiles === 0
}

export function liveFileCount({ addedFiles, existingFiles }: ManifestFile): number | undefined {
  return addedFiles === undefined || existingFiles === undefined
    ? undefined
    : addedFiles + existingFiles
}

export interface ManifestList {
  readonly manifests: readonly ManifestFile[]
  /** False where its last block proves that nothing is missing after it. */
  readonly mayBeCut: boolean
}

/** The least that a writer puts into a block before it begins another, uncompressed (Rust and Python; Java four times). */
const SMALLEST_FULL_BLOCK = 16_000

/** Reads a manifest list. `path` is where it is read; records keep the paths as written. */
export async function loadManifestList(
  store: ObjectStore,
  path: string,
  signal?: AbortSignal,
): Promise<ManifestList> {
  const found = await readWhole(store, path, { what: 'a manifest list', signal })
  if (found === undefined) {
    throw new TableError('TABLE_CORRUPT', `the manifest list ${path} is missing`, {
      context: { path },
    })
  }
  const file = await openAvroFile(found.bytes, path, budgetsOf(store))
  return { manifests: await parseManifestList(file), mayBeCut: await mayBeCut(file) }
}

/**
 * An Avro file cut between two blocks looks whole, and nobody records how long a manifest list is. Writers end a block
 * where it is full: behind one that is not there was never another.
 */
async function mayBeCut(file: AvroFile): Promise<boolean> {
  const [first, last] = [file.blocks[0], file.blocks.at(-1)]
  if (first === undefined || last === undefined) return true
  const { length: bytes } = await file.inflateLater(last)
  if (bytes < SMALLEST_FULL_BLOCK) return false
  return first === last || bytes >= 0.9 * (await file.inflateLater(first)).length
}

async function parseManifestList(file: AvroFile): Promise<readonly ManifestFile[]> {
  const { schema, path } = file
  if (schema.kind !== 'record') throw badList(path, 'its rows are not Avro records')
  const read = located(path, () => rowReader(schema, path))
  return readAvroRows(file, row => read(row as AvroObject))
}

function rowReader(schema: AvroRecord, file: string): (row: AvroObject) => ManifestFile {
  const of = (id: number, name: string) => {
    const field = avroField(schema, id, name)
    return (row: AvroObject): AvroValue | undefined => (field ? row[field.name] : undefined)
  }
  const path = of(500, 'manifest_path')
  const length = of(501, 'manifest_length')
  const specId = of(502, 'partition_spec_id')
  const content = of(517, 'content')
  const sequenceNumber = of(515, 'sequence_number')
  const minSequenceNumber = of(516, 'min_sequence_number')
  const addedSnapshotId = of(503, 'added_snapshot_id')
  const addedFiles = of(504, 'added_files_count')
  const existingFiles = of(505, 'existing_files_count')
  const deletedFiles = of(506, 'deleted_files_count')
  const addedRows = of(512, 'added_rows_count')
  const existingRows = of(513, 'existing_rows_count')
  const summaries = summaryReader(schema)
  const keyMetadata = of(519, 'key_metadata')
  const firstRowId = of(520, 'first_row_id')
  return row => {
    const manifestPath = path(row)
    if (typeof manifestPath !== 'string') throw badList(file, 'a manifest has no path')
    const key = keyMetadata(row)
    const partitions = summaries(row)
    const snapshotId = addedSnapshotId(row)
    return {
      path: manifestPath,
      content: contentOf(content(row), file),
      sequenceNumber: count(sequenceNumber(row)) ?? 0,
      minSequenceNumber: count(minSequenceNumber(row)) ?? 0,
      encrypted: key instanceof Uint8Array && key.length > 0,
      addedSnapshotId: typeof snapshotId === 'bigint' ? snapshotId : undefined,
      partitions,
      length: count(length(row)),
      specId: count(specId(row)),
      addedFiles: count(addedFiles(row)),
      existingFiles: count(existingFiles(row)),
      deletedFiles: count(deletedFiles(row)),
      addedRows: count(addedRows(row)),
      existingRows: count(existingRows(row)),
      firstRowId: count(firstRowId(row)),
    }
  }
}

function contentOf(value: AvroValue | undefined, file: string): 'data' | 'deletes' {
  const content = count(value) ?? 0
  if (content > 1) throw badList(file, `a manifest with content ${content}`)
  return content === 1 ? 'deletes' : 'data'
}

/** A number that a writer may leave out, write as null, or (several did) as -1. */
function count(value: AvroValue | undefined): number | undefined {
  if (typeof value !== 'number' && typeof value !== 'bigint') return undefined
  const number = Number(value)
  return number >= 0 && Number.isSafeInteger(number) ? number : undefined
}

function summaryReader(
  schema: AvroRecord,
): (row: AvroObject) => readonly FieldSummary[] | undefined {
  const field = avroField(schema, 507, 'partitions')
  const list = field && withoutNull(field.type)
  const item = list?.kind === 'array' ? withoutNull(list.items) : undefined
  if (field === undefined || item?.kind !== 'record') return () => undefined
  const of = (id: number, name: string) => avroField(item, id, name)?.name ?? name
  const containsNull = of(509, 'contains_null')
  const containsNan = of(518, 'contains_nan')
  const lower = of(510, 'lower_bound')
  const upper = of(511, 'upper_bound')
  return row => {
    const summaries = row[field.name]
    if (!Array.isArray(summaries)) return undefined
    return (summaries as AvroObject[]).map(summary => ({
      containsNull: summary[containsNull] !== false,
      ...(typeof summary[containsNan] === 'boolean' ? { containsNan: summary[containsNan] } : {}),
      ...(summary[lower] instanceof Uint8Array ? { lower: summary[lower] } : {}),
      ...(summary[upper] instanceof Uint8Array ? { upper: summary[upper] } : {}),
    }))
  }
}

function badList(path: string, reason: string): TableError {
  return corrupt('a manifest list', reason, { path })
}
