import { atOnce } from '@spillway/core'
import { vectorBytes } from '@spillway/encoding'
import { describe, expect, it } from 'vitest'
import { bytesSource, LOG_HEADER, type LogBlock } from '../../src/log-files/log-file.js'
import { recordPositions } from '../../src/merging/record-positions.js'

const BASE = '20260101000000000'
const file = { recordedPath: `p/a_0-1-1_${BASE}.parquet` }

function block(positions: readonly number[] | undefined, base = BASE): LogBlock {
  const header = new Map<number, string>([[LOG_HEADER.positionsBase, base]])
  if (positions !== undefined) {
    // What Hudi writes is the roaring bitmap alone, without the magic number of a deletion vector.
    const bitmap = vectorBytes(positions).subarray(4)
    header.set(LOG_HEADER.positions, Buffer.from(bitmap).toString('base64'))
  }
  return { type: 'avro', header, path: 'log', content: bytesSource(new Uint8Array()) }
}

describe('positions of log records', () => {
  it('are those that every block states over the base file', () => {
    const blocks = [block([0, 7, 70_000]), block([2])]
    const found = atOnce(recordPositions(blocks, file))
    expect(blocks.map(each => found?.get(each))).toEqual([[0, 7, 70_000], [2]])
  })

  it.each([
    ['a block has none', block(undefined)],
    ['a block has an empty list', block([])],
    ['a block speaks of another base file', block([1], '20260102000000000')],
  ])('are not used where %s', (_, other) => {
    expect(atOnce(recordPositions([block([0]), other], file))).toBeUndefined()
  })
})
