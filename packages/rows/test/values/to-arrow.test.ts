import { tableFromIPC, tableToIPC } from 'apache-arrow'
import { describe, expect, it } from 'vitest'
import { toArrow } from '../../src/arrow.js'
import { field, rowFixture, snapshotOf } from '../support/fixture.js'

const table = rowFixture()

describe('toArrow', () => {
  it.each([
    ['boolean', 'boolean', 'true', true],
    ['int', 'int', '-7::INTEGER', -7],
    ['long', 'long', '9007199254740993', 9007199254740993n],
    ['double', 'double', "'-0.5'::DOUBLE", -0.5],
    ['date before 1970', 'date', "DATE '1969-12-30'", new Date('1969-12-30').getTime()],
    ['string', 'string', "'é😀'", 'é😀'],
    ['binary', 'binary', "'\\x00\\xFF'::BLOB", new Uint8Array([0, 255])],
    ['a void column', { kind: 'opaque', name: 'void' }, '1', null],
  ] as const)('keeps %s', async (_, type, sql, expected) => {
    const file = await table.write(`SELECT ${sql} AS v UNION ALL SELECT NULL`)
    const answer = table.read([file]).rows(snapshotOf([field('v', type)]))
    const arrow = tableFromIPC(tableToIPC(await toArrow(answer)))
    expect(arrow.numRows).toBe(2)
    expect([...arrow].map(row => row?.toJSON().v).filter(value => value !== null)).toEqual(
      expected === null ? [] : [expected],
    )
  })

  it.each([
    ['timestamptz', "TIMESTAMPTZ '2020-01-01 00:00:00.000001+00'", 1577836800000001n],
    ['timestamp', "TIMESTAMP '1969-12-31 23:59:59.999999'", -1n],
    ['timestamp_ns', "TIMESTAMP_NS '2020-01-01 00:00:00.000000001'", 1577836800000000001n],
    ['time', "TIME '00:00:01'", 1_000_000n],
  ] as const)('keeps the units of %s', async (type, sql, expected) => {
    const file = await table.write(`SELECT ${sql} AS v`)
    const arrow = await toArrow(table.read([file]).rows(snapshotOf([field('v', type)])))
    const values = arrow.getChild('v')!.data[0]!.values as BigInt64Array
    expect(values[0]).toBe(expected)
  })

  it('keeps decimals, nested values and rows in their blocks', async () => {
    const file = await table.write(
      "SELECT (range - 1)::DECIMAL(38,2) AS d, {'a': range::INTEGER, 'b': [range::VARCHAR, NULL]} AS s, MAP{'k': range::INTEGER} AS m FROM range(3)",
    )
    const snapshot = snapshotOf([
      field('d', { kind: 'decimal', precision: 38, scale: 2 }),
      field('s', {
        kind: 'struct',
        fields: [
          field('a', 'int'),
          field('b', { kind: 'list', element: field('element', 'string') }),
        ],
      }),
      field('m', { kind: 'map', key: field('key', 'string'), value: field('value', 'int') }),
    ])
    const arrow = await toArrow(table.read([file]).rows(snapshot))
    const words = arrow.getChild('d')!.get(0) as Uint32Array
    expect([...words]).toEqual([0xffffff9c, 0xffffffff, 0xffffffff, 0xffffffff])
    expect(
      JSON.parse(JSON.stringify(arrow.toArray().map(row => ({ s: row.s, m: row.m })))),
    ).toEqual([0, 1, 2].map(i => ({ s: { a: i, b: [String(i), null] }, m: { k: i } })))
  })

  it('has a schema without rows', async () => {
    const arrow = await toArrow(
      table.read([]).rows(snapshotOf([field('id', 'long', { nullable: false })])),
    )
    expect([
      arrow.numRows,
      arrow.schema.fields.map(each => [each.name, String(each.type), each.nullable]),
    ]).toEqual([0, [['id', 'Int64', false]]])
  })
})
