import type { ReadableAsset } from '../readable/readable-asset.js'
import { formatBytes, formatCount } from '../terminal/format-table.js'

/** `3 files, 10 bytes`; of what nobody counted, how it is read. */
export function foundText({ files, bytes, more }: Omit<ReadableAsset, 'leftOut'>): string {
  if (files === 0 && more) return 'read by credentials alone'
  return `${formatCount(files, 'file')}, ${formatBytes(bytes)}${more ? ' and more' : ''}`
}
