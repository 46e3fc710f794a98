import { corrupt, type FoldedPaths, PathFolder, Slices, type TableError } from '@spillway/core'
import {
  type AvroBlock,
  AvroCursor,
  type AvroField,
  type AvroFile,
  type AvroSink,
  type AvroStep,
  compileAvroScan,
  firstPathNotUtf8,
  located,
} from '@spillway/encoding'
import { type EntryFormat, formatOf } from './entry-format.js'
import { dataFileSink, type EntrySchema } from './entry-schema.js'
import { TupleTable } from './tuple-table.js'

/** What a manifest's entries take from its manifest list (spec, "Sequence Number Inheritance"). */
export interface Inherited {
  readonly sequenceNumber: number
  readonly firstRowId?: number | undefined
}

/** The live entries of a manifest as columns, and where each lies, so that the rest of it can be read later. */
export interface ManifestColumns {
  readonly length: number
  readonly paths: FoldedPaths
  readonly size: Float64Array
  readonly recordCount: Float64Array
  readonly sequenceNumber: Float64Array
  /** NaN where a file has none. */
  readonly firstRowId: Float64Array
  /** Numbers of `tuples`. */
  readonly tuple: Uint32Array
  readonly tuples: TupleTable
  /** 0 data, 1 position deletes, 2 equality deletes. */
  readonly content: Uint8Array
  /** True where the content of any is not 0. */
  readonly holdsDeletes: boolean
  readonly formats: readonly EntryFormat[]
  /** Index in `formats`. */
  readonly format: Uint8Array
  /** Where an entry begins in its uncompressed block. */
  readonly offset: Uint32Array
  /** The first entry of each block, and the end. */
  readonly blockStart: Uint32Array
}

export interface ScanOptions {
  readonly inherited: Inherited
  readonly inflate: (block: AvroBlock) => Promise<Uint8Array> | Uint8Array
}

/** Bytes that are set aside for a row. */
const ROW_BYTES = 150

const EXISTING = 0
const DELETED = 2

/** Reads every live entry's path, partition and counts, in one pass that steps over all else, in slices. */
export function scanManifest(
  file: AvroFile,
  schema: EntrySchema,
  options: ScanOptions,
): Promise<ManifestColumns> {
  return new ManifestScan(file, schema, options).run()
}

class ManifestScan {
  readonly #file: AvroFile
  readonly #inherited: Inherited
  readonly #inflate: ScanOptions['inflate']
  readonly #version1: boolean
  readonly #step: AvroStep
  readonly #paths: PathFolder
  readonly #columns: Omit<
    ManifestColumns,
    'length' | 'paths' | 'tuples' | 'formats' | 'holdsDeletes'
  >
  readonly #tuples: TupleTable
  readonly #formats: EntryFormat[] = []
  /** Bits of the contents of all live entries. */
  #contents = 0
  #row = 0
  #nextRowId: number
  // The entry at hand.
  #status = 0
  #sequence = Number.NaN
  #content = 0
  #format = 0
  #formatLength = -1
  #formatFirst: number | undefined
  #records = 0
  #size = 0
  #rowId = Number.NaN
  #tuple = 0
  #pathBytes: Uint8Array = new Uint8Array()
  #pathStart = 0
  #pathEnd = 0

