import { isUtf8 } from 'node:buffer'
import {
  atOnce,
  DEFAULT_BUDGETS,
  inSlices,
  type ReadBudgets,
  requireWithin,
  Slices,
  type Steps,
  TableError,
} from '@spillway/core'
import { located } from '../bytes/located.js'
import { Inflation } from '../compression/inflation.js'
import { AVRO_RATIOS, inflateAvroBlock, inflateAvroBlockLater } from './avro-codec.js'
import { AvroCursor } from './avro-cursor.js'
import { avroSchemaInSteps } from './avro-schema.js'
import type { AvroType } from './avro-type.js'
import { type AvroWeight, avroWeight, unbackedValues, weightOf } from './avro-weight.js'

/** A run of rows in an Avro file and where its bytes, compressed, lie. */
export interface AvroBlock {
  readonly firstRow: number
  readonly rowCount: number
  readonly start: number
  readonly end: number
}

export interface AvroFile {
  readonly path: string
  readonly byteLength: number
  readonly budgets: ReadBudgets
  /** The file's own properties, `avro.schema` and `avro.codec` among them. */
  readonly metadata: ReadonlyMap<string, Uint8Array>
  readonly schema: AvroType
  readonly schemaText: string
  readonly codec: string
  readonly blocks: readonly AvroBlock[]
  readonly rowCount: number
  /** The rows of one block, uncompressed: `rowCount` values of `schema`, one after the other. */
  inflate(block: AvroBlock): Uint8Array
  /** `inflate`; a long block is inflated while others go on. */
  inflateLater(block: AvroBlock): Promise<Uint8Array> | Uint8Array
  /** What `what` of this file may take in memory. */
  inflation(what: string): Inflation
}

/** A length of 0 and a key without characters, at least. */
const ENTRY_WEIGHT = weightOf(2, 2)
/** Writers have some tens; millions of short ones would be held in many times their bytes, and nobody goes on meanwhile. */
const MOST_ENTRIES = 1000
const MAGIC = [0x4f, 0x62, 0x6a, 0x01]
const SYNC_LENGTH = 16
const BLOCKS_IN_A_STEP = 4096
const UNNAMED = 'an Avro file'
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/**
 * Indexes an Avro object container file (Avro 1.12, "Object Container Files"): header and blocks, each sync marker
 * verified, nothing decompressed yet. Data that ends inside a block is refused; an end between blocks looks like any
 * other end, so callers compare row counts with what they were told. More rows than a block's bytes can hold are refused
 * here, or where it is inflated; rows that take no bytes are held to the budget like all others.
 */
export function readAvroFile(
  bytes: Uint8Array,
  path = UNNAMED,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): AvroFile {
  return located(path, () => atOnce(fileInSteps(bytes, path, budgets)))
}

/** `readAvroFile` in slices: a schema may be long, and blocks many. */
export function openAvroFile(
  bytes: Uint8Array,
  path = UNNAMED,
  budgets: ReadBudgets = DEFAULT_BUDGETS,
): Promise<AvroFile> {
  const steps = fileInSteps(bytes, path, budgets)
  return inSlices(steps, new Slices(), next => located(path, next))
}

function* fileInSteps(bytes: Uint8Array, path: string, budgets: ReadBudgets): Steps<AvroFile> {
  if (MAGIC.some((byte, i) => bytes[i] !== byte)) {
    throw new TableError('TABLE_CORRUPT', 'expected an Avro file, found other bytes at its start')
  }
  const cursor = new AvroCursor(bytes, budgets)
  cursor.pos = MAGIC.length
  const metadata = readMetadata(cursor)
  const sync = bytes.subarray(cursor.take(SYNC_LENGTH), cursor.pos)
  const schemaBytes = metadata.get('avro.schema') ?? new Uint8Array()
  // A name that is read as another would be a field that is not there.
  if (!isUtf8(schemaBytes)) {
    throw new TableError('TABLE_CORRUPT', 'expected an Avro schema in UTF-8')
  }
  const schemaText = utf8.decode(schemaBytes)
  const codec = utf8.decode(metadata.get('avro.codec') ?? new Uint8Array()) || 'null'
  const schema = yield* avroSchemaInSteps(schemaBytes, budgets)
  const blocks = yield* blocksInSteps(cursor, sync)
  const weight = avroWeight(schema)
  const { rowCount, inflation } = checkRows({ blocks, weight, codec, bytes, path, budgets })
  let likely: number | undefined
  const stored = (block: AvroBlock) =>
    [bytes.subarray(block.start, block.end), inflation('an Avro block'), likely] as const
  const held = (block: AvroBlock, rows: Uint8Array) => {
    requireHeld(block.rowCount, weight.bytes, rows.length)
    likely = rows.length
    return rows
  }
  return {
    path,
    byteLength: bytes.length,
    budgets,
    metadata,
    schema,
    schemaText,
    codec,
    blocks,
    rowCount,
    inflate: block => located(path, () => held(block, inflateAvroBlock(codec, ...stored(block)))),
    inflateLater: block =>
      located(path, () => {
        const rows = inflateAvroBlockLater(codec, ...stored(block))
        if (rows instanceof Uint8Array) return held(block, rows)
        return rows.then(
          whole => located(path, () => held(block, whole)),
          error =>
            located(path, () => {
              throw error
            }),
        )
      }),
    inflation,
  }
}

