import avsc from 'avsc'
import { describe, expect, it } from 'vitest'
import { Random } from '../../../testkit/src/random/random.js'
import { quickOr } from '../../../testkit/src/support/long-tier.js'
import { AvroCursor } from '../../src/avro/avro-cursor.js'
import { compileAvroSkip } from '../../src/avro/avro-scan.js'
import { parseAvroSchema } from '../../src/avro/avro-schema.js'
import { compileAvroSkim } from '../../src/avro/avro-skim.js'
import type { AvroType } from '../../src/avro/avro-type.js'

/** Unions are no `avsc.Schema` where they are inside of one. */
type Written = string | object

const entry = (name: string, value: Written): Written => ({
  type: 'array',
  items: {
    type: 'record',
    name,
    fields: [
      { name: 'key', type: 'int' },
      { name: 'value', type: value },
    ],
  },
})

/** What rows of metadata are made of. */
const TYPES: readonly (readonly [string, Written])[] = [
  ['numbers', ['null', 'long']],
  ['a text, and null last', ['string', 'null']],
  ['counts', ['null', entry('counts', 'long')]],
  ['bounds', ['null', entry('bounds', 'bytes')]],
  ['a list of longs', { type: 'array', items: 'long' }],
  ['a list of texts', { type: 'array', items: 'string' }],
  [
    'a record of all sizes',
    {
      type: 'record',
      name: 'sizes',
      fields: [
        { name: 'one', type: 'boolean' },
        { name: 'four', type: 'float' },
        { name: 'eight', type: 'double' },
        { name: 'five', type: { type: 'fixed', name: 'five', size: 5 } },
        { name: 'kind', type: { type: 'enum', name: 'kind', symbols: ['A', 'B'] } },
        { name: 'nothing', type: 'null' },
        { name: 'inner', type: ['null', entry('inner', 'string')] },
      ],
    },
  ],
]

/** Where each way ends; undefined where it goes no further. */
function ends(type: AvroType, bytes: Uint8Array) {
  const [skimmed, skipped] = [new AvroCursor(bytes), new AvroCursor(bytes)]
  const isDone = compileAvroSkim([type])!(skimmed)
  try {
    compileAvroSkip(type)(skipped)
    skipped.check()
  } catch {
    return { skim: isDone ? skimmed.pos : undefined, skip: undefined, left: skimmed.pos }
  }
  return { skim: isDone ? skimmed.pos : undefined, skip: skipped.pos, left: skimmed.pos }
}

/** Java's encoders may write the bytes of a list in front of it, behind a count below zero. */
function inSizedBlocks(items: number, bytes: Uint8Array): Uint8Array {
  return Uint8Array.from([2 * items - 1, 2 * bytes.length, ...bytes, 0])
}

describe.each(TYPES)('%s', (_what, schema) => {
  const avro = avsc.Type.forSchema(schema as avsc.Schema)
  const type = parseAvroSchema(JSON.stringify(schema))

  it('end where they end when each is passed over by itself', () => {
    for (let i = 0; i < quickOr(100, 2000); i++) {
      const bytes = avro.toBuffer(avro.random())
      expect(ends(type, bytes)).toMatchObject({ skim: bytes.length, skip: bytes.length })
    }
  })

  it('are left to that where bytes are cut or changed, unless both say the same', () => {
    const random = new Random(20_261_201)
    for (let i = 0; i < quickOr(500, 20_000); i++) {
      const bytes = Uint8Array.from(avro.toBuffer(avro.random()))
      const at = random.integer(0, bytes.length)
      const changed = random.chance(0.5) ? bytes.subarray(0, at) : bytes
      if (changed === bytes && at < bytes.length) bytes[at] = random.integer(0, 255)
      const { skim, skip, left } = ends(type, changed)
      if (skim === undefined) expect(left).toBe(0)
      else expect(skim).toBe(skip)
    }
  })
})

describe('passing over values at once', () => {
  const typeOf = (schema: Written) => parseAvroSchema(JSON.stringify(schema))

  it('passes over lists that say how long they are', () => {
    const list = typeOf({ type: 'array', items: 'long' })
    const bytes = inSizedBlocks(3, Uint8Array.of(2, 4, 6))
    expect(ends(list, bytes)).toMatchObject({ skim: bytes.length, skip: bytes.length })
  })

  it('leaves counts and lengths of three bytes to who reads them one by one', () => {
    const bytes = avsc.Type.forSchema('bytes').toBuffer(Buffer.alloc(10_000))
    expect(ends(typeOf('bytes'), bytes)).toEqual({ skim: undefined, skip: bytes.length, left: 0 })
  })

  it.each<[string, Written]>([
    ['maps', { type: 'map', values: 'long' }],
    ['unions of three', ['null', 'long', 'string']],
    ['lists of lists', { type: 'array', items: { type: 'array', items: 'long' } }],
    ['lists of nothing', { type: 'array', items: 'null' }],
    [
      'records within themselves',
      { type: 'record', name: 'tree', fields: [{ name: 'next', type: ['null', 'tree'] }] },
    ],
  ])('does not know %s', (_what, schema) => {
    expect(compileAvroSkim([typeOf(schema)])).toBeUndefined()
  })
})
