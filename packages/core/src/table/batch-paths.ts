import { type BytesColumn, readBytes } from '../columns/column.js'
import type { FileBatch } from './file-batch.js'

type WithPaths = Pick<FileBatch, 'path' | 'pathAt' | 'pathParts'>

/** The bytes of a row's path, whichever way the batch holds it: no column is made for it. */
export function pathAt(batch: WithPaths, row: number): Uint8Array {
  return batch.pathAt?.(row) ?? readBytes(batch.path, row)
}

/** All paths of a batch in their order, in one column or several. */
export function pathParts(batch: WithPaths): Iterable<BytesColumn> {
  return batch.pathParts?.() ?? [batch.path]
}
