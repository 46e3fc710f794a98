import { isTableError } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { AvroWriter, hudiAvroContent, hudiDeleteContent, hudiLog, Random } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { readAvroBlock } from '../../src/log-files/avro-block.js'
import { orderBlocks } from '../../src/log-files/block-order.js'
import { readDeleteBlock } from '../../src/log-files/delete-block.js'
import { LOG_HEADER, type LogBlock, readLogBlocks } from '../../src/log-files/log-file.js'
import { collected } from '../support/real-tables.js'

const PATH = 'memory:///t/.g_20260101000000000.log.1_0-1-1'
const SCHEMA = JSON.stringify({
  type: 'record',
  name: 'row',
  fields: [
    { name: 'key', type: 'string' },
    { name: 'n', type: 'long' },
  ],
})

const record = (key: string, n: bigint) => new AvroWriter().bytes(key).long(n).take()
const avro = (instant: string, keys: readonly string[]) => ({
  type: 'avro' as const,
  header: { [LOG_HEADER.instant]: instant, [LOG_HEADER.schema]: SCHEMA },
  content: hudiAvroContent(keys.map((key, i) => record(key, BigInt(i)))),
})
const rollback = (target: string) => ({
  type: 'command' as const,
  header: {
    [LOG_HEADER.instant]: '9',
    [LOG_HEADER.targetInstant]: target,
    [LOG_HEADER.command]: '0',
  },
  content: new Uint8Array(0),
})

function blocksOf(bytes: Uint8Array): Promise<readonly LogBlock[]> {
  const store = memoryStore({ objects: [[PATH, bytes]] })
  return readLogBlocks(store, { path: PATH, size: bytes.length })
}

const instantsOf = (blocks: readonly LogBlock[]) => blocks.map(block => block.header.get(0))

describe('log files', () => {
  it('reads the records of Avro blocks and the keys of delete blocks', async () => {
    const content = hudiDeleteContent([{ key: 'a' }, { key: 'b', ordering: 7n }])
    const [data, deletes] = await blocksOf(
      hudiLog([avro('1', ['a', 'b']), { type: 'delete', header: { 0: '2' }, content }]),
    )
    expect([await collected(readAvroBlock(data!)), await readDeleteBlock(deletes!)]).toEqual([
      [
        { key: 'a', n: 0n },
        { key: 'b', n: 1n },
      ],
      [{ recordKey: 'a' }, { recordKey: 'b', ordering: [7n] }],
    ])
  })

  it.each<[string, (content: Uint8Array) => Uint8Array]>([
    ['that ends before its bytes do', content => content.fill(0, 8, 9)],
    ['with bytes behind its keys', content => Uint8Array.from([...content, 0])],
    ['that says more bytes than it has', content => content.fill(1, 6, 7)],
  ])(
    'refuses a delete block %s: a key that is not read is a row that comes back',
    async (_, damage) => {
      const content = damage(hudiDeleteContent([{ key: 'a' }, { key: 'b', ordering: 7n }]))
      const [deletes] = await blocksOf(hudiLog([{ type: 'delete', header: { 0: '2' }, content }]))
      await expect(readDeleteBlock(deletes!)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
    },
  )

  it('refuses a record that is shorter than it says', async () => {
    const block = avro('1', ['a'])
    const { content } = block
    const length = new DataView(content.buffer, content.byteOffset).getInt32(8)
    const longer = Uint8Array.from([...content, 0])
    new DataView(longer.buffer).setInt32(8, length + 1)
    const [data] = await blocksOf(hudiLog([{ ...block, content: longer }]))
    await expect(collected(readAvroBlock(data!))).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(/a record ends at byte/),
    })
  })

  it('takes back the blocks that a rollback targets, and no later ones of the same instant', async () => {
    const blocks = await blocksOf(
      hudiLog([avro('1', ['a']), avro('2', ['b']), rollback('1'), avro('3', ['c'])]),
    )
    expect(instantsOf(orderBlocks(blocks, () => true))).toEqual(['2', '3'])
  })

  it('leaves out blocks of writes that did not finish', async () => {
    const blocks = await blocksOf(hudiLog([avro('1', ['a']), avro('2', ['b'])]))
    expect(instantsOf(orderBlocks(blocks, instant => instant !== '2'))).toEqual(['1'])
  })

  it('puts a log-compacted block where the last block it merged stood', async () => {
    const merged = avro('4', ['m'])
    const header = { ...merged.header, [LOG_HEADER.compactedInstants]: '1,2' }
    const blocks = await blocksOf(
      hudiLog([avro('1', ['a']), avro('2', ['b']), avro('3', ['c']), { ...merged, header }]),
    )
    expect(instantsOf(orderBlocks(blocks, () => true))).toEqual(['4', '3'])
  })

  it('refuses a block that is cut off when its write completed', async () => {
    const bytes = hudiLog([avro('1', ['a']), avro('2', ['b'])])
    const blocks = await blocksOf(bytes.subarray(0, bytes.length - 5))
    expect(blocks.map(block => block.type)).toEqual(['avro', 'corrupt'])
    expect(() => orderBlocks(blocks, () => true)).toThrow(/damaged block of the completed write 2/)
    expect(instantsOf(orderBlocks(blocks, instant => instant === '1'))).toEqual(['1'])
  })

  it('finds the next block after one that is damaged and was written again', async () => {
    const cut = hudiLog([avro('1', ['a'])]).subarray(0, -5)
    const whole = hudiLog([avro('1', ['a'])])
    const blocks = await blocksOf(Uint8Array.from([...cut, ...whole]))
    expect(blocks.map(block => block.type)).toEqual(['corrupt', 'avro'])
    expect(instantsOf(orderBlocks(blocks, () => true))).toEqual(['1'])
  })

  it('refuses bytes that are no log', async () => {
    await expect(blocksOf(new TextEncoder().encode('no log '.repeat(20)))).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })

  it('never crashes, hangs or loses a record on damaged bytes', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => `key-${i}`)
    const whole = hudiLog([avro('1', keys), avro('2', keys), rollback('1'), avro('3', keys)])
    const random = new Random(20260308)
    for (let round = 0; round < 3000; round++) {
      const bytes = random.chance(0.2)
        ? whole.slice(0, random.integer(0, whole.length))
        : whole.slice()
      for (let i = random.integer(0, 3); i > 0 && bytes.length > 0; i--) {
        bytes[random.integer(0, bytes.length - 1)] = random.integer(0, 255)
      }
      try {
        const ordered = orderBlocks(await blocksOf(bytes), () => true)
        let records = 0
        for (const block of ordered)
          if (block.type === 'avro') records += (await collected(readAvroBlock(block))).length
        // Bytes carry no checksum, so a block's instant or a rollback's target may read otherwise: whole blocks
        // then come or go, records within one do not.
        expect(records % keys.length).toBe(0)
      } catch (error) {
        if (!isTableError(error)) throw error
      }
    }
  })
})
