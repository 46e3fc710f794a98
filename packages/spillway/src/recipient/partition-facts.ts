import type { FileAction } from '@spillway/client'

export interface PartitionFacts {
  /** Values by the names of the partition columns that recipients see; null is SQL's. */
  readonly values: Readonly<Record<string, string | null>>
  readonly files: number
  readonly bytes: number
  /** Live rows; null where a file does not say how many it has. */
  readonly rows: number | null
}

export interface FileTotals {
  readonly files: number
  readonly bytes: number
  readonly rows: number | null
  readonly deletionVectors: number
  /** Empty where the table is not partitioned. */
  readonly partitions: readonly PartitionFacts[]
}

interface Counted {
  readonly values: Readonly<Record<string, string | null>>
  files: number
  bytes: number
  rows: number
  deletionVectors: number
}

/** A partition column: what recipients call it, and what the wire does (Delta's column mapping). */
export interface PartitionColumn {
  readonly name: string
  readonly wireName: string
}

/** Adds up the files of an answer as they come: memory grows with partitions, not with files. */
export async function countFiles(
  actions: AsyncIterable<FileAction | { readonly kind: string }>,
  columns: readonly PartitionColumn[],
): Promise<FileTotals> {
  const partitions = new Map<string, Counted>()
  for await (const action of actions) {
    const file = fileOf(action as FileAction)
    if (file === undefined) continue
    const values = columns.map(column => partitionValue(file, column))
    const key = JSON.stringify(values)
    const counted = partitions.get(key) ?? startedAt(values, columns)
    partitions.set(key, counted)
    counted.files++
    counted.bytes += file.size
    counted.rows += file.rows
    counted.deletionVectors += file.hasVector ? 1 : 0
  }
  return totalsOf([...partitions.values()], columns.length > 0)
}

/** The empty text is null (Delta PROTOCOL.md, "Partition Value Serialization"). */
function partitionValue(
  { partitionValues }: CountedFile,
  { wireName, name }: PartitionColumn,
): string | null {
  return (partitionValues[wireName] ?? partitionValues[name]) || null
}

function startedAt(
  values: readonly (string | null)[],
  columns: readonly PartitionColumn[],
): Counted {
  const named = Object.fromEntries(columns.map(({ name }, i) => [name, values[i] ?? null]))
  return { values: named, files: 0, bytes: 0, rows: 0, deletionVectors: 0 }
}

function totalsOf(counted: readonly Counted[], partitioned: boolean): FileTotals {
  const sum = (of: (each: Counted) => number) =>
    counted.reduce((total, each) => total + of(each), 0)
  return {
    files: sum(({ files }) => files),
    bytes: sum(({ bytes }) => bytes),
    rows: known(sum(({ rows }) => rows)),
    deletionVectors: sum(({ deletionVectors }) => deletionVectors),
    partitions: partitioned
      ? counted.map(({ values, files, bytes, rows }) => ({
          values,
          files,
          bytes,
          rows: known(rows),
        }))
      : [],
  }
}

/** A sum with something unknown in it is unknown. */
function known(sum: number): number | null {
  return Number.isNaN(sum) ? null : sum
}

interface CountedFile {
  readonly partitionValues: Readonly<Record<string, string | null>>
  readonly size: number
  /** NaN where it is not said. */
  readonly rows: number
  readonly hasVector: boolean
}

function fileOf(action: FileAction): CountedFile | undefined {
  if (action.kind === 'file') {
    const { partitionValues, size, stats } = action.file
    return { partitionValues, size: Number(size), rows: rowsOf(stats), hasVector: false }
  }
  const add = action.kind === 'delta' ? action.file.deltaSingleAction.add : undefined
  if (add === undefined) return undefined
  const vector = add.deletionVector
  return {
    partitionValues: add.partitionValues ?? {},
    size: Number(add.size ?? 0),
    rows: rowsOf(add.stats) - Number(vector?.cardinality ?? 0),
    hasVector: vector !== undefined,
  }
}

/** `numRecords` of a file's statistics (Delta PROTOCOL.md, "Per-file Statistics"). */
function rowsOf(stats: string | undefined): number {
  if (stats === undefined) return Number.NaN
  try {
    const parsed = JSON.parse(stats) as { readonly numRecords?: unknown } | null
    return typeof parsed?.numRecords === 'number' ? parsed.numRecords : Number.NaN
  } catch {
    return Number.NaN
  }
}
