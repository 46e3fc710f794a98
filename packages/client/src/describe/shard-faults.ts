import { readShardedIndex, type SafetensorsHeader, shardFaults } from '@spillway/assets'
import type { DescribedIndex } from './asset-description.js'

export interface ShardsAround {
  /** Of all files of the asset. */
  readonly paths: ReadonlySet<string>
  /** Headers that were read, by path in the asset. */
  readonly headers: ReadonlyMap<string, SafetensorsHeader>
}

/** The index in `bytes`, compared with the shards around it. A shard that was not read is not called missing. */
export function describeIndex(
  path: string,
  bytes: Uint8Array,
  { paths, headers }: ShardsAround,
): DescribedIndex {
  const index = readShardedIndex(bytes, { path })
  const below = path.slice(0, path.lastIndexOf('/') + 1)
  const compared = index.shards.filter(
    shard => headers.has(below + shard.path) || !paths.has(below + shard.path),
  )
  const notCompared = index.shards.length - compared.length
  const known = new Map(
    compared.flatMap(({ path: shard }) => {
      const header = headers.get(below + shard)
      return header === undefined ? [] : [[shard, header] as const]
    }),
  )
  return {
    path,
    shards: index.shards.length,
    tensors: index.shards.reduce((sum, { tensors }) => sum + tensors.length, 0),
    notCompared,
    faults: shardFaults(
      { shards: compared, statedSize: notCompared === 0 ? index.statedSize : undefined },
      known,
    ),
  }
}
