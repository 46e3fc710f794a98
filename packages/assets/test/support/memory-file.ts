import type { RangedFile } from '../../src/index.js'

/** Bytes as a file, which keeps the ranges that were read. */
export function memoryFile(
  bytes: Uint8Array,
  path = 'file',
): RangedFile & { readonly reads: [number, number][] } {
  const reads: [number, number][] = []
  return {
    path,
    size: bytes.length,
    reads,
    read: async (start, end) => {
      reads.push([start, end])
      return bytes.subarray(start, end)
    },
  }
}
