import { DEFAULT_BUDGETS } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { LogFileReader } from '../../src/actions/read-log.js'
import { parseProtocol } from '../../src/schema/features.js'
import { longMetadata, parseMetadata } from '../../src/schema/metadata.js'

const protocol = parseProtocol('{"minReaderVersion":2,"minWriterVersion":5}')

const field = (i: number) => ({
  name: `a "column" ä ${i}`,
  type: i % 7 === 0 ? { type: 'array', elementType: 'long', containsNull: true } : 'string',
  nullable: true,
  metadata: { 'delta.columnMapping.id': i + 1, 'delta.columnMapping.physicalName': `col-${i}` },
})

const schemaOf = (columns: number) =>
  JSON.stringify({ type: 'struct', fields: Array.from({ length: columns }, (_, i) => field(i)) })

const actionOf = (schemaString: string, more: object = {}) =>
  JSON.stringify({
    id: 'wide',
    format: { provider: 'parquet' },
    schemaString,
    partitionColumns: ['a "column" ä 1'],
    configuration: { 'delta.columnMapping.mode': 'name' },
    ...more,
  })

describe('the metadata of a table of many columns', () => {
  it('is what it would be at once, and lets others go on', async () => {
    const json = actionOf(schemaOf(6000))
    let turns = 0
    let done = false
    const others = (async () => {
      for (; !done; turns++) await new Promise(resolve => setImmediate(resolve))
    })()
    const found = await longMetadata(json, protocol, DEFAULT_BUDGETS)
    done = true
    await others
    const expected = parseMetadata(json, protocol)
    expect(found.schema.fields).toEqual(expected.schema.fields)
    expect({ ...found, schema: 0 }).toEqual({ ...expected, schema: 0 })
    expect(turns).toBeGreaterThan(4)
  })

  it.each([
    ['too many columns', actionOf(schemaOf(40_000))],
    ['a schema that is cut', actionOf(schemaOf(6000).slice(0, -40))],
    ['a schema that is a list', actionOf(`[${schemaOf(6000)}]`)],
    ['data files of ORC', actionOf(schemaOf(6000), { format: { provider: 'orc' } })],
    ['no such partition column', actionOf(schemaOf(6000), { partitionColumns: ['none'] })],
    ['a type that is not known', actionOf(schemaOf(6000).replace('"string"', '"strung"'))],
  ])('is refused as at once: %s', async (_, json) => {
    const atOnce = (() => {
      try {
        return parseMetadata(json, protocol)
      } catch (error) {
        return error as { code: string; message: string }
      }
    })()
    const refusal = await longMetadata(json, protocol, DEFAULT_BUDGETS).catch(error => error)
    expect(refusal.code).toBe((atOnce as { code: string }).code)
    expect(refusal.message).toMatch(/schema|column|ORC|orc/i)
  })
})

/** What a log of one file hands on, or why it is refused. */
async function read(text: string, chunkBytes?: number): Promise<unknown> {
  const store = memoryStore({ objects: [['l.json', text]] })
  const file = (await store.head('l.json'))!
  const seen: string[] = []
  const reader = new LogFileReader(store, { ...(chunkBytes && { chunkBytes }) })
  const sink = {
    metadata: (json: string) => seen.push(`metaData ${json}`),
    protocol: (json: string) => seen.push(`protocol ${json}`),
    file: ({ path }: { readonly path: Uint8Array }) =>
      seen.push(`file ${new TextDecoder().decode(path)}`),
  }
  try {
    await reader.read(file, sink)
    return seen
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a long line of metadata', () => {
  const value = actionOf(schemaOf(2000))
  const add =
    '{"add":{"path":"f","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}'

  it.each([
    ['alone', `{"metaData":${value}}`, [`metaData ${value}`]],
    ['between others', `${add}\n{"metaData":${value}}\n${add}\n`, 3],
    ['in white space', ` \t{"metaData": \t${value} } \t\r\n${add}`, 2],
    ['after white space within', `{ "metaData" : ${value} }`, [`metaData ${value}`]],
    ['with a second member', `{"metaData":${value},"commitInfo":{"timestamp":1}}`, 1],
    ['over two lines', `{"metaData":${value.slice(0, -1)}\n}}`, 1],
    [
      'that is null behind much space',
      `{"metaData":${' '.repeat(70_000)}null}\n${add}`,
      ['file f'],
    ],
    ['cut', `{"metaData":${value.slice(0, -5)}`, 'TABLE_CORRUPT'],
    ['cut before the next line', `{"metaData":${value.slice(0, -5)}\n${add}`, 'TABLE_CORRUPT'],
    ['with a bracket too many', `{"metaData":${value}}}\n${add}`, 'TABLE_CORRUPT'],
    ['with something behind', `{"metaData":${value}}x`, 'TABLE_CORRUPT'],
    ['with a space that is none behind', `{"metaData":${value}}\u00a0`, 'TABLE_CORRUPT'],
  ])('%s is read, or refused, as a short one', async (_, text, expected) => {
    for (const chunkBytes of [undefined, 100_000]) {
      const found = await read(text, chunkBytes)
      if (typeof expected === 'number') expect(found).toHaveLength(expected)
      else expect(found).toEqual(expected)
    }
  })

  it('twice in one object is no line of its own', async () => {
    expect(await read(`{"metaData":${value},"metaData":${value}}`)).toHaveLength(2)
  })
})
