import { ThriftWriter } from '../../../testkit/src/encodings/thrift-writer.js'

export interface SmallColumn {
  readonly type: 'INT64' | 'BYTE_ARRAY'
  readonly codec?: number
  /** Page headers and their bodies, as they are. */
  readonly pages: readonly Uint8Array[]
  /** Values of the chunk and rows of the group, as the footer claims them. */
  readonly rows: number
  /** Nullable unless false. */
  readonly nullable?: boolean
}

export const CODEC = { uncompressed: 0, snappy: 1, gzip: 2, brotli: 4, zstd: 6, lz4Raw: 7 } as const
export const ENCODING = { plain: 0, dictionary: 8, rle: 3 } as const

const MAGIC = new TextEncoder().encode('PAR1')

/** A Parquet file of one column `c` in one row group, whose claims need not be true. */
export function smallParquet(column: SmallColumn): Uint8Array {
  const body = joined(column.pages)
  const footer = new ThriftWriter().int(1, 2).list(2, 'struct', 2)
  footer.open().bytes(4, 'root').int(5, 1).end()
  const type = column.type === 'INT64' ? 2 : 6
  footer
    .open()
    .int(1, type)
    .int(3, column.nullable === false ? 0 : 1)
    .bytes(4, 'c')
    .end()
  footer.int(3, column.rows, 'i64').list(4, 'struct', 1)
  footer.open().list(1, 'struct', 1).open().int(2, 4, 'i64').begin(3)
  footer
    .int(1, type)
    .ints(2, [0])
    .texts(3, ['c'])
    .int(4, column.codec ?? 0)
  footer.int(5, column.rows, 'i64').int(6, body.length, 'i64').int(7, body.length, 'i64')
  footer.int(9, 4, 'i64').end().end()
  footer.int(2, body.length, 'i64').int(3, column.rows, 'i64').end()
  return parquetFile(body, footer.finish())
}

/** A data page of the first version: `size` is what it says it inflates to. */
export function dataPage(
  body: Uint8Array,
  { values = 0, size = body.length, encoding = 0 },
): Uint8Array {
  const header = new ThriftWriter().int(1, 0).int(2, size).int(3, body.length).begin(5)
  return joined([header.int(1, values).int(2, encoding).int(3, 3).int(4, 3).end().finish(), body])
}

export function dictionaryPage(body: Uint8Array, { values = 0, size = body.length }): Uint8Array {
  const header = new ThriftWriter().int(1, 2).int(2, size).int(3, body.length).begin(7)
  return joined([header.int(1, values).int(2, 0).end().finish(), body])
}

/** `count` levels or codes that are all `value`, behind their length where they are levels. */
export function run(count: number, value: number): Uint8Array {
  const bytes: number[] = []
  let rest = count * 2
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80)
  return Uint8Array.from([...bytes, rest, value])
}

export function levels(count: number, value: number): Uint8Array {
  const encoded = run(count, value)
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, encoded.length, true)
  return joined([length, encoded])
}

export function parquetFile(body: Uint8Array, footer: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, footer.length, true)
  return joined([MAGIC, body, footer, length, MAGIC])
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts))
}
