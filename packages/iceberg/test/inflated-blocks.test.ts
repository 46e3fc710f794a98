import type { AvroBlock, AvroFile } from '@spillway/encoding'
import { expect, it } from 'vitest'
import { InflatedBlocks } from '../src/inflated-blocks.js'

it.each([100, 5000])(
  'inflates a block of %i bytes once for batches that follow each other',
  length => {
    let inflated = 0
    const file = {
      codec: 'deflate',
      inflate() {
        inflated++
        return new Uint8Array(length)
      },
    } as unknown as AvroFile
    const block = {} as AvroBlock
    const blocks = new InflatedBlocks(1000)
    for (let i = 0; i < 10; i++) expect(blocks.get(file, block).length).toBe(length)
    expect(inflated).toBe(1)
  },
)
