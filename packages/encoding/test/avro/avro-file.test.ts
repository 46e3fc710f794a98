import { randomBytes } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import { DEFAULT_BUDGETS, isTableError } from '@spillway/core'
import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { AvroCursor } from '../../src/avro/avro-cursor.js'
import { openAvroFile, readAvroFile } from '../../src/avro/avro-file.js'
import { readAvroRows } from '../../src/avro/avro-rows.js'
import { type AvroSink, compileAvroScan, compileAvroSkip } from '../../src/avro/avro-scan.js'
import { parseAvroSchema } from '../../src/avro/avro-schema.js'
import { type AvroField, type AvroRecord, avroField } from '../../src/avro/avro-type.js'
import { readAvroValue } from '../../src/avro/avro-value.js'
import { crc32 } from '../../src/bytes/crc32.js'

/** Every row of a file, as objects. */
async function rowsOf(bytes: Uint8Array) {
  return readAvroRows(await openAvroFile(bytes), row => row)
}

const SYNC = Buffer.from('0123456789abcdef')

/** An Avro file with one block per group of rows. */
function container(
  schema: unknown,
  groups: readonly (readonly Buffer[])[],
  codec = 'null',
): Buffer {
  const header = avsc.Type.forSchema({
    type: 'record',
    name: 'header',
    fields: [
      { name: 'magic', type: { type: 'fixed', name: 'magic', size: 4 } },
      { name: 'meta', type: { type: 'map', values: 'bytes' } },
      { name: 'sync', type: { type: 'fixed', name: 'sync', size: 16 } },
    ],
  })
  const long = avsc.Type.forSchema('long')
  const meta = {
    'avro.schema': Buffer.from(JSON.stringify(schema)),
    'avro.codec': Buffer.from(codec),
  }
  const parts: Uint8Array[] = [
    header.toBuffer({ magic: Buffer.from('Obj\u0001'), meta, sync: SYNC }),
  ]
  for (const rows of groups) {
    const bytes = compress(codec, Buffer.concat([...rows]))
    parts.push(long.toBuffer(rows.length), long.toBuffer(bytes.length), bytes, SYNC)
  }
  return Buffer.concat(parts)
}

function compress(codec: string, bytes: Uint8Array): Uint8Array {
  if (codec === 'deflate') return deflateRawSync(bytes)
  if (codec === 'snappy') return snappyLiteral(bytes)
  if (codec === 'zstandard') return zstdRaw(bytes)
  return bytes
}

/** Valid snappy: the length, then literals of at most 60 bytes; then Avro's checksum. */
function snappyLiteral(bytes: Uint8Array): Buffer {
  const length: number[] = []
  let rest = bytes.length
  for (; rest >= 0x80; rest >>>= 7) length.push((rest & 0x7f) | 0x80)
  const parts: Uint8Array[] = [Buffer.from([...length, rest])]
  for (let i = 0; i < bytes.length; i += 60) {
    const literal = bytes.subarray(i, i + 60)
    parts.push(Buffer.from([(literal.length - 1) << 2]), literal)
  }
  const checksum = Buffer.alloc(4)
  checksum.writeUInt32BE(crc32(bytes))
  return Buffer.concat([...parts, checksum])
}

/** A zstd frame of one raw block. */
function zstdRaw(bytes: Uint8Array): Buffer {
  const head = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0, 0, 0, 0, 0, 0, 0])
  head.writeUInt32LE(bytes.length, 5)
  const block = (bytes.length << 3) | 1
  head.writeUIntLE(block, 9, 3)
  return Buffer.concat([head, bytes])
}

const entrySchema = {
  type: 'record',
  name: 'entry',
  fields: [
    { name: 'skipped', type: ['null', 'string', { type: 'map', values: 'long' }], 'field-id': 9 },
    { name: 'flag', type: 'boolean', 'field-id': 1 },
    { name: 'count', type: ['long', 'null'], 'field-id': 2 },
    {
      name: 'bounds',
      'field-id': 3,
      type: [
        'null',
        {
          type: 'array',
          logicalType: 'map',
          items: {
            type: 'record',
            name: 'k3_v4',
            fields: [
              { name: 'key', type: 'int', 'field-id': 4 },
              { name: 'value', type: 'bytes', 'field-id': 5 },
            ],
          },
        },
      ],
    },
    { name: 'weight', type: 'double', 'field-id': 6 },
    { name: 'tag', type: { type: 'fixed', name: 'tag', size: 3 }, 'field-id': 7 },
    { name: 'colour', type: { type: 'enum', name: 'colour', symbols: ['red', 'blue'] } },
  ],
}
const entryType = avsc.Type.forSchema(entrySchema as avsc.Schema, { wrapUnions: true })

