import { createHash } from 'node:crypto'
import { xxHash64 } from '@spillway/encoding'

/** The key of the list of partitions, in the index of files. */
export const ALL_PARTITIONS = '__all_partitions__'

/** Hudi hashes column and partition names with this seed, sign-extended from 32 bits. */
const SEED = 0xffffffffdabadabdn

const utf8 = new TextEncoder()

/** Name of a partition inside the metadata table: `.` for the table's own folder. */
export function metadataPartitionName(partition: string): string {
  return partition === '' ? '.' : partition
}

export function columnKey(column: string): string {
  return hashed(column)
}

/** Key of `column` in `file` of `partition` in column_stats. */
export function columnStatsKey(column: string, partition: string, file: string): string {
  return column + partition + createHash('md5').update(file).digest('base64')
}

export function partitionKey(partition: string): string {
  return hashed(metadataPartitionName(partition))
}

function hashed(text: string): string {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, xxHash64(utf8.encode(text), SEED))
  return Buffer.from(bytes).toString('base64')
}
