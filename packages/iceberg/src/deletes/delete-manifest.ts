import {
  ByteArena,
  type BytesColumn,
  columnByteLength,
  compareBytes,
  inSlices,
  Slices,
  selectAll,
} from '@spillway/core'
import {
  type AvroCursor,
  type AvroField,
  type AvroSink,
  type AvroStep,
  compileAvroScan,
} from '@spillway/encoding'
import { dataFileSink, type EntrySchema, intMapSink } from '../manifest/entry-schema.js'
import type { Manifest } from '../manifest/manifest.js'
import { forEachInSlices, type MetricSource } from '../manifest/metric-columns.js'
import { PathTable } from '../paths/path-table.js'
import { baseNameBytes } from '../paths/paths.js'

/** The id of `file_path` in position delete files (spec, "Reserved Field IDs"). */
const FILE_PATH_ID = 2147483546

/** What the delete files of a manifest say beyond their path and counts. */
export interface DeleteDetails {
  /** The data file that a deletion vector, or a position delete file of one file, names, as written; empty for others. */
  readonly target: BytesColumn
  /** The targets' last names, which no other spelling of a path changes. */
  readonly name: BytesColumn
  readonly byName: PathTable
  /** Offset and size of a deletion vector's blob; NaN for other delete files. */
  readonly contentOffset: Float64Array
  readonly contentSize: Float64Array
  readonly equalityIds: ReadonlyMap<number, readonly number[]>
  /** Every column that one of them compares. */
  readonly equalityColumns: ReadonlySet<number>
  /** Bounds of the paths that a position delete file names, as written; empty where unknown. */
  readonly pathLower: BytesColumn
  readonly pathUpper: BytesColumn
}

/** Reads the details of every live delete file of a manifest, once, in slices. */
export async function deleteDetails(
  manifest: Manifest,
  signal?: AbortSignal,
): Promise<DeleteDetails> {
  const source = await manifest.source(signal)
  return manifest.derivedLater('deletes', async () => {
    const value = await readDetails(source)
    const columns = [value.target, value.pathLower, value.pathUpper, value.name]
    const bytes = columns.reduce(
      (sum, column) => sum + columnByteLength(column),
      value.byName.byteLength,
    )
    return { value, byteLength: bytes + 16 * manifest.length }
  })
}

async function readDetails(source: MetricSource): Promise<DeleteDetails> {
  const { length } = source.columns
  const target = new ByteArena(length, 64)
  const pathLower = new ByteArena(length, 32)
  const pathUpper = new ByteArena(length, 32)
  const name = new ByteArena(length, 32)
  const contentOffset = new Float64Array(length).fill(Number.NaN)
  const contentSize = new Float64Array(length).fill(Number.NaN)
  const equalityIds = new Map<number, readonly number[]>()
  const equalityColumns = new Set<number>()
  const entry = new DetailReader(source.schema)
  await forEachInSlices(source, selectAll(length), (cursor, row) => {
    entry.read(cursor)
    appendTo(target, entry.target)
    appendTo(name, entry.target && baseNameBytes(entry.target))
    appendTo(pathLower, entry.lower)
    appendTo(pathUpper, entry.upper)
    contentOffset[row] = entry.offset
    contentSize[row] = entry.size
    if (entry.ids.length > 0) equalityIds.set(row, entry.ids)
    for (const id of entry.ids) equalityColumns.add(id)
  })
  const names = name.finish()
  return {
    target: target.finish(),
    name: names,
    byName: await inSlices(PathTable.inSteps(names), new Slices(), next => next()),
    contentOffset,
    contentSize,
    equalityIds,
    equalityColumns,
    pathLower: pathLower.finish(),
    pathUpper: pathUpper.finish(),
  }
}

function appendTo(arena: ByteArena, bytes: Uint8Array = new Uint8Array()): void {
  arena.append(bytes, 0, bytes.length)
}

class DetailReader {
  referenced: Uint8Array | undefined
  lower: Uint8Array | undefined
  upper: Uint8Array | undefined
  offset = Number.NaN
  size = Number.NaN
  ids: readonly number[] = []
  readonly #ids: number[] = []
  readonly #step: AvroStep

  constructor(schema: EntrySchema) {
    const dataFile = dataFileSink(schema, {
      ...intMapSink(schema, 'lower', this.#pathBound('lower')),
      ...intMapSink(schema, 'upper', this.#pathBound('upper')),
      // Some writers made the ids longs (the sink reads either).
      equalityIds: {
        kind: 'items',
        item: { kind: 'number', value: id => this.#addId(id) },
        end: () => {
          this.ids = [...this.#ids]
        },
      },
      referencedFile: {
        kind: 'bytes',
        value: (bytes, start, end) => {
          this.referenced = bytes.subarray(start, end)
        },
      },
      contentOffset: this.#number('offset'),
      contentSize: this.#number('size'),
    })
    this.#step = compileAvroScan(schema.root, {
      kind: 'record',
      partial: true,
      fields: new Map<AvroField, AvroSink>([[schema.dataFile, dataFile]]),
    })
  }

  /** The one data file that a delete file names, where it says so or its bounds do. */
  get target(): Uint8Array | undefined {
    const { lower, upper, referenced } = this
    if (referenced !== undefined) return referenced
    if (lower === undefined || upper === undefined) return undefined
    return compareBytes(lower, upper) === 0 ? lower : undefined
  }

  #pathBound(side: 'lower' | 'upper'): (key: () => number) => AvroSink {
    return key => ({
      kind: 'bytes',
      value: (bytes, start, end) => {
        if (key() === FILE_PATH_ID) this[side] = bytes.subarray(start, end)
      },
    })
  }

  #number(name: 'offset' | 'size'): AvroSink {
    const value = (found: number) => {
      this[name] = found
    }
    return { kind: 'number', value }
  }

  #addId(id: number): void {
    this.#ids.push(id)
  }

  read(cursor: AvroCursor): void {
    this.referenced = undefined
    this.lower = undefined
    this.upper = undefined
    this.offset = Number.NaN
    this.size = Number.NaN
    this.ids = []
    this.#ids.length = 0
    this.#step(cursor)
    cursor.check()
  }
}

/** True where a row of `column` has bytes at all. */
export function holdsBytes({ offsets }: Pick<BytesColumn, 'offsets'>, row: number): boolean {
  return offsets[row + 1]! > offsets[row]!
}