function entry(i: number) {
  return {
    skipped: [null, { string: 'x'.repeat(i % 70) }, { map: { a: i, b: -i } }][i % 3]!,
    flag: i % 2 === 0,
    count: i % 5 === 4 ? null : { long: (i - 40) * 2 ** (i % 40) },
    bounds:
      i % 4 === 0
        ? null
        : { array: [1, 2].map(key => ({ key, value: Buffer.from(`v${key}-${i}`) })) },
    weight: i / 3,
    tag: Buffer.from([i, 2, 3]),
    colour: i % 2 ? 'red' : 'blue',
  }
}

const entries = Array.from({ length: 90 }, (_, i) => entry(i))
const groups = [entries.slice(0, 40), entries.slice(40, 41), entries.slice(41)].map(rows =>
  rows.map(row => entryType.toBuffer(row)),
)

class SchemaChanged extends Error {}

function scanned(bytes: Uint8Array) {
  const file = readAvroFile(bytes)
  const record = file.schema as AvroRecord
  const rows: { count: number | null; bound: string | null; weight: number; tag: number }[] = []
  let row = { count: null as number | null, bound: null as string | null, weight: 0, tag: 0 }
  let key = 0
  if (JSON.stringify(JSON.parse(file.schemaText)) !== JSON.stringify(entrySchema)) {
    throw new SchemaChanged('the damage changed the schema, not the data')
  }
  const bounds = avroField(record, 3, 'bounds')!
  const items = (bounds.type as { branches: readonly { items?: AvroRecord }[] }).branches[1]!.items!
  const step = compileAvroScan(record, {
    kind: 'record',
    fields: new Map<AvroField, AvroSink>([
      [avroField(record, 2, 'count')!, { kind: 'number', value: value => (row.count = value) }],
      [avroField(record, 6, 'weight')!, { kind: 'number', value: value => (row.weight = value) }],
      [avroField(record, 7, 'tag')!, { kind: 'bytes', value: (data, at) => (row.tag = data[at]!) }],
      [
        bounds,
        {
          kind: 'items',
          end: () => undefined,
          item: {
            kind: 'record',
            fields: new Map<AvroField, AvroSink>([
              [items.fields[0]!, { kind: 'number', value: value => (key = value) }],
              [
                items.fields[1]!,
                {
                  kind: 'bytes',
                  value: (data, start, end) => {
                    if (key === 2) row.bound = Buffer.from(data.subarray(start, end)).toString()
                  },
                },
              ],
            ]),
          },
        },
      ],
    ]),
  })
  for (const block of file.blocks) {
    const cursor = new AvroCursor(file.inflate(block))
    for (let i = 0; i < block.rowCount; i++) {
      row = { count: null, bound: null, weight: 0, tag: 0 }
      step(cursor)
      rows.push(row)
    }
    cursor.check()
  }
  return rows
}

describe('readAvroFile', () => {
  it.each(['null', 'deflate', 'snappy', 'zstandard'])(
    'reads rows compressed with %s',
    async codec => {
      const rows = await rowsOf(container(entrySchema, groups, codec))
      expect(rows).toHaveLength(90)
      expect(rows[7]).toMatchObject({ flag: false, colour: 'red', count: -33n * 2n ** 7n })
      expect(rows[8]).toMatchObject({
        skipped: new Map([
          ['a', 8n],
          ['b', -8n],
        ]),
        bounds: null,
        tag: new Uint8Array([8, 2, 3]),
      })
    },
  )

  it.each(['null', 'deflate', 'snappy', 'zstandard'])('scans wanted fields out of %s', codec => {
    expect(scanned(container(entrySchema, groups, codec))).toEqual(
      entries.map((row, i) => ({
        count: row.count?.long ?? null,
        bound: row.bounds === null ? null : `v2-${i}`,
        weight: i / 3,
        tag: i,
      })),
    )
  })

  it('keeps all bits of a long', () => {
    const long = avsc.Type.forSchema('long')
    for (const value of [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 9007199254740993n, 1n << 28n]) {
      const zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
      const bytes: number[] = []
      let rest = zigzag
      for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
      bytes.push(Number(rest))
      expect(readAvroValue({ kind: 'long' }, Uint8Array.from(bytes)).value).toBe(value)
      const cursor = new AvroCursor(Uint8Array.from(bytes))
      if (BigInt(Number(value)) === value && Number.isSafeInteger(Number(value))) {
        expect(cursor.readLong()).toBe(Number(value))
        expect(long.fromBuffer(Buffer.from(bytes))).toBe(Number(value))
      } else expect(() => cursor.readLong()).toThrow(/2\^53/)
    }
  })

  it('passes over array blocks that state their size', () => {
    const type = parseAvroSchema('{"type":"array","items":"string"}')
    const bytes = Uint8Array.from([3, 8, 2, 97, 2, 98, 0, 99])
    const cursor = new AvroCursor(bytes)
    compileAvroSkip(type)(cursor)
    expect(cursor.pos).toBe(7)
    expect(readAvroValue(type, bytes)).toEqual({ value: ['a', 'b'], end: 7 })
  })

  it('reads a record that contains itself', () => {
    const type = parseAvroSchema(
      '{"type":"record","name":"n.list","fields":[{"name":"v","type":"int"},{"name":"next","type":["null","list"]}]}',
    )
    expect(readAvroValue(type, Uint8Array.from([2, 2, 4, 0])).value).toEqual({
      v: 1,
      next: { v: 2, next: null },
    })
  })
})

