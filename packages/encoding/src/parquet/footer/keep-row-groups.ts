import { FormatError } from '../../bytes/format-error.js'
import { readThriftStruct } from '../../thrift/thrift.js'

const TRUE = 1
const FALSE = 2
const BYTE = 3
const I16 = 4
const I32 = 5
const I64 = 6
const DOUBLE = 7
const BINARY = 8
const LIST = 9
const STRUCT = 12
const ROW_COUNT = 3
const ROW_GROUPS = 4

/**
 * A Parquet footer (Thrift FileMetaData, compact protocol) with `kept` of its row groups and `rowCount` rows; every
 * other byte is as it was, and offsets still mean the same file. What a reader is given then is a smaller table.
 */
export function keepRowGroups(
  metadata: Uint8Array,
  kept: readonly number[],
  rowCount: number,
): Uint8Array {
  const fields = topLevelFields(metadata)
  const rows = fields.find(({ id }) => id === ROW_COUNT)
  const groups = fields.find(({ id }) => id === ROW_GROUPS)
  if (rows?.type !== I64 || groups?.type !== LIST || groups.start < rows.end) {
    throw new FormatError('a footer without a row count before its row groups')
  }
  const items = structsOf(metadata, groups)
  const chosen = kept.map(group => {
    const item = items[group]
    if (item === undefined) throw new FormatError(`there is no row group ${group}`)
    return metadata.subarray(item.start, item.end)
  })
  return concatenate([
    metadata.subarray(0, rows.start),
    varint(BigInt(rowCount) * 2n),
    metadata.subarray(rows.end, groups.start),
    listHeader(chosen.length),
    ...chosen,
    metadata.subarray(groups.end),
  ])
}

interface Span {
  readonly start: number
  readonly end: number
}

interface FieldSpan extends Span {
  readonly id: number
  readonly type: number
}

/** The footer's own fields, and where the value of each lies. */
function topLevelFields(bytes: Uint8Array): readonly FieldSpan[] {
  const fields: FieldSpan[] = []
  let at = 0
  let id = 0
  while (bytes[at] !== undefined && bytes[at] !== 0) {
    const header = bytes[at]!
    const delta = header >> 4
    // Writers number the footer's few fields upwards, so that each header is one byte.
    if (delta === 0) throw new FormatError('a footer whose fields are out of order')
    id += delta
    const start = at + 1
    const end = valueEnd(bytes, start, header & 0x0f)
    fields.push({ id, type: header & 0x0f, start, end })
    at = end
  }
  return fields
}

function valueEnd(bytes: Uint8Array, start: number, type: number): number {
  switch (type) {
    case TRUE:
    case FALSE:
      return start
    case BYTE:
      return start + 1
    case I16:
    case I32:
    case I64:
      return readVarint(bytes, start).end
    case DOUBLE:
      return start + 8
    case BINARY: {
      const { value, end } = readVarint(bytes, start)
      return end + Number(value)
    }
    case LIST: {
      const list = listOf(bytes, start)
      if (list.type !== STRUCT) throw new FormatError('a footer with a list of no structs')
      return structEnds(bytes, list.start, list.count).at(-1)?.end ?? list.start
    }
    case STRUCT:
      return readThriftStruct(bytes, start).end
    default:
      throw new FormatError(`a footer with a field of type ${type}`)
  }
}

function structsOf(bytes: Uint8Array, list: Span): readonly Span[] {
  const { count, start, type } = listOf(bytes, list.start)
  if (type !== STRUCT) throw new FormatError('row groups that are not structs')
  return structEnds(bytes, start, count)
}

function structEnds(bytes: Uint8Array, start: number, count: number): readonly Span[] {
  const spans: Span[] = []
  for (let at = start; spans.length < count; ) {
    const { end } = readThriftStruct(bytes, at)
    spans.push({ start: at, end })
    at = end
  }
  return spans
}

function listOf(bytes: Uint8Array, start: number) {
  const header = bytes[start] ?? 0
  const type = header & 0x0f
  if (header >> 4 !== 15) return { count: header >> 4, start: start + 1, type }
  const { value, end } = readVarint(bytes, start + 1)
  return { count: Number(value), start: end, type }
}

function listHeader(count: number): Uint8Array {
  if (count < 15) return Uint8Array.of((count << 4) | STRUCT)
  return concatenate([Uint8Array.of(0xf0 | STRUCT), varint(BigInt(count))])
}

function readVarint(bytes: Uint8Array, start: number) {
  let value = 0n
  for (let at = start, shift = 0n; at < bytes.length && shift < 70n; at++, shift += 7n) {
    value |= BigInt(bytes[at]! & 0x7f) << shift
    if (bytes[at]! < 0x80) return { value, end: at + 1 }
  }
  throw new FormatError('a number without an end')
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  bytes.push(Number(rest))
  return Uint8Array.from(bytes)
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
