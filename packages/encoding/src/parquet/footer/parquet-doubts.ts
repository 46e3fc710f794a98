import { compareValues } from '@spillway/core'
import { FormatError } from '../../bytes/format-error.js'
import { ThriftSkimmer } from '../../thrift/thrift-skim.js'
import { readSchema } from '../schema/parquet-schema.js'
import type { ParquetLeafInfo, ParquetNode } from '../schema/parquet-types.js'
import { readBound } from './parquet-bounds.js'
import { reportingPath } from './parquet-error.js'
import { parseParquetMetadata } from './parquet-footer.js'

/** Field ids of parquet.thrift: of FileMetaData, RowGroup, ColumnChunk, ColumnMetaData and Statistics. */
const [SCHEMA, ROW_GROUPS, COLUMN_ORDERS, ENCRYPTION] = [2, 4, 7, 8] as const
const COLUMNS = 1
const CHUNK_METADATA = 3
const [STATISTICS, BLOOM_FILTER] = [12, 14] as const
/** The old ones are deprecated. */
const [OLD_MAX, OLD_MIN, MAX, MIN] = [1, 2, 5, 6] as const

/**
 * Top-level columns about which a footer claims what we do not believe, and an engine that reads the file by itself
 * might: bounds of an order that is in doubt (deprecated ones of anything but signed numbers), the wrong way round, cut
 * inside a character or no value of their type, and bloom filters of floats, which tell the two zeros apart. That NaN
 * is left out of bounds is true of every footer, and no reason here. `metadata` is the Thrift FileMetaData; one that is
 * broken, or of a file with encrypted columns, is an error about `path`.
 */
export function doubtedColumns(metadata: Uint8Array, path: string): ReadonlySet<number> {
  return reportingPath(path, () => doubtedIn(metadata))
}

/** The rows of a file that has no columns, which engines do not open; undefined for any other. */
export function columnlessRows(metadata: Uint8Array, path: string): number | undefined {
  return reportingPath(path, () => {
    const skimmer = new ThriftSkimmer(metadata)
    let id = skimmer.next(0)
    for (; id > 0 && id !== SCHEMA; id = skimmer.next(id)) skimmer.skip()
    if (id === 0 || skimmer.structCount() !== 1) return undefined
    return parseParquetMetadata(metadata, path).footer.rowCount
  })
}

function doubtedIn(metadata: Uint8Array): ReadonlySet<number> {
  const skimmer = new ThriftSkimmer(metadata)
  let schema: ReturnType<typeof readSchema> | undefined
  let orders: readonly boolean[] | undefined
  const claims: Claims = { leaves: [], statistics: [], blooms: new Set() }
  for (let id = skimmer.next(0); id > 0; id = skimmer.next(id)) {
    if (id === SCHEMA) schema = readSchema(skimmer.structs())
    else if (id === ROW_GROUPS) collectClaims(skimmer, claims)
    else if (id === COLUMN_ORDERS) {
      orders = skimmer.structs().map(order => order.has(1) || order.has(2))
    } else if (id === ENCRYPTION) {
      throw new FormatError('it has encrypted columns', { unsupported: true })
    } else skimmer.skip()
  }
  if (schema === undefined) throw new FormatError('a footer without a schema')
  const { root, leaves } = schema
  const isFloat = (leaf: number) => /^(float|double)$/.test(String(leaves[leaf]?.type))
  const doubted = new Set([...claims.blooms].filter(isFloat))
  for (const [i, leaf] of claims.leaves.entries()) {
    const info = leaves[leaf]
    if (info === undefined) throw new FormatError('a row group of more columns than the schema')
    if (doubted.has(leaf)) continue
    const claim = { skimmer, statistics: claims.statistics[i]!, ordered: orders?.[leaf] }
    if (!isBelieved(info, claim)) doubted.add(leaf)
  }
  return columnsOver(root, doubted)
}

/** What the column chunks of all row groups say: which leaf, and where its statistics begin. */
interface Claims {
  readonly leaves: number[]
  readonly statistics: number[]
  readonly blooms: Set<number>
}

function collectClaims(skimmer: ThriftSkimmer, claims: Claims): void {
  const groups = skimmer.structCount()
  for (let group = 0; group < groups; group++) {
    for (let id = skimmer.next(0); id > 0; id = skimmer.next(id)) {
      if (id !== COLUMNS) skimmer.skip()
      else {
        const columns = skimmer.structCount()
        for (let leaf = 0; leaf < columns; leaf++) collectChunk(skimmer, leaf, claims)
      }
    }
  }
}

