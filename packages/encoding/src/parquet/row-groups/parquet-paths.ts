import { leafKey } from '@spillway/core'
import type { ParquetFooter } from '../footer/parquet-metadata.js'
import type { ParquetNode } from '../schema/parquet-types.js'

/**
 * The leaves asked for that the file has, by `leafKey` of the path that was asked. Leaves are found as the file spells
 * them and, under maps, as `key_value`, `key` and `value`, which some writers spell `map` or `entries`.
 */
export function leafIndex(
  footer: ParquetFooter,
  wanted: readonly (readonly string[])[],
): ReadonlyMap<string, number> {
  const byPath = new Map<string, number>()
  collect(footer.root, [], byPath)
  for (const [leaf, { path }] of footer.leaves.entries()) byPath.set(leafKey(path), leaf)
  const found = new Map<string, number>()
  for (const path of wanted) {
    const key = leafKey(path)
    const leaf = byPath.get(key)
    if (leaf !== undefined) found.set(key, leaf)
  }
  return found
}

function collect(node: ParquetNode, path: readonly string[], into: Map<string, number>): void {
  if (node.leaf !== undefined) into.set(leafKey(path), node.leaf)
  const entries = node.children[0]
  if (node.logicalType?.kind === 'map' && entries?.repetition === 'repeated') {
    for (const [i, child] of entries.children.entries()) {
      collect(child, [...path, 'key_value', i === 0 ? 'key' : 'value'], into)
    }
    return
  }
  for (const child of node.children) collect(child, [...path, child.name], into)
}
