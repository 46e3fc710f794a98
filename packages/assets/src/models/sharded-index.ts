import { isJsonObject, TableError } from '@spillway/core'
import { JsonMembers } from '../documents/json-members.js'
import { readStrictJson } from '../documents/strict-json.js'
import { quotedName } from '../paths/path-fault.js'
import { requireSafePath } from '../paths/safe-path.js'
import type { SafetensorsHeader } from './safetensors.js'

/** Which file holds which tensor of a model in several files. */
export interface ShardedIndex {
  /** Bytes of all tensors, as its writer says. */
  readonly statedSize?: number | undefined
  /** By path, which is relative to the folder of the index. */
  readonly shards: readonly Shard[]
}

export interface Shard {
  readonly path: string
  readonly tensors: readonly string[]
}

const MAX_BYTES = 64 * 1024 * 1024

/**
 * The index in the bytes of a `model.safetensors.index.json`. `TABLE_CORRUPT` where it is none, or names a file by a path that
 * is not safe.
 */
export function readShardedIndex(
  bytes: Uint8Array,
  { path }: { readonly path?: string | undefined } = {},
): ShardedIndex {
  if (bytes.length > MAX_BYTES) {
    const message = `an index of shards of ${bytes.length} bytes: at most ${MAX_BYTES} are read`
    throw new TableError('UNSUPPORTED_FEATURE', message, { context: { ...(path && { path }) } })
  }
  const place = { what: 'an index of shards', path }
  const root = new JsonMembers(readStrictJson(bytes, place), place)
  const map = root.members('weight_map')
  const tensors = new Map<string, string[]>()
  for (const name of Object.keys(map.object)) {
    const file = map.text(name)
    const known = tensors.get(file)
    if (known === undefined) tensors.set(file, [name])
    else known.push(name)
  }
  const shards = [...tensors].map(([file, names]) => ({
    path: requireSafePath(file, { code: 'TABLE_CORRUPT', where: 'in an index of shards' }),
    tensors: names,
  }))
  return { statedSize: statedSize(root), shards: shards.sort((a, b) => (a.path < b.path ? -1 : 1)) }
}

function statedSize(root: JsonMembers): number | undefined {
  const { metadata } = root.object
  const size = isJsonObject(metadata) ? metadata.total_size : undefined
  return typeof size === 'number' && Number.isSafeInteger(size) && size >= 0 ? size : undefined
}

/**
 * What the headers of all shards, by path, say against their index, a sentence each: a shard that is missing, a tensor that
 * lies elsewhere, another size. Nothing where they agree.
 */
export function shardFaults(
  { shards, statedSize }: ShardedIndex,
  headers: ReadonlyMap<string, SafetensorsHeader>,
): readonly string[] {
  const faults: string[] = []
  let size = 0
  for (const { path, tensors } of shards) {
    const header = headers.get(path)
    if (header === undefined) {
      faults.push(`the shard ${quotedName(path)} is missing`)
      continue
    }
    size += header.dataSize
    const held = new Set(header.tensors.map(({ name }) => name))
    for (const name of tensors) {
      if (held.delete(name)) continue
      faults.push(`${quotedName(path)} does not hold ${quotedName(name)}, as the index says`)
    }
    for (const name of held) {
      faults.push(
        `${quotedName(path)} holds ${quotedName(name)}, which the index does not name there`,
      )
    }
  }
  if (statedSize !== undefined && faults.length === 0 && size !== statedSize) {
    faults.push(`its tensors have ${size} bytes, and the index says ${statedSize}`)
  }
  return faults
}