function collectChunk(skimmer: ThriftSkimmer, leaf: number, claims: Claims): void {
  for (let id = skimmer.next(0); id > 0; id = skimmer.next(id)) {
    if (id !== CHUNK_METADATA) skimmer.skip()
    else {
      for (let inner = skimmer.next(0); inner > 0; inner = skimmer.next(inner)) {
        if (inner === STATISTICS) {
          claims.leaves.push(leaf)
          claims.statistics.push(skimmer.offset)
        } else if (inner === BLOOM_FILTER) claims.blooms.add(leaf)
        skimmer.skip()
      }
    }
  }
}

interface LeafClaims {
  readonly skimmer: ThriftSkimmer
  /** Where the statistics begin. */
  readonly statistics: number
  /** What the file's column orders say of the leaf. */
  readonly ordered: boolean | undefined
}

function isBelieved(leaf: ParquetLeafInfo, claim: LeafClaims): boolean {
  const { skimmer, statistics, ordered } = claim
  skimmer.offset = statistics
  let hasBounds = false
  let min: Uint8Array | undefined
  let max: Uint8Array | undefined
  for (let id = skimmer.next(0); id > 0; id = skimmer.next(id)) {
    hasBounds ||= id === MIN || id === MAX || id === OLD_MIN || id === OLD_MAX
    if (id === MIN) min = skimmer.binary()
    else if (id === MAX) max = skimmer.binary()
    else skimmer.skip()
  }
  if (!hasBounds) return true
  const isClear = ordered === true && min !== undefined && max !== undefined
  return (isClear && areInOrder(min!, max!, leaf)) || areBelieved(leaf, claim)
}

/** What planning believes, bound by bound. */
function areBelieved(leaf: ParquetLeafInfo, { skimmer, statistics: at, ordered }: LeafClaims) {
  const statistics = skimmer.structAt(at)
  // Values in lists have the order of their type like all others.
  const single = { ...leaf, maxRepetition: 0 }
  const min = readBound(statistics, 'min', single, ordered)
  const max = readBound(statistics, 'max', single, ordered)
  if (min === undefined && (statistics.has(MIN) || statistics.has(OLD_MIN))) return false
  if (max === undefined && (statistics.has(MAX) || statistics.has(OLD_MAX))) return false
  return min === undefined || max === undefined || compareValues(min, max) <= 0
}

/** The commonest bounds, told without decoding them; false where that takes a closer look. */
function areInOrder(min: Uint8Array, max: Uint8Array, leaf: ParquetLeafInfo): boolean {
  const { physicalType, logicalType } = leaf
  if (logicalType?.kind === 'integer' && !logicalType.signed) return false
  if (physicalType === 'BYTE_ARRAY' && logicalType?.kind === 'string') {
    return isAscii(min) && isAscii(max) && Buffer.compare(min, max) <= 0
  }
  const length = LENGTHS.get(physicalType)
  if (min.length !== length || max.length !== length) return false
  const [low, high] = [view(min), view(max)]
  switch (physicalType) {
    case 'INT32':
      return low.getInt32(0, true) <= high.getInt32(0, true)
    case 'INT64':
      return low.getBigInt64(0, true) <= high.getBigInt64(0, true)
    case 'FLOAT':
      return low.getFloat32(0, true) <= high.getFloat32(0, true)
    default:
      return low.getFloat64(0, true) <= high.getFloat64(0, true)
  }
}

const LENGTHS: ReadonlyMap<string, number> = new Map([
  ['INT32', 4],
  ['INT64', 8],
  ['FLOAT', 4],
  ['DOUBLE', 8],
])

function isAscii(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length; i++) if (bytes[i]! > 0x7f) return false
  return true
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Positions of the root's children that have one of `leaves` below them. */
function columnsOver(root: ParquetNode, leaves: ReadonlySet<number>): ReadonlySet<number> {
  const columns = new Set<number>()
  const isOver = (node: ParquetNode): boolean =>
    node.leaf === undefined ? node.children.some(isOver) : leaves.has(node.leaf)
  for (const [i, child] of root.children.entries()) if (isOver(child)) columns.add(i)
  return columns
}