  constructor(file: AvroFile, schema: EntrySchema, options: ScanOptions) {
    const rows = file.rowCount
    this.#file = file
    this.#inherited = options.inherited
    this.#nextRowId = options.inherited.firstRowId ?? Number.NaN
    this.#inflate = options.inflate
    const version = file.metadata.get('format-version')
    this.#version1 = version === undefined || (version.length === 1 && version[0] === 0x31)
    file.inflation('rows of a manifest').take(rows * ROW_BYTES)
    this.#paths = new PathFolder(rows)
    this.#tuples = new TupleTable(rows)
    this.#columns = {
      size: new Float64Array(rows),
      recordCount: new Float64Array(rows),
      sequenceNumber: new Float64Array(rows),
      firstRowId: new Float64Array(rows),
      tuple: new Uint32Array(rows),
      content: new Uint8Array(rows),
      format: new Uint8Array(rows),
      offset: new Uint32Array(rows),
      blockStart: new Uint32Array(file.blocks.length + 1),
    }
    this.#step = this.#compile(schema)
  }

  #compile(schema: EntrySchema): AvroStep {
    const number = (value: (found: number) => void): AvroSink => ({ kind: 'number', value })
    const dataFile = dataFileSink(schema, {
      content: number(found => (this.#content = found)),
      recordCount: number(found => (this.#records = found)),
      size: number(found => (this.#size = found)),
      firstRowId: number(found => (this.#rowId = found)),
      format: { kind: 'bytes', value: (bytes, start, end) => this.#setFormat(bytes, start, end) },
      path: {
        kind: 'bytes',
        value: (bytes, start, end) => {
          this.#pathBytes = bytes
          this.#pathStart = start
          this.#pathEnd = end
        },
      },
      partition: {
        kind: 'raw',
        value: (bytes, start, end) => (this.#tuple = this.#tuples.codeOf(bytes, start, end)),
      },
    })
    const fields = new Map<AvroField, AvroSink>([
      [schema.status, number(found => (this.#status = found))],
      [schema.dataFile, dataFile],
    ])
    if (schema.sequenceNumber !== undefined) {
      fields.set(
        schema.sequenceNumber,
        number(found => (this.#sequence = found)),
      )
    }
    if (!schema.fields.has('partition')) this.#tuples.codeOf(new Uint8Array(), 0, 0)
    return compileAvroScan(schema.root, { kind: 'record', fields })
  }

  async run(): Promise<ManifestColumns> {
    const { blocks, path, budgets } = this.#file
    const slices = new Slices()
    for (const [index, block] of blocks.entries()) {
      this.#columns.blockStart[index] = this.#row
      const rows = this.#inflate(block)
      const cursor = new AvroCursor(rows instanceof Uint8Array ? rows : await rows, budgets)
      for (let left = block.rowCount; left > 0; ) {
        left = located(path, () => this.#scan(cursor, left, slices))
        if (slices.isOverNow) await slices.pause()
      }
      located(path, () => {
        if (cursor.pos === cursor.bytes.length) return
        throw badManifest(`entries end at byte ${cursor.pos} of a block of ${cursor.bytes.length}`)
      })
    }
    this.#columns.blockStart[blocks.length] = this.#row
    return this.#finish(this.#row)
  }

  /** Reads of the `left` entries as many as a slice takes. Gives how many are left then. */
  #scan(cursor: AvroCursor, left: number, slices: Slices): number {
    let more = left
    let row = this.#row
    let nextRowId = this.#nextRowId
    do {
      const start = cursor.pos
      this.#read(cursor)
      more--
      if (this.#status === DELETED) continue
      const inheritsRowId = Number.isNaN(this.#rowId)
      this.#append(row, start, inheritsRowId ? nextRowId : this.#rowId)
      if (inheritsRowId) nextRowId += this.#records
      row++
    } while (more > 0 && !slices.isOver)
    this.#row = row
    this.#nextRowId = nextRowId
    return more
  }

  #read(cursor: AvroCursor): void {
    this.#status = 0
    this.#content = 0
    this.#sequence = Number.NaN
    this.#rowId = Number.NaN
    this.#step(cursor)
    cursor.check()
    if (this.#status < 0 || this.#status > DELETED)
      throw badManifest(`an entry of status ${this.#status}`)
    if (this.#content < 0 || this.#content > 2)
      throw badManifest(`a file of content ${this.#content}`)
    if (this.#size < 0) throw badManifest(`a file of ${this.#size} bytes`)
  }

  #append(row: number, offset: number, rowId: number): void {
    const columns = this.#columns
    this.#paths.append(this.#pathBytes, this.#pathStart, this.#pathEnd)
    columns.size[row] = this.#size
    // Negative in files of very old writers: unknown.
    columns.recordCount[row] = this.#records >= 0 ? this.#records : Number.NaN
    columns.sequenceNumber[row] = this.#dataSequence()
    columns.firstRowId[row] = rowId
    columns.tuple[row] = this.#tuple
    columns.content[row] = this.#content
    this.#contents |= this.#content
    columns.format[row] = this.#format
    columns.offset[row] = offset
  }

  /** Only entries that are new in this manifest may leave their sequence number to it. */
  #dataSequence(): number {
    if (!Number.isNaN(this.#sequence)) return this.#sequence
    if (this.#status !== EXISTING) return this.#inherited.sequenceNumber
    if (this.#version1) return 0
    throw badManifest('an existing entry has no sequence number')
  }

  #setFormat(bytes: Uint8Array, start: number, end: number): void {
    // One name in nearly every manifest, and those that are known differ in their lengths.
    const first = bytes[start]
    if (end - start === this.#formatLength && first === this.#formatFirst) return
    this.#formatLength = end - start
    this.#formatFirst = first
    const name = String.fromCharCode(...bytes.subarray(start, Math.min(end, start + 40)))
    const format = formatOf(name)
    if (format === 'unknown') this.#formatLength = -1
    const known = this.#formats.indexOf(format)
    this.#format = known >= 0 ? known : this.#formats.push(format) - 1
  }

  #finish(length: number): ManifestColumns {
    const { offset, tuple, content, format, blockStart, ...numbers } = this.#columns
    const paths = this.#paths.finish()
    located(this.#file.path, () => requireNames(paths))
    return {
      length,
      paths,
      size: numbers.size.subarray(0, length),
      recordCount: numbers.recordCount.subarray(0, length),
      sequenceNumber: numbers.sequenceNumber.subarray(0, length),
      firstRowId: numbers.firstRowId.subarray(0, length),
      tuple: tuple.subarray(0, length),
      content: content.subarray(0, length),
      format: format.subarray(0, length),
      offset: offset.subarray(0, length),
      blockStart,
      tuples: this.#tuples,
      holdsDeletes: this.#contents !== 0,
      formats: this.#formats,
    }
  }
}

/** A path that is no text would be read as that of another file. */
function requireNames(paths: FoldedPaths): void {
  const row = firstPathNotUtf8(paths)
  if (row !== undefined) throw badManifest(`the path of file ${row} is no UTF-8`)
}

function badManifest(reason: string): TableError {
  return corrupt('a manifest', reason)
}
