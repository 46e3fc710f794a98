import { TableError } from '@spillway/core'
import type { ListedFile } from './file-slices.js'
import type { Listing } from './listing.js'
import { ALL_PARTITIONS, metadataPartitionName } from './metadata-key.js'
import type { MetadataTable } from './metadata-table.js'

type Listed = ReadonlyMap<string, { readonly size: bigint; readonly isDeleted: boolean }>

/** The listing that the metadata table keeps, read partition by partition as they are asked for. */
export async function listMetadata(
  metadata: MetadataTable,
  signal?: AbortSignal,
): Promise<Listing> {
  const found = await metadata.lookup('files', [ALL_PARTITIONS], signal)
  const partitions = [...merged(found.get(ALL_PARTITIONS)).keys()]
  return {
    kind: 'metadata',
    partitions: partitions.map(name => (name === '.' ? '' : name)).sort(),
    async files(wanted, filesSignal) {
      const names = wanted.map(metadataPartitionName)
      const records = await metadata.lookup('files', names, filesSignal)
      return new Map(
        wanted.map((partition, i) => [partition, listedFiles(merged(records.get(names[i]!)))]),
      )
    },
  }
}

/** Later records add files and take them away. */
function merged(records: readonly unknown[] | undefined): ReadonlyMap<string, bigint> {
  const files = new Map<string, bigint>()
  for (const record of records ?? []) {
    const { filesystemMetadata } = record as { filesystemMetadata: Listed | null }
    for (const [name, { size, isDeleted }] of filesystemMetadata ?? []) {
      if (isDeleted) files.delete(name)
      else files.set(name, size)
    }
  }
  return files
}

function listedFiles(files: ReadonlyMap<string, bigint>): readonly ListedFile[] {
  return [...files].map(([name, size]) => {
    if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new TableError('TABLE_CORRUPT', `the metadata table lists ${name} with ${size} bytes`)
    }
    return { name, size: Number(size) }
  })
}
