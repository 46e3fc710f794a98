import { turnsDuring } from '@spillway/testkit'
import { describe, expect, it, vi } from 'vitest'
import { parseMetadata } from '../../src/metadata/metadata.js'

const properties = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, 'value']))

function bytesOf(more: object): Uint8Array {
  const document = {
    'format-version': 2,
    location: 's3://b/t',
    'current-schema-id': 0,
    schemas: [{ type: 'struct', 'schema-id': 0, fields: [] }],
    'partition-specs': [{ 'spec-id': 0, fields: [] }],
    ...more,
  }
  return new TextEncoder().encode(JSON.stringify(document))
}

const file = { path: 'v1.metadata.json', meta: { path: '', size: 0, lastModified: 0 } }
const parsed = (more: object) => parseMetadata(bytesOf(more), file)

describe('a table of very many properties', () => {
  // It was more than a second of 300,000 in one piece.
  it('is refused before they are looked at', async () => {
    const whole = new TextDecoder().decode(bytesOf({ properties: properties(300_000) }))
    // What is no JSON stands in the middle: whoever looked at more of them would find a broken document.
    const bytes = new TextEncoder().encode(whole.replace('"p150000"', '}{"p150000"'))
    await expect(parseMetadata(bytes, file)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('"properties" in v1.metadata.json of more than 10000'),
    })
  })

  it('of a snapshot is refused too', async () => {
    const snapshots = [{ 'snapshot-id': 1, 'timestamp-ms': 1, summary: properties(20_000) }]
    await expect(parsed({ snapshots })).rejects.toThrow('"summary"')
  })

  it('that has as many as are allowed is read', async () => {
    const found = await parsed({ properties: properties(10_000) })
    expect(found.properties.size).toBe(10_000)
  })

  it('of each of many snapshots lets others go on', async () => {
    const summary = properties(8000)
    const snapshots = Array.from({ length: 60 }, (_, i) => ({
      'snapshot-id': i + 1,
      'timestamp-ms': i,
      summary,
    }))
    const bytes = bytesOf({ snapshots })
    // By this clock a slice is over at every look: each step that may be the last of a slice gives others their turn.
    let now = 0
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => {
      now += 1000
      return now
    })
    const { turns, value } = await turnsDuring(() => parseMetadata(bytes, file)).finally(() =>
      clock.mockRestore(),
    )
    expect(value.snapshots.size).toBe(60)
    expect(turns).toBeGreaterThan(60)
  })
})

it.each([
  ['a text', 'x', 'expected record, received string'],
  ['a list', [1], 'expected record, received array'],
])('properties that are %s are refused', async (_, properties, message) => {
  await expect(parsed({ properties })).rejects.toMatchObject({
    code: 'TABLE_CORRUPT',
    message: `expected Iceberg table metadata in v1.metadata.json: properties: Invalid input: ${message}`,
  })
})

it('properties that are no texts are texts, and what has members is left out', async () => {
  const { properties } = await parsed({
    properties: { a: 1, b: true, c: null, d: {}, e: [], ['__proto__']: 'x', f: 'y' },
  })
  expect([...properties]).toEqual([
    ['a', '1'],
    ['b', 'true'],
    ['f', 'y'],
  ])
  expect((await parsed({ properties: null })).properties.size).toBe(0)
})
