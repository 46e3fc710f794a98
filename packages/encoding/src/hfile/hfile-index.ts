import { compareBytes, type Steps } from '@spillway/core'
import { badHFile } from './hfile-block.js'
import { HFileCursor, rowOf } from './hfile-cursor.js'

/** What the block index says of one block, of data or of the index's next level. */
export interface DataBlock {
  /** Not greater than any key in the block, and greater than every key of the blocks before it. */
  readonly firstKey: Uint8Array
  readonly offset: number
  readonly length: number
}

/** Entries of a block that are taken in at once: about a millisecond. */
export const ENTRIES_IN_A_STEP = 1024

/** The root index, which is read when the file is opened. */
export function* readRootIndex(content: Uint8Array, count: number): Steps<readonly DataBlock[]> {
  const cursor = new HFileCursor(content)
  const blocks: DataBlock[] = []
  for (let i = 0; i < count; i++) {
    const offset = cursor.int64()
    const length = cursor.int32()
    blocks.push({ offset, length, firstKey: rowOf(cursor.slice(cursor.hadoopVarint())) })
    if (blocks.length % ENTRIES_IN_A_STEP === 0) yield
  }
  return blocks
}

/** A block of a lower level of the index. */
export function readNonRootIndex(content: Uint8Array): readonly DataBlock[] {
  const cursor = new HFileCursor(content)
  const count = cursor.int32()
  if (count < 0 || count > content.length / 4) throw badHFile(`an index block of ${count} entries`)
  const starts: number[] = []
  for (let i = 0; i <= count; i++) starts.push(cursor.int32())
  const base = cursor.offset
  return starts.slice(0, count).map((start, i) => {
    const entry = new HFileCursor(content, base + start)
    const offset = entry.int64()
    const length = entry.int32()
    const keyLength = starts[i + 1]! - start - 12
    return { offset, length, firstKey: rowOf(entry.slice(keyLength)) }
  })
}

/**
 * Blocks of one level lie one behind the other (HBase reference guide, G.2): an index that names blocks twice, or one above
 * itself, would make a small file endless.
 */
export function inFileOrder(blocks: readonly DataBlock[]): readonly DataBlock[] {
  let end = 0
  for (const { offset, length } of blocks) {
    if (offset < end || length <= 0) {
      throw badHFile(`an index with a block of ${length} bytes at ${offset}, behind one to ${end}`)
    }
    end = offset + length
  }
  return blocks
}

/** Blocks that `wanted(first key, first key of the next)` keeps. */
export function wantedOf(
  blocks: readonly DataBlock[],
  wanted: (lower: Uint8Array, upper: Uint8Array | undefined) => boolean,
): readonly DataBlock[] {
  return blocks.filter((block, i) => wanted(block.firstKey, blocks[i + 1]?.firstKey))
}

/**
 * A key equal to the next block's first key may still lie in this block (keys can repeat), and the first key of the
 * index may be shortened: so the upper end is inclusive.
 */
export function anyKeyIn(
  keys: readonly Uint8Array[],
  lower: Uint8Array,
  upper: Uint8Array | undefined,
): boolean {
  const at = lowerBound(keys, lower)
  if (at >= keys.length) return false
  return upper === undefined || compareBytes(keys[at]!, upper) <= 0
}

/** The place of the first of `keys`, which ascend, that is not less than `key`. */
export function lowerBound(keys: readonly Uint8Array[], key: Uint8Array): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareBytes(keys[middle]!, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}
