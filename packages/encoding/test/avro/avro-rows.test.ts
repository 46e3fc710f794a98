import { isDeepStrictEqual } from 'node:util'
import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import { avroFile } from '../../../testkit/src/encodings/avro-writer.js'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { turnsDuring } from '../../../testkit/src/support/turns-during.js'
import { AvroCursor } from '../../src/avro/avro-cursor.js'
import { openAvroFile, readAvroFile } from '../../src/avro/avro-file.js'
import { readAvroRows } from '../../src/avro/avro-rows.js'
import { parseAvroSchema, parseAvroSchemaLater } from '../../src/avro/avro-schema.js'
import { compileAvroReader } from '../../src/avro/avro-value.js'
import { parsePuffinFooter, readPuffinFooter } from '../../src/puffin.js'
import { byteStore } from '../support/byte-store.js'

const LEAF: avsc.Schema = {
  type: 'record',
  name: 'leaf',
  fields: [{ name: 'a', type: ['null', 'int'] }],
}
const SCHEMAS: readonly avsc.Schema[] = [
  { type: 'array', items: 'string' },
  { type: 'map', values: { type: 'array', items: ['null', 'long'] } },
  {
    type: 'record',
    name: 'commit',
    fields: [
      { name: 'stats', type: ['null', { type: 'map', values: { type: 'array', items: LEAF } }] },
      { name: 'leaf', type: 'leaf' },
      { name: 'again', type: ['null', 'leaf'] },
      { name: 'extra', type: { type: 'map', values: 'bytes' } },
      { name: 'lists', type: { type: 'array', items: { type: 'array', items: 'leaf' } } },
    ],
  },
  {
    type: 'record',
    name: 'tree',
    fields: [
      { name: 'value', type: 'long' },
      { name: 'below', type: { type: 'array', items: 'tree' } },
      { name: 'next', type: ['null', 'tree'] },
    ],
  },
]

/** Trees by hand: random ones have no end. */
function randomOf(type: avsc.Type, i: number): unknown {
  return type.name === 'tree' ? tree(i, 4) : type.random()
}

function tree(value: number, depth: number): unknown {
  const below = Array.from({ length: depth === 0 ? 0 : value % 4 }, (_, i) => tree(i, depth - 1))
  return { value, below, next: value % 3 === 1 && depth > 0 ? tree(value + 1, depth - 1) : null }
}

function fileOf(schema: avsc.Schema, rows: readonly Buffer[]): Uint8Array {
  return avroFile({ schema }, rows, (out, row) => out.raw(row))
}

describe('rows in steps', () => {
  it.each(SCHEMAS)('are the rows that are read at once: %j', async schema => {
    const type = avsc.Type.forSchema(schema)
    const rows = Array.from({ length: 200 }, (_, i) => type.toBuffer(randomOf(type, i)))
    const read = compileAvroReader(parseAvroSchema(JSON.stringify(schema)))
    const expected = rows.map(row => read(new AvroCursor(row)))
    const file = await openAvroFile(fileOf(schema, rows))
    expect(await readAvroRows(file, row => row)).toEqual(expected)
  })

  it('let others go on in the middle of one row', async () => {
    const type = avsc.Type.forSchema(SCHEMAS[2]!)
    const items = Array.from({ length: 200_000 }, (_, a) => ({ a }))
    const row = {
      stats: { p: items },
      leaf: items[0],
      again: null,
      extra: {},
      lists: [items],
    }
    const file = await openAvroFile(fileOf(SCHEMAS[2]!, [type.toBuffer(row)]))
    const { turns, value } = await turnsDuring(() => readAvroRows(file, each => each))
    expect(value[0]).toMatchObject({ leaf: { a: 0 } })
    expect(turns).toBeGreaterThan(5)
  })

  it.each<[string, avsc.Schema, () => unknown]>([
    [
      'keys of nothing',
      { type: 'map', values: 'null' },
      () =>
        Object.fromEntries(
          Array.from({ length: quickOr(200, 400) }, (_, i) => [`${i}${'é'.repeat(50_000)}`, null]),
        ),
    ],
    [
      'a key',
      { type: 'map', values: 'null' },
      () => ({ ['é'.repeat(quickOr(4_000_000, 10_000_000))]: null }),
    ],
    ['a text', 'string', () => '\ufeffé'.repeat(quickOr(2_000_000, 5_000_000))],
    ['a text or null', ['null', 'string'], () => 'aéx'.repeat(quickOr(2_000_000, 5_000_000))],
    [
      'texts of a record',
      {
        type: 'record',
        name: 'texts',
        fields: [...'abcdefghij'].map(name => ({ name, type: 'string' })),
      },
      () =>
        Object.fromEntries(
          [...'abcdefghij'].map(name => [name, 'é'.repeat(quickOr(400_000, 1_000_000))]),
        ),
    ],
  ])('let others go on in the middle of %s', async (_, schema, make) => {
    const type = avsc.Type.forSchema(schema)
    const row = type.toBuffer(make())
    const expected = compileAvroReader(parseAvroSchema(JSON.stringify(schema)))(new AvroCursor(row))
    const file = await openAvroFile(fileOf(schema, [row]))
    const { turns, value } = await turnsDuring(() => readAvroRows(file, each => each))
    // A failure would be told with all of the text.
    expect(isDeepStrictEqual(value, [expected])).toBe(true)
    expect(turns).toBeGreaterThan(4)
  })

  it('with long texts that are no UTF-8 are refused', async () => {
    const long = Buffer.alloc(600_000, 0xc3)
    const row = avsc.Type.forSchema('bytes').toBuffer(long)
    const file = await openAvroFile(fileOf('string', [row]))
    await expect(readAvroRows(file, each => each)).rejects.toThrow(
      /expected an Avro string in UTF-8/,
    )
    // Cut off at the end of the text, in the middle of a character.
    const cut = Buffer.concat([Buffer.alloc(524_287, 0x61), Buffer.from([0xc3])])
    const other = await openAvroFile(fileOf('string', [avsc.Type.forSchema('bytes').toBuffer(cut)]))
    await expect(readAvroRows(other, each => each)).rejects.toThrow(
      /expected an Avro string in UTF-8/,
    )
  })

  it('that nest without end are refused', async () => {
    const schema: avsc.Schema = {
      type: 'record',
      name: 'list',
      fields: [{ name: 'below', type: { type: 'array', items: 'list' } }],
    }
    // A list of one item, a thousand deep, and the ends of all.
    const row = Buffer.concat([Buffer.alloc(1000, 2), Buffer.alloc(1001)])
    const file = await openAvroFile(fileOf(schema, [row]))
    await expect(readAvroRows(file, row => row)).rejects.toThrow(/nests without end/)
  })
})

