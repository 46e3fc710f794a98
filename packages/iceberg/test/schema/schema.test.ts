import { typeName } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { base, column, parse } from '../support/metadata-document.js'

describe('schemas', () => {
  async function fieldOf(type: unknown, more: object = {}) {
    const schemas = [{ 'schema-id': 1, fields: [column(1, 'a', type, more)] }]
    return (await parse({ ...base, schemas })).schemas.get(1)![0]!
  }

  it.each([
    ['timestamptz_ns', 'timestamptz_ns'],
    ['fixed[16]', 'fixed(16)'],
    ['decimal(9,2)', 'decimal(9,2)'],
    ['decimal(38, 10)', 'decimal(38,10)'],
    ['geometry(srid:3857)', 'geometry(srid:3857)'],
    ['unknown', 'unknown'],
    [{ type: 'list', 'element-id': 5, element: 'int', 'element-required': true }, 'list'],
    [{ type: 'map', 'key-id': 5, key: 'int', 'value-id': 6, value: 'long' }, 'map'],
  ])('read %o', async (type, name) => {
    expect(typeName((await fieldOf(type)).type)).toBe(name)
  })

  it.each([
    ['boolean', true, true],
    ['int', -3, -3],
    ['long', '#9007199254740993#', 9007199254740993n],
    ['float', 0.1, Math.fround(0.1)],
    ['decimal(9,2)', '-12.5', -1250n],
    ['date', '2017-11-16', 17486],
    ['date', '0050-01-01', -701265],
    ['time', '22:31:08.123456', 81068123456n],
    ['timestamp', '1969-12-31T23:59:59.999999', -1n],
    ['timestamptz', '1970-01-01T01:00:00.000001+01:00', 1n],
    ['timestamp_ns', '1970-01-01T00:00:00.000000001', 1n],
    ['string', 'x', 'x'],
    [
      'uuid',
      '00000000-0000-0000-0000-0000000000ff',
      Uint8Array.from([...new Array(15).fill(0), 255]),
    ],
    ['fixed[2]', '00ff', Uint8Array.of(0, 255)],
    ['binary', '', new Uint8Array()],
    ['int', null, undefined],
  ])('read a default of type %s: %s', async (type, json, value) => {
    const field = await fieldOf(type, { 'initial-default': json })
    expect(field.initialDefault).toEqual(value)
  })

  it.each([
    ['int', 'x'],
    ['int', 1.5],
    ['date', '17486'],
    ['date', '2026-02-30'],
    ['timestamp', '2026-13-01T00:00:00'],
    ['timestamp', '2020-01-01T25:61:61'],
    ['timestamptz', '2020-01-01T00:00:00+99:99'],
    ['timestamp', '+300000-01-01T00:00:00'],
    ['timestamp_ns', '2262-05-01T00:00:00'],
    ['date', '+5881580-07-12'],
    ['time', '24:00:00'],
    ['time', '23:59:60'],
    ['int', 3000000000],
    ['long', '#1180591620717411303424#'],
    ['decimal(3,0)', '99999'],
    ['decimal(9,2)', '1.234'],
    ['fixed[2]', '00'],
    ['boolean', 1],
  ])('refuse a default of type %s that is %s', async (type, json) => {
    await expect(fieldOf(type, { 'initial-default': json })).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })
})
