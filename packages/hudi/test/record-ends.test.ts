import { HFile } from '@spillway/encoding'
import { AvroWriter, hfileBytes } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { readDataBlock } from '../src/log-files/data-block.js'
import { bytesSource, LOG_HEADER, type LogBlock } from '../src/log-files/log-file.js'
import { IndexSource } from '../src/metadata-table/metadata-index.js'

const PATH = 'memory:///t/files-0000-0_0-1-1_20260101000000000.hfile'
const schema = JSON.stringify({
  type: 'record',
  name: 'entry',
  fields: [{ name: 'names', type: { type: 'array', items: 'string' } }],
})
const writer = new AvroWriter()
const whole = writer.array(['a', 'b'], name => writer.bytes(name)).take()
/** Its list ends before its first name: what follows would be names that are not there. */
const endedEarly = Uint8Array.from([0, ...whole.subarray(1)])

const key = () => 'key'
const keys = { columns: [], ofRecord: key, ofValues: key, ofColumns: () => key, ofDelete: key }

async function keysIn(block: LogBlock): Promise<readonly string[]> {
  const found: string[] = []
  const options = { fields: [], nameOf: () => undefined, keys, ordering: [] }
  for await (const records of readDataBlock(block, options)) {
    found.push(...records.map(({ recordKey }) => recordKey))
  }
  return found
}

describe.each([
  ['is whole', whole, true],
  ['ends before its bytes do', endedEarly, false],
  ['has a byte behind it', Uint8Array.from([...whole, 0]), false],
])('a record in an HFile that %s', (_, value, isRead) => {
  const bytes = hfileBytes([['key', value]])
  const refused = { code: 'TABLE_CORRUPT', message: expect.stringMatching(/ends at byte/) }

  it(`is ${isRead ? 'read' : 'refused'} in an index of the metadata table`, async () => {
    const hfile = await HFile.open(bytesSource(bytes))
    const source = new IndexSource([{ base: { hfile, schema, path: PATH }, logs: [] }])
    const found = source.lookup(['key'])
    if (!isRead) return expect(found).rejects.toMatchObject(refused)
    expect(await found).toEqual(new Map([['key', [{ names: ['a', 'b'] }]]]))
  })

  it(`is ${isRead ? 'read' : 'refused'} in a block of a log`, async () => {
    const block: LogBlock = {
      type: 'hfile',
      header: new Map([[LOG_HEADER.schema, schema]]),
      path: PATH,
      content: bytesSource(bytes),
    }
    if (!isRead) return expect(keysIn(block)).rejects.toMatchObject(refused)
    expect(await keysIn(block)).toEqual(['key'])
  })
})