it('a long schema lets others go on, and is the same', async () => {
  const fields = Array.from({ length: 30_000 }, (_, i) => ({
    name: `column_${i}`,
    type: ['null', 'string'],
    doc: 'd'.repeat(60),
    default: null,
  }))
  const text = JSON.stringify({ type: 'record', name: 'wide', fields })
  const { turns, value } = await turnsDuring(() => parseAvroSchemaLater(text))
  expect(value).toEqual(parseAvroSchema(text))
  expect(turns).toBeGreaterThan(3)
})

it('a long footer of Puffin lets others go on, and is the same', async () => {
  const blob = {
    type: 'x',
    fields: [1],
    'snapshot-id': 1,
    'sequence-number': 1,
    offset: 4,
    length: 1,
  }
  const text = JSON.stringify({ blobs: Array.from({ length: 100_000 }, () => blob) })
  const end = Buffer.alloc(12)
  end.writeInt32LE(text.length)
  end.write('PFA1', 8)
  const bytes = Buffer.concat([Buffer.from('PFA1'), Buffer.from(`PFA1${text}`), end])
  const { store, file } = byteStore(bytes)
  const { turns, value } = await turnsDuring(() => readPuffinFooter(store, file.path))
  expect(value).toEqual(parsePuffinFooter(bytes))
  expect(value.blobs).toHaveLength(100_000)
  expect(turns).toBeGreaterThan(3)
})

/** The file with a block of so many more properties, all with short keys, before its own. */
function withProperties(file: Uint8Array, count: number): Uint8Array {
  const entry = (i: number) => {
    const key = Buffer.from(i.toString(36))
    return Buffer.concat([Buffer.from([key.length * 2]), key, Buffer.from([0])])
  }
  const block = [
    avsc.Type.forSchema('long').toBuffer(count),
    ...Array.from({ length: count }, (_, i) => entry(i)),
  ]
  return Buffer.concat([file.subarray(0, 4), ...block, file.subarray(4)])
}

it('a header of more properties than any writer has is refused before they are read', async () => {
  const file = fileOf('string', [])
  const own = readAvroFile(file).metadata.size
  const most = withProperties(file, 1000 - own)
  expect((await openAvroFile(most)).metadata.size).toBe(1000)
  const message = /expected 1000 properties at most in the header of an Avro file, found/
  await expect(openAvroFile(withProperties(file, 1001 - own))).rejects.toThrow(message)
  const long = withProperties(file, 500_000)
  expect(() => readAvroFile(long, 'm.avro')).toThrow(
    expect.objectContaining({ code: 'TABLE_CORRUPT', message: expect.stringMatching(message) }),
  )
})

it.each([
  ['"size"', 'size is 12345678901234567890'],
  ['"field-id"', 'field-id is 12345678901234567890'],
])('a schema whose %s no double equals is refused with its number', (member, message) => {
  const fixed = `{"type":"fixed","name":"f",${member === '"size"' ? `${member}:12345678901234567890` : '"size":4'}}`
  const id = member === '"size"' ? '' : `,${member}:12345678901234567890`
  const text = `{"type":"record","name":"r","fields":[{"name":"a","type":${fixed}${id}}]}`
  expect(() => parseAvroSchema(text)).toThrow(message)
})

it('a schema that is a number is refused', () => {
  expect(() => parseAvroSchema('12345678901234567890')).toThrow('12345678901234567890 is no type')
  expect(() => parseAvroSchema('{"type":12345678901234567890}')).toThrow(/is no type/)
})
