import { describe, expect, it } from 'vitest'
import { type AnswerHeader, answerLog, headerText } from '../../src/answer-log/answer-log.js'
import { answerStore } from '../../src/answer-log/answer-store.js'

const table = {
  id: 'x',
  name: 'orders',
  format: { provider: 'parquet' },
  schemaString: '{"type":"struct","fields":[]}',
  partitionColumns: [],
  configuration: { 'delta.columnMapping.mode': 'name' },
}
const plain: AnswerHeader = {
  protocol: { kind: 'protocol', protocol: { minReaderVersion: 1 } },
  metaData: { kind: 'metaData', metaData: table },
}
const delta: AnswerHeader = {
  protocol: {
    kind: 'deltaProtocol',
    protocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['columnMapping'] },
  },
  metaData: { kind: 'deltaMetaData', metaData: { deltaMetadata: table } },
}
const LOG = 'shared://t/_delta_log/00000000000000000000.json'

describe('answerLog', () => {
  it('has protocol, metadata and files, a line each', () => {
    const [protocol, metaData, add] = linesOf(
      answerLog(delta, [{ path: 'a', size: 2n ** 60n, partitionValues: {}, dataChange: true }]),
    )
    expect(protocol).toBe(
      '{"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["columnMapping"]}}',
    )
    expect(JSON.parse(metaData!).metaData).toEqual(table)
    expect(add).toBe(
      '{"add":{"path":"a","partitionValues":{},"size":1152921504606846976,"dataChange":true}}',
    )
  })

  it('asks no feature of whoever reads a plain Parquet answer, whose configuration may mention some', () => {
    const [protocol, metaData] = linesOf(answerLog(plain, []))
    expect(protocol).toBe('{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}')
    expect(JSON.parse(metaData!).metaData.configuration).toEqual({})
  })

  it('writes the members that are read, however the others nest', () => {
    const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`)
    const add = { path: 'a', size: 1, unknown: deep }
    expect(linesOf(answerLog(plain, [add]))[2]).toBe('{"add":{"path":"a","size":1}}')
  })

  it('tells changed metadata by its text', () => {
    expect(headerText(delta)).toBe(headerText({ ...delta }))
    expect(headerText(delta)).not.toBe(headerText(plain))
    expect(headerText(delta)).not.toBe(headerText(described({ schemaString: '{}' })))
  })

  it('tells no change by what is said about the table in words', () => {
    const { name: _, ...nameless } = table
    expect(headerText(described({ description: 'Orders of today' }))).toBe(headerText(delta))
    expect(
      headerText({
        ...delta,
        metaData: { kind: 'deltaMetaData', metaData: { deltaMetadata: nameless } },
      }),
    ).toBe(headerText(delta))
  })
})

describe('answerStore', () => {
  const log = answerLog(plain, [])
  const files = {
    get: async (path: string) => ({
      bytes: Uint8Array.of(1),
      meta: { path, size: 1, lastModified: 0 },
    }),
    head: async () => undefined,
  }

  it('has the log, whole and in ranges', async () => {
    const store = answerStore({ location: 'shared://t', log })
    const read = async (range?: { start: number; end: number } | { suffix: number }) =>
      (await store.get(LOG, { range }))?.bytes
    expect(await read()).toEqual(log)
    expect(await read({ start: 1, end: 3 })).toEqual(log.subarray(1, 3))
    expect(await read({ suffix: 2 })).toEqual(log.subarray(-2))
    expect(await read({ suffix: log.length + 9 })).toEqual(log)
    expect(await store.head(LOG)).toMatchObject({ size: log.length })
    expect(await store.get('shared://t/files/0')).toBeUndefined()
  })

  it('lists the log alone, and hands the rest on', async () => {
    const store = answerStore({ location: 'shared://t', log, files })
    const listed = async (startAfter?: string) => {
      const paths: string[] = []
      for await (const { path } of store.list('shared://t/', { startAfter })) paths.push(path)
      return paths
    }
    expect(await listed()).toEqual([LOG])
    expect(await listed(LOG)).toEqual([])
    expect((await store.get('shared://t/files/0'))?.bytes).toEqual(Uint8Array.of(1))
  })
})

function described(other: {
  readonly description?: string
  readonly schemaString?: string
}): AnswerHeader {
  const deltaMetadata = { ...table, ...other }
  return { ...delta, metaData: { kind: 'deltaMetaData', metaData: { deltaMetadata } } }
}

function linesOf(log: Uint8Array): string[] {
  return new TextDecoder().decode(log).trimEnd().split('\n')
}