function checkRows({
  blocks,
  weight,
  codec,
  bytes,
  path,
  budgets,
}: Pick<AvroFile, 'blocks' | 'codec' | 'path' | 'budgets'> & {
  readonly weight: AvroWeight
  readonly bytes: Uint8Array
}) {
  const ratio = AVRO_RATIOS.get(codec)
  for (const { rowCount, start, end } of ratio === undefined ? [] : blocks) {
    requireHeld(rowCount, weight.bytes, (end - start) * ratio! + (ratio === 1 ? 0 : 1024))
  }
  const last = blocks[blocks.length - 1]
  const rowCount = last === undefined ? 0 : last.firstRow + last.rowCount
  const what = 'an Avro file'
  requireWithin(budgets, 'rows', { what, observed: rowCount, unit: 'rows', path })
  // Values without bytes are gone through all the same.
  const unbacked = rowCount * unbackedValues(weight)
  requireWithin(budgets, 'rows', { what, observed: unbacked, unit: 'values without bytes', path })
  const inflation = (part: string) =>
    new Inflation(budgets, { what: part, storedBytes: bytes.length, path })
  return { rowCount, inflation }
}

/** Rows of `bytesEach` or more do not lie in fewer bytes than that makes. */
function requireHeld(rowCount: number, bytesEach: number, available: number): void {
  if (rowCount * bytesEach <= available) return
  throw new TableError(
    'TABLE_CORRUPT',
    `an Avro block claims ${rowCount} rows of ${bytesEach} bytes or more, and holds ${available} bytes at most`,
  )
}

function readMetadata(cursor: AvroCursor): Map<string, Uint8Array> {
  const metadata = new Map<string, Uint8Array>()
  const next = () => cursor.readBlockCount(ENTRY_WEIGHT)
  let entries = 0
  for (let count = next(); count > 0; count = next()) {
    entries += count
    if (entries > MOST_ENTRIES) throw tooManyEntries(entries)
    for (let i = 0; i < count; i++) metadata.set(cursor.readString(), cursor.readBytes().slice())
  }
  return metadata
}

function tooManyEntries(found: number): TableError {
  return new TableError(
    'TABLE_CORRUPT',
    `expected ${MOST_ENTRIES} properties at most in the header of an Avro file, found ${found}`,
  )
}

function* blocksInSteps(cursor: AvroCursor, sync: Uint8Array): Steps<AvroBlock[]> {
  const blocks: AvroBlock[] = []
  let firstRow = 0
  for (let found = 1; cursor.pos < cursor.bytes.length; found++) {
    if (found % BLOCKS_IN_A_STEP === 0) yield
    const rowCount = cursor.readLong()
    const length = cursor.readLength()
    const start = cursor.take(length)
    const marker = cursor.take(SYNC_LENGTH)
    for (let i = 0; i < SYNC_LENGTH; i++) {
      if (cursor.bytes[marker + i] !== sync[i]) {
        throw new TableError(
          'TABLE_CORRUPT',
          `expected a sync marker after Avro block ${blocks.length}`,
        )
      }
    }
    if (rowCount < 0) throw new TableError('TABLE_CORRUPT', `an Avro block of ${rowCount} rows`)
    // One without rows is read too: bytes in it would be rows that it does not count.
    if (rowCount > 0 || length > 0) {
      blocks.push({ firstRow, rowCount, start, end: start + length })
    }
    firstRow += rowCount
  }
  return blocks
}
