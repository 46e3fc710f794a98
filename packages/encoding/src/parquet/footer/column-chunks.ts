import { FormatError } from '../../bytes/format-error.js'
import { integer, natural, structs, type ThriftStruct } from '../../thrift/thrift.js'
import type { ParquetLeafInfo } from '../schema/parquet-types.js'
import { readBound } from './parquet-bounds.js'
import type { ParquetChunk, ParquetCodec, ParquetColumnStatistics } from './parquet-metadata.js'

const CODECS: readonly ParquetCodec[] = [
  'uncompressed',
  'snappy',
  'gzip',
  'lzo',
  'brotli',
  'lz4',
  'zstd',
  'lz4_raw',
]

/** The column chunks of row groups, as parquet.thrift has them (ColumnChunk). */
export function columnsOf(groups: readonly ThriftStruct[]): readonly ThriftStruct[] {
  return groups.flatMap(group => structs(group.get(1)))
}

/** A chunk says how it is encrypted, if it is (parquet-format, Encryption.md, "ColumnChunk"). */
export function isEncrypted(column: ThriftStruct): boolean {
  return column.has(8) || column.has(9)
}

/** The codec of a column chunk's pages, or its number where parquet.thrift does not name it. */
export function codecName(column: ThriftStruct): string {
  const id = natural(metadataOf(column).get(4), 'a codec')
  return CODECS[id] ?? `codec ${id}`
}

/** The ColumnMetaData of a column chunk. */
export function metadataOf(column: ThriftStruct): ThriftStruct {
  const metadata = column.get(3)
  if (metadata instanceof Map) return metadata as ThriftStruct
  if (isEncrypted(column)) throw new FormatError('an encrypted column', { unsupported: true })
  throw new FormatError('a column chunk without metadata')
}

/** What a column chunk's statistics prove about leaf `info`; `ordered` is whether its order is a defined one. */
export function statisticsOf(
  metadata: ThriftStruct,
  leaf: number,
  info: ParquetLeafInfo,
  ordered: boolean | undefined,
): ParquetColumnStatistics {
  const valueCount = natural(metadata.get(5), 'a value count')
  const raw = metadata.get(12)
  if (!(raw instanceof Map)) return { leaf, valueCount }
  const statistics = raw as ThriftStruct
  const min = readBound(statistics, 'min', info, ordered)
  const max = readBound(statistics, 'max', info, ordered)
  const nullCount = integer(statistics.get(3))
  const distinctCount = integer(statistics.get(4))
  return {
    leaf,
    valueCount,
    min,
    max,
    ...(nullCount === undefined || nullCount < 0 || nullCount > valueCount ? {} : { nullCount }),
    distinctCount,
  }
}

/** The column chunks of a row group, one for each leaf, by where they lie. */
export function chunksOf(
  group: ThriftStruct | undefined,
  leaves: readonly ParquetLeafInfo[],
): readonly ParquetChunk[] {
  if (group === undefined) throw new FormatError('there is no such row group')
  const columns = structs(group.get(1))
  return leaves.map((_, leaf) => {
    const column = columns[leaf]!
    const metadata = metadataOf(column)
    if (isEncrypted(column)) throw new FormatError('an encrypted column', { unsupported: true })
    if (column.has(1)) throw new FormatError('a column chunk in another file')
    const codec = CODECS[natural(metadata.get(4), 'a codec')]
    if (codec === undefined) throw new FormatError(`unknown codec ${String(metadata.get(4))}`)
    const start = chunkStart(metadata)
    return {
      leaf,
      codec,
      valueCount: natural(metadata.get(5), 'a value count'),
      start,
      end: start + natural(metadata.get(7), 'a compressed size'),
      ...bloomFilterOf(metadata),
    }
  })
}

function bloomFilterOf(metadata: ThriftStruct): Pick<ParquetChunk, 'bloomFilter'> {
  const start = integer(metadata.get(14))
  const length = integer(metadata.get(15))
  if (start === undefined) return {}
  return { bloomFilter: { start, ...(length !== undefined && { end: start + length }) } }
}

/** Some writers leave the dictionary offset out or zero; the dictionary page then lies at the data offset. */
export function chunkStart(metadata: ThriftStruct): number {
  const data = natural(metadata.get(9), 'a data page offset')
  const dictionary = integer(metadata.get(11))
  return dictionary !== undefined && dictionary > 0 && dictionary < data ? dictionary : data
}