describe('damaged Avro', () => {
  const whole = container(entrySchema, groups, 'deflate')
  const plain = container(entrySchema, groups)

  it('refuses every length but those that end with a block', () => {
    const boundaries = new Set<number>()
    for (let end = 0; end < plain.length; end++) {
      try {
        readAvroFile(plain.subarray(0, end))
        boundaries.add(end)
      } catch (error) {
        expect(isTableError(error) && error.code).toBe('TABLE_CORRUPT')
      }
    }
    const { blocks } = readAvroFile(plain)
    const header = plain.indexOf(SYNC) + SYNC.length
    expect([...boundaries]).toEqual([
      header,
      ...blocks.slice(0, -1).map(block => block.end + SYNC.length),
    ])
  })

  it.each(['null', 'deflate'])('refuses rows that a block does not count (%s)', async codec => {
    // The count stands in the byte behind the header's marker.
    for (const count of [0, 1]) {
      const bytes = container('long', [[Buffer.of(2), Buffer.of(4)]], codec)
      bytes[bytes.indexOf(SYNC) + SYNC.length] = count * 2
      await expect(rowsOf(bytes)).rejects.toThrow(/which end at/)
    }
    expect(await rowsOf(container('long', [[], [Buffer.of(2)]], codec))).toEqual([1n])
  })

  it('ends in a TableError or in rows whatever byte is changed', async () => {
    let seed = 7
    const random = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return seed % below
    }
    for (let round = 0; round < quickOr(700, 3000); round++) {
      const bytes = Buffer.from(round % 2 ? whole : plain)
      for (let i = 0; i <= round % 3; i++) bytes[random(bytes.length)]! ^= 1 << random(8)
      for (const read of [scanned, rowsOf]) {
        try {
          await read(bytes)
        } catch (error) {
          if (!isTableError(error) && !(error instanceof SchemaChanged)) throw error
        }
      }
    }
  })

  it.each([
    [
      'a reference to an unknown type',
      '{"type":"record","name":"a","fields":[{"name":"b","type":"c"}]}',
    ],
    ['nothing', ''],
    [
      'a record that is only itself',
      '{"type":"record","name":"a","fields":[{"name":"b","type":"a"}]}',
    ],
    ['an endless array', '{"type":"array","items":"null"}'],
  ])('refuses %s', (_name, schema) => {
    expect(() => {
      const type = parseAvroSchema(schema)
      const bytes = Uint8Array.from([254, 255, 255, 255, 255, 255, 3, 0, 0, 0])
      const cursor = new AvroCursor(bytes)
      compileAvroSkip(type)(cursor)
    }).toThrow(/Avro/)
  })

  it('refuses a codec it does not know by name', async () => {
    await expect(rowsOf(container(entrySchema, groups, 'lzma'))).rejects.toThrow(/codec "lzma"/)
  })

  it('refuses snappy data whose checksum is wrong', async () => {
    const bytes = container(entrySchema, groups, 'snappy')
    bytes[bytes.length - 17]! ^= 1
    await expect(rowsOf(bytes)).rejects.toThrow(/CRC-32/)
  })
})

describe('a block of half a megabyte', () => {
  const schema = { type: 'record', name: 'r', fields: [{ name: 'b', type: 'bytes' }] }
  const bytes = avsc.Type.forSchema('bytes').toBuffer(randomBytes(600_000))
  const file = container(schema, [[bytes]], 'deflate')

  it('is inflated on another thread to the same bytes', async () => {
    const read = readAvroFile(file, 'a.avro')
    const later = read.inflateLater(read.blocks[0]!)
    expect(later).toBeInstanceOf(Promise)
    expect(Buffer.from(await later).equals(read.inflate(read.blocks[0]!))).toBe(true)
  })

  it('is refused with its path where it is damaged', async () => {
    const damaged = Buffer.from(file)
    const { start } = readAvroFile(file).blocks[0]!
    damaged.fill(0xff, start, start + 100)
    const read = readAvroFile(damaged, 'a.avro')
    await expect(read.inflateLater(read.blocks[0]!)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      context: { path: 'a.avro' },
    })
  })

  it('is refused past the budget, with the key that raises it', async () => {
    const zeros = container(
      schema,
      [
        [
          avsc.Type.forSchema('bytes').toBuffer(
            Buffer.concat([randomBytes(300_000), Buffer.alloc(9_000_000)]),
          ),
        ],
      ],
      'deflate',
    )
    const read = readAvroFile(zeros, 'a.avro', { ...DEFAULT_BUDGETS, inflatedBytes: 1_000_000 })
    await expect(read.inflateLater(read.blocks[0]!)).rejects.toThrow(/inflatedBytes/)
  })
})
