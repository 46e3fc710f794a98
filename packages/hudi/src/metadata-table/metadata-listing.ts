import { inSlices, Slices, type Steps, sorted, TableError } from '@spillway/core'
import { FILES_IN_A_STEP, type ListedFile } from '../file-groups/file-slices.js'
import type { Listing } from '../file-groups/listing.js'
import { compareText } from '../timeline/timeline.js'
import { ALL_PARTITIONS, metadataPartitionName } from './metadata-key.js'
import type { MetadataTable } from './metadata-table.js'

type Listed = ReadonlyMap<string, { readonly size: bigint; readonly isDeleted: boolean }>

/** The listing that the metadata table keeps, read partition by partition as they are asked for. */
export async function listMetadata(
  metadata: MetadataTable,
  signal?: AbortSignal,
): Promise<Listing> {
  const found = await metadata.lookup('files', [ALL_PARTITIONS], signal)
  return {
    kind: 'metadata',
    partitions: await inSlices(partitionsOf(found.get(ALL_PARTITIONS))),
    async files(wanted, filesSignal) {
      const names = wanted.map(metadataPartitionName)
      const records = await metadata.lookup('files', names, filesSignal)
      const slices = new Slices()
      const listed = new Map<string, readonly ListedFile[]>()
      for (const [i, partition] of wanted.entries()) {
        listed.set(partition, await inSlices(listedFiles(records.get(names[i]!)), slices))
      }
      return listed
    },
  }
}

function* partitionsOf(records: readonly unknown[] | undefined): Steps<readonly string[]> {
  const names = [...(yield* merged(records)).keys()]
  return yield* sorted(
    names.map(name => (name === '.' ? '' : name)),
    compareText,
  )
}

/** Later records add files and take them away. */
function* merged(records: readonly unknown[] | undefined): Steps<ReadonlyMap<string, bigint>> {
  const files = new Map<string, bigint>()
  let seen = 0
  for (const record of records ?? []) {
    const { filesystemMetadata } = record as { filesystemMetadata: Listed | null }
    for (const [name, { size, isDeleted }] of filesystemMetadata ?? []) {
      if (++seen % FILES_IN_A_STEP === 0) yield
      if (isDeleted) files.delete(name)
      else files.set(name, size)
    }
  }
  return files
}

function* listedFiles(records: readonly unknown[] | undefined): Steps<readonly ListedFile[]> {
  const files: ListedFile[] = []
  for (const [name, size] of yield* merged(records)) {
    if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) {
      throw new TableError('TABLE_CORRUPT', `the metadata table lists ${name} with ${size} bytes`)
    }
    files.push({ name, size: Number(size) })
    if (files.length % FILES_IN_A_STEP === 0) yield
  }
  return files
}
