import { createHash } from 'node:crypto'
import { xxHash64 } from '@spillway/encoding'
import { AvroWriter } from '../encodings/avro-writer.js'

/** A bound as the metadata table wraps it. */
export interface HudiBound {
  readonly wrapper: HudiWrapper
  readonly value: boolean | number | bigint | string | Uint8Array
}
type HudiWrapper = (typeof WRAPPERS)[number][0]

/** HoodieMetadataColumnStats of one column of one file. */
export interface HudiColumnStats {
  /** Dotted name. */
  readonly column: string
  readonly min?: HudiBound | undefined
  readonly max?: HudiBound | undefined
  readonly valueCount: number
  readonly nullCount: number
  /** Ordinal of the value type and what it needs beside: since version 2 of the index. */
  readonly valueType?: readonly [ordinal: number, info: string | null]
}

const WRAPPERS = [
  ['BooleanWrapper', 'boolean'],
  ['IntWrapper', 'int'],
  ['LongWrapper', 'long'],
  ['FloatWrapper', 'float'],
  ['DoubleWrapper', 'double'],
  ['BytesWrapper', 'bytes'],
  ['StringWrapper', 'string'],
] as const

const wrapperSchemas = WRAPPERS.map(([name, type]) => ({
  type: 'record',
  name,
  fields: [{ name: 'value', type }],
}))
const wrapperNames = WRAPPERS.map(([name]) => name)

/** As much of HoodieMetadataRecord as a listing and column statistics need. */
export const HUDI_METADATA_SCHEMA = JSON.stringify({
  type: 'record',
  name: 'HoodieMetadataRecord',
  namespace: 'org.apache.hudi.avro.model',
  fields: [
    { name: 'key', type: 'string' },
    { name: 'type', type: 'int' },
    {
      name: 'filesystemMetadata',
      type: [
        'null',
        {
          type: 'map',
          values: {
            type: 'record',
            name: 'HoodieMetadataFileInfo',
            fields: [
              { name: 'size', type: 'long' },
              { name: 'isDeleted', type: 'boolean' },
            ],
          },
        },
      ],
    },
    {
      name: 'ColumnStatsMetadata',
      type: [
        'null',
        {
          type: 'record',
          name: 'HoodieMetadataColumnStats',
          fields: [
            { name: 'fileName', type: ['null', 'string'] },
            { name: 'columnName', type: ['null', 'string'] },
            { name: 'minValue', type: ['null', ...wrapperSchemas] },
            { name: 'maxValue', type: ['null', ...wrapperNames] },
            { name: 'valueCount', type: ['null', 'long'] },
            { name: 'nullCount', type: ['null', 'long'] },
            { name: 'isDeleted', type: 'boolean' },
            { name: 'isTightBound', type: 'boolean' },
            {
              name: 'valueType',
              type: [
                'null',
                {
                  type: 'record',
                  name: 'HoodieValueTypeInfo',
                  fields: [
                    { name: 'typeOrdinal', type: 'int' },
                    { name: 'additionalInfo', type: ['null', 'string'] },
                  ],
                },
              ],
            },
          ],
        },
      ],
    },
  ],
})

/** Record of the `files` index: names, sizes, and whether each has gone. */
export function hudiFilesRecord(
  key: string,
  files: readonly { readonly name: string; readonly size: number; readonly isDeleted?: boolean }[],
): Uint8Array {
  const out = new AvroWriter()
    .bytes('')
    .long(key === '__all_partitions__' ? 1 : 2)
    .long(1)
  out.array(files, ({ name, size, isDeleted }) => {
    out
      .bytes(name)
      .long(size)
      .boolean(isDeleted === true)
  })
  return out.long(0).take()
}

/** Record of the `column_stats` index. */
export function hudiStatsRecord(file: string, stats: HudiColumnStats): Uint8Array {
  const out = new AvroWriter().bytes('').long(3).long(0).long(1)
  out.long(1).bytes(file).long(1).bytes(stats.column)
  bound(out, stats.min)
  bound(out, stats.max)
  out.long(1).long(stats.valueCount).long(1).long(stats.nullCount).boolean(false).boolean(false)
  return out
    .optional(stats.valueType, ([ordinal, info]) => {
      out.long(ordinal).optional(info, text => out.bytes(text))
    })
    .take()
}

function bound(out: AvroWriter, value: HudiBound | undefined): void {
  if (value === undefined) {
    out.long(0)
    return
  }
  const index = WRAPPERS.findIndex(([name]) => name === value.wrapper)
  out.long(index + 1)
  switch (WRAPPERS[index]![1]) {
    case 'boolean':
      out.boolean(value.value as boolean)
      break
    case 'float':
      out.float(value.value as number)
      break
    case 'double':
      out.double(value.value as number)
      break
    case 'bytes':
    case 'string':
      out.bytes(value.value as string)
      break
    default:
      out.long(value.value as number | bigint)
  }
}

const SEED = 0xffffffffdabadabdn

/** Key of a column's statistics: hashes of its name, the partition's and the file's, each in base64. */
export function hudiStatsKey(column: string, partition: string, file: string): string {
  const folder = partition === '' ? '.' : partition
  return hashed(column) + hashed(folder) + createHash('md5').update(file).digest('base64')
}

/** Key of a column's statistics over a whole partition. */
export function hudiPartitionStatsKey(column: string, partition: string): string {
  return hashed(column) + hashed(partition === '' ? '.' : partition)
}

const hashes = new Map<string, string>()

function hashed(text: string): string {
  const known = hashes.get(text)
  if (known !== undefined) return known
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, xxHash64(new TextEncoder().encode(text), SEED))
  const encoded = Buffer.from(bytes).toString('base64')
  hashes.set(text, encoded)
  return encoded
}
