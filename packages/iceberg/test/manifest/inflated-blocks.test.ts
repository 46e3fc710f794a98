import { readAvroFile } from '@spillway/encoding'
import { avroFile } from '@spillway/testkit'
import { expect, it } from 'vitest'
import { InflatedBlocks } from '../../src/manifest/inflated-blocks.js'

it.each([100, 5000])(
  'inflates a block of %i bytes once for batches that follow each other',
  async length => {
    const schema = { type: 'record', name: 'r', fields: [{ name: 'b', type: 'bytes' }] }
    const bytes = new Uint8Array(length)
    const whole = readAvroFile(
      avroFile({ schema, codec: 'deflate' }, [bytes], (out, row) => out.bytes(row)),
    )
    let inflated = 0
    const file = {
      ...whole,
      inflate: (block: (typeof whole.blocks)[number]) => {
        inflated++
        return whole.inflate(block)
      },
    }
    const [block] = whole.blocks
    const blocks = new InflatedBlocks(1000)
    for (let i = 0; i < 10; i++) {
      expect(blocks.get(file, block!).length).toBeGreaterThan(length)
      expect((await blocks.getLater(file, block!)).length).toBeGreaterThan(length)
    }
    expect(inflated).toBe(1)
  },
)
