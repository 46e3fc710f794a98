import {
  compareValues,
  type FieldPath,
  leafOf,
  type PrimitiveType,
  type Value,
} from '@spillway/core'
import {
  icebergBytes,
  type LogicalFile,
  type LogicalTable,
  type ManifestEntry,
  type Random,
  truncateDown,
  truncateUp,
} from '@spillway/testkit'
import { compareSignedHalves } from './random-iceberg.js'

type Metrics = Pick<ManifestEntry, 'valueCounts' | 'nullCounts' | 'nanCounts' | 'lower' | 'upper'>

interface Maps {
  readonly valueCounts: Map<number, number>
  readonly nullCounts: Map<number, number>
  readonly nanCounts: Map<number, number>
  readonly lower: Map<number, Uint8Array>
  readonly upper: Map<number, Uint8Array>
}

/** Column metrics as different writers leave them: none, counts, truncated or full, and ORC's habits. */
export function randomMetrics(table: LogicalTable, file: LogicalFile, random: Random): Metrics {
  if (random.chance(0.05)) return {}
  const maps: Maps = {
    valueCounts: new Map(),
    nullCounts: new Map(),
    nanCounts: new Map(),
    lower: new Map(),
    upper: new Map(),
  }
  const orc = random.chance(0.3)
  for (const path of table.columns) {
    if (random.chance(0.1)) continue
    addColumn(maps, path, { file, orc, random })
  }
  const kept = Object.entries(maps).filter(() => !random.chance(0.05))
  return Object.fromEntries(kept) as Metrics
}

function addColumn(
  maps: Maps,
  path: FieldPath,
  {
    file,
    orc,
    random,
  }: { readonly file: LogicalFile; readonly orc: boolean; readonly random: Random },
): void {
  const { id } = leafOf(path)
  const type = leafOf(path).type as PrimitiveType
  // ORC counts a nested column only where its struct is there.
  const above = path.slice(0, -1)
  const rows = orc
    ? file.rows.filter(row => above.every(({ id: parent }) => (row.get(parent) ?? null) !== null))
    : file.rows
  const cells = rows.map(row => row.get(id) ?? null)
  const nans = cells.filter(cell => Number.isNaN(cell)).length
  maps.valueCounts.set(id, cells.length)
  maps.nullCounts.set(id, cells.filter(cell => cell === null).length)
  if ((type === 'float' || type === 'double') && !orc) maps.nanCounts.set(id, nans)
  const values = cells.filter(cell => cell !== null && !Number.isNaN(cell)) as Value[]
  values.sort(type === 'uuid' ? compareSignedHalves : compareValues)
  if (orc && nans > 0) {
    maps.lower.set(id, icebergBytes(Number.NaN, type))
    maps.upper.set(id, icebergBytes(Number.NaN, type))
    return
  }
  if (values.length === 0 || random.chance(0.1)) return
  addBounds(maps, id, { type, lower: values[0]!, upper: values.at(-1)!, random })
}

function addBounds(
  maps: Maps,
  id: number,
  bounds: {
    readonly type: PrimitiveType
    readonly lower: Value
    readonly upper: Value
    readonly random: Random
  },
): void {
  const { type, random } = bounds
  const cut = random.chance(0.5) ? random.pick([1, 2, 16]) : Number.POSITIVE_INFINITY
  const lower = truncateDown(bounds.lower, cut)
  const upper = truncateUp(bounds.upper, cut)
  maps.lower.set(id, encode(lower, type, random))
  if (upper !== undefined) maps.upper.set(id, encode(upper, type, random))
}

/** Sometimes as it was before the column's type was promoted, where the value allows. */
function encode(value: Value, type: PrimitiveType, random: Random): Uint8Array {
  const bytes = icebergBytes(value, type)
  if (!random.chance(0.3)) return bytes
  const small = typeof value === 'bigint' && value >= -(2n ** 31n) && value < 2n ** 31n
  if (type === 'long' && small) return new Uint8Array(Int32Array.of(Number(value)).buffer)
  const single = type === 'double' && Object.is(Math.fround(value as number), value)
  return single ? new Uint8Array(Float32Array.of(value as number).buffer) : bytes
}
