import {
  Field,
  Int32,
  type RecordBatch,
  Schema,
  type Table,
  tableFromArrays,
  tableFromIPC,
  Utf8,
} from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { arrowIpc } from '../../src/arrow.js'

async function bytesOf(
  batches: readonly RecordBatch[],
  options: Parameters<typeof arrowIpc>[1],
): Promise<Buffer> {
  async function* given() {
    yield* batches
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of arrowIpc(given(), options)) chunks.push(chunk)
  return Buffer.concat(chunks)
}

const rowsOf = (table: Table) => table.toArray().map(row => row?.toJSON())
const first = tableFromArrays({ id: Int32Array.of(1, 2) })
const second = tableFromArrays({ id: Int32Array.of(3) })

describe.each(['stream', 'file'] as const)('Arrow as a %s', kind => {
  it('holds every batch that was written', async () => {
    const bytes = await bytesOf([...first.batches, ...second.batches], {
      schema: first.schema,
      kind,
    })
    expect(rowsOf(tableFromIPC(bytes))).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
    expect(bytes.subarray(0, 6).toString() === 'ARROW1').toBe(kind === 'file')
  })

  it('without rows still says its columns', async () => {
    const schema = new Schema([new Field('id', new Int32()), new Field('name', new Utf8())])
    const read = tableFromIPC(await bytesOf([], { schema, kind }))
    expect([read.numRows, read.schema.names]).toEqual([0, ['id', 'name']])
  })

  it('refuses a batch of another schema, where the writer would stop', async () => {
    const other = tableFromArrays({ name: ['a'] })
    await expect(
      bytesOf([...first.batches, ...other.batches], { schema: first.schema, kind }),
    ).rejects.toThrow(/another schema/)
  })
})
