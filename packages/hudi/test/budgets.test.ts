import { atOnce, type ReadBudgets, withBudgets } from '@spillway/core'
import { HFile } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { AvroWriter, hfileBytes, hudiAvroContent, hudiLog } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { parseProperties } from '../src/config/properties.js'
import { loadTableConfig } from '../src/config/table-config.js'
import { readAvroBlock } from '../src/log-files/avro-block.js'
import { bytesSource, LOG_HEADER, readLogBlocks } from '../src/log-files/log-file.js'
import { recordPositions } from '../src/merging/record-positions.js'
import { IndexSource } from '../src/metadata-table/metadata-index.js'
import { readTableSchema } from '../src/schema/schema.js'
import { readCommitMetadata } from '../src/timeline/commit-metadata.js'
import { collected } from './support/real-tables.js'

const PATH = 'memory:///t/.g_20260101000000000.log.1_0-1-1'
const fields = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ name: `c${i}`, type: 'null' }))
const schema = (count: number) =>
  JSON.stringify({ type: 'record', name: 'row', fields: fields(count) })

async function recordsOf(content: Uint8Array, columns: number, budgets: Partial<ReadBudgets> = {}) {
  const header = { [LOG_HEADER.instant]: '1', [LOG_HEADER.schema]: schema(columns) }
  const bytes = hudiLog([{ type: 'avro', header, content }])
  const store = withBudgets(memoryStore({ objects: [[PATH, bytes]] }), budgets)
  const [block] = await readLogBlocks(store, { path: PATH, size: bytes.length })
  return collected(readAvroBlock(block!))
}

async function outcome(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'read',
    (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
  )
}

describe('an Avro log block', () => {
  const two = hudiAvroContent([new Uint8Array(0), new Uint8Array(0)])

  it('of fewer records than nothing, or of less than its bytes, is damaged and not empty', async () => {
    expect(await recordsOf(two, 2)).toHaveLength(2)
    for (const count of [-1, 0, 1]) {
      const content = two.slice()
      new DataView(content.buffer).setInt32(4, count)
      expect(await outcome(recordsOf(content, 2))).toMatch(/^TABLE_CORRUPT: a avro block/)
    }
  })

  it('of more columns than the limit is refused', async () => {
    expect(await outcome(recordsOf(two, 100_000))).toMatch(
      /^UNSUPPORTED_FEATURE: an Avro schema of 100000 columns: .*limits\.columns raises that/,
    )
    expect(await outcome(recordsOf(two, 10_000))).toBe('read')
    expect(await outcome(recordsOf(two, 100_000, { columns: 100_000 }))).toBe('read')
  })
})

describe('documents of the timeline', () => {
  it('that nest without end are refused', async () => {
    const text = `{"a":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`
    await expect(readCommitMetadata(new TextEncoder().encode(text), PATH)).rejects.toThrow(
      /limits\.documentDepth raises that/,
    )
  })

  it('are read from the end of a line on, however many backslashes it has', () => {
    const line = `a=${'\\'.repeat(400_000)}x`
    expect(parseProperties(line).get('a')).toHaveLength(200_001)
  })
})

describe('a table configuration', () => {
  it('that is longer than any is refused before it is looked through', async () => {
    const path = 'memory:///t/.hoodie/hoodie.properties'
    const text = `hoodie.table.version=6\n${'\n'.repeat(2 ** 20)}`
    const store = memoryStore({ objects: [[path, text]] })
    expect(await outcome(loadTableConfig(store, 'memory:///t'))).toMatch(
      /^UNSUPPORTED_FEATURE: a table configuration of 10\d+ bytes, 10001 lines/,
    )
  })
})

describe('the positions of a log block', () => {
  it('are not counted out beyond the limit', () => {
    // One 32-bit bitmap of 300 containers, each a run of all its positions.
    const out = new AvroWriter()
    const little = (value: number, width: number) => {
      for (let i = 0; i < width; i++) out.byte((value / 2 ** (8 * i)) & 255)
    }
    little(1, 8)
    little(0, 4)
    little(12_347 + 299 * 65_536, 4)
    for (let i = 0; i < 38; i++) out.byte(255)
    for (let key = 0; key < 300; key++) little(key + 65_535 * 65_536, 4)
    for (let i = 0; i < 300; i++) little(0, 4)
    for (let i = 0; i < 300; i++) {
      little(1, 2)
      little(65_535 * 65_536, 4)
    }
    const text = Buffer.from(out.take()).toString('base64')
    const header = new Map<number, string>([
      [LOG_HEADER.positions, text],
      [LOG_HEADER.positionsBase, '20260101000000000'],
    ])
    const content = { size: 0, read: async () => new Uint8Array() }
    const block = { type: 'avro', header, path: PATH, content } as const
    const file = { recordedPath: 'g_0-1-1_20260101000000000.parquet' }
    expect(() => atOnce(recordPositions([block], file))).toThrow(
      'the record positions of a log block in a file of 0 bytes, which takes memory of 157286400 bytes',
    )
  })
})

describe('a schema that contains itself', () => {
  const avro = JSON.stringify({
    type: 'record',
    name: 'a',
    fields: [{ name: 'again', type: ['null', 'a'] }],
  })

  it('is no schema of a table', () => {
    const options = { path: PATH, partitionFields: [], budgets: undefined }
    expect(() => atOnce(readTableSchema(avro, options))).toThrow(/nests more than 100 deep/)
  })

  it("is no schema of the table's index", async () => {
    const bytes = hfileBytes([['k', new Uint8Array(1)]])
    const hfile = await HFile.open(bytesSource(bytes))
    const source = new IndexSource([{ base: { hfile, schema: avro, path: PATH }, logs: [] }])
    expect(await outcome(source.lookup(['k']))).toBe(
      "TABLE_CORRUPT: a schema of the table's index contains itself",
    )
  })
})
