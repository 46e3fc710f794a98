import type { DataFile, DeleteFile } from '@spillway/core'

/** Rows that one container of a roaring bitmap covers. */
const CONTAINER_ROWS = 65536
/** A container's key, count and offset, and those of the bitmap that it alone may be in. */
const CONTAINER_BYTES = 32
const FRAME_BYTES = 64

/** At most so many bytes is the vector that the deletes of a file come to, as far as its metadata tells. */
export function longestVector({
  recordCount = Number.POSITIVE_INFINITY,
  deletes,
}: DataFile): number {
  const deleted = deletes.reduce((sum, each) => sum + mostDeleted(each), 0)
  const held = Math.min(deleted, recordCount)
  const containers = Math.min(held, Math.ceil(recordCount / CONTAINER_ROWS))
  // Two bytes a value, until a bitmap of the container's 65,536 rows is shorter.
  const values = Math.min(2 * held, (containers * CONTAINER_ROWS) / 8)
  return FRAME_BYTES + containers * CONTAINER_BYTES + values
}

function mostDeleted(each: DeleteFile): number {
  switch (each.kind) {
    case 'deletion-vector':
      return each.cardinality
    case 'position-delete':
      return each.recordCount ?? Number.POSITIVE_INFINITY
    case 'equality-delete':
      return Number.POSITIVE_INFINITY
  }
}
