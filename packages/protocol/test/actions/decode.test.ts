import { expect, it } from 'vitest'
import { decodeLine } from '../../src/actions/decode.js'

it.each([
  ['{"protocol":{"minReaderVersion":1}}', 'protocol'],
  ['{"protocol":{"deltaProtocol":{"minReaderVersion":3,"minWriterVersion":7}}}', 'deltaProtocol'],
  [
    '{"metaData":{"id":"a","schemaString":"{}","partitionColumns":[],"format":{"provider":"parquet"}}}',
    'metaData',
  ],
  ['{"file":{"url":"u","id":"i","partitionValues":{},"size":9007199254740993}}', 'file'],
  ['{"cdf":{"url":"u","id":"i","partitionValues":{"a":null},"size":1}}', 'cdf'],
  ['{"file":{"id":"i","deltaSingleAction":{"add":{"path":"u"}}}}', 'deltaFile'],
  ['{"endStreamAction":{"errorMessage":"x"}}', 'endStreamAction'],
  ['{"queryStatus":{"queryId":"q","status":"pending"}}', 'queryStatus'],
])('reads %s', (line, kind) => {
  expect(decodeLine(line, 1)?.kind).toBe(kind)
})

it.each([
  ['{"end_stream_action":{"next_page_token":"p"}}', { end: { nextPageToken: 'p' } }],
  ['{"queryStatus":{"query_id":"q","status":"pending"}}', { status: { queryId: 'q' } }],
  ['{"protocol":null,"file":{"url":"u","id":"i","size":1}}', { kind: 'file' }],
  [
    '{"file":{"url":"u","id":"i","size":"9007199254740993","version":"3","expirationTimestamp":null}}',
    { file: { url: 'u', id: 'i', size: 9007199254740993n, version: 3, partitionValues: {} } },
  ],
  [
    '{"add":{"url":"u","id":"i","size":1,"version":1,"timestamp":2,"partitionValues":{"a_b":null},"stats":{"numRecords":9007199254740993}}}',
    { file: { partitionValues: { a_b: null }, stats: '{"numRecords":9007199254740993}' } },
  ],
  [
    '{"file":{"id":"i","deltaSingleAction":{"add":{"path":"u","partitionValues":{},"stats" : {"maxValues":{"e":123456789012345679.89,"f":1.50}}}}}}',
    {
      file: {
        deltaSingleAction: { add: { stats: '{"maxValues":{"e":123456789012345679.89,"f":1.5}}' } },
      },
    },
  ],
  ['{"metaData":{"id":"a","schemaString":"{}"}}', { metaData: { partitionColumns: [] } }],
  [
    '{"metaData":{"deltaMetadata":{"id":"a","schema_string":"{}"},"version":"4"}}',
    { metaData: { version: 4, deltaMetadata: { schemaString: '{}', partitionColumns: [] } } },
  ],
  [
    '{"file":{"id":"i","delta_single_action":{"remove":null,"add":{"path":"u","size":"5","deletion_vector":{"storage_type":"p","path_or_inline_dv":"v","offset":"1","size_in_bytes":2,"cardinality":3}}}}}',
    {
      file: {
        deltaSingleAction: {
          add: { size: 5, deletionVector: { storageType: 'p', pathOrInlineDv: 'v', offset: 1 } },
        },
      },
    },
  ],
])('takes what servers other than the reference write: %s', (line, action) => {
  expect(decodeLine(line, 1)).toMatchObject(action)
})

it.each([
  [
    '{"metaData":{"id":"a","schemaString":"{}","createdTime":"1750000000000","configuration":{"a":1,"b":true,"c":null,"d":"x"},"format":{"provider":null,"options":{"n":2}}}}',
    {
      createdTime: 1750000000000,
      configuration: { a: '1', b: 'true', d: 'x' },
      format: { options: { n: '2' } },
    },
  ],
  ['{"metaData":{"id":"a","schemaString":"{}","format":null,"future":[1]}}', { future: [1] }],
])('takes what writers leave out of metadata or do not quote: %s', (line, metaData) => {
  const always = { id: 'a', schemaString: '{}', partitionColumns: [] }
  expect(decodeLine(line, 1)).toEqual({ kind: 'metaData', metaData: { ...always, ...metaData } })
})

it.each([
  ['{"queryStatus":{"queryId":"q"}}', { status: { queryId: 'q' } }],
  [
    '{"protocol":{"deltaProtocol":{"minReaderVersion":"1","readerFeatures":null}}}',
    { protocol: { minReaderVersion: 1 } },
  ],
  [
    '{"file":{"url":"u","id":"i","size":1,"partitionValues":null,"timestamp":1.5}}',
    { file: { partitionValues: {}, timestamp: 1.5 } },
  ],
  [
    '{"file":{"id":"i","deltaSingleAction":{"add":{"path":"u","partitionValues":null,"size":null,"tags":[1]}}}}',
    { file: { deltaSingleAction: { add: { path: 'u', tags: [1] } } } },
  ],
  ['{"endStreamAction":{"minUrlExpirationTimestamp":null}}', { end: {} }],
])('does not ask for what no reader needs: %s', (line, action) => {
  expect(decodeLine(line, 1)).toMatchObject(action)
})

it('leaves out members that are null', () => {
  const action = decodeLine('{"file":{"url":"u","id":"i","size":1,"version":null}}', 1)
  expect(action).toEqual({
    kind: 'file',
    file: { url: 'u', id: 'i', size: 1, partitionValues: {} },
  })
})

it('says what came instead of an action, and never repeats a signed URL', () => {
  expect(() => decodeLine('<html>log in</html>', 1)).toThrow(/found "<html>log in/)
  const signed = '{"file":{"url":"https://h/?X-Amz-Signature=secret","size":-}}'
  expect(() => decodeLine(signed, 1)).toThrow(
    expect.objectContaining({
      message: expect.not.stringContaining('secret'),
      context: { line: 1 },
    }),
  )
})

it('steps over an action it does not know', () => {
  expect(decodeLine('{"futureAction":{"a":1}}', 3)).toBeUndefined()
})

it.each([
  '',
  '[]',
  '{}',
  '{"file":1}',
  '{"file":{"url":"u"}}',
  '{"protocol":{}}',
  '{"file":{"id":"i","deltaSingleAction":{}}}',
])('refuses %j and says which line it is', line => {
  expect(() => decodeLine(line, 7)).toThrow(/line 7/)
})

const FILE = { url: 'https://h/a?sig=secret', id: 'i', size: 1, partitionValues: {} }
const ADD = { path: 'https://h/a?sig=secret', partitionValues: {}, size: 1 }
const VECTOR = { storageType: 'p', pathOrInlineDv: 'v', sizeInBytes: 2, cardinality: 3 }
const TABLE = { id: 'a', schemaString: '{}', partitionColumns: [] }
const delta = (add: object) => ({ file: { id: 'i', deltaSingleAction: { add } } })

it.each<[object, string, string]>([
  [{ file: { ...FILE, size: 'big' } }, 'file.size', 'an integer, found a string'],
  [{ file: { ...FILE, size: '1.5' } }, 'file.size', 'an integer, found the string 1.5'],
  [{ file: { ...FILE, size: 1.5 } }, 'file.size', 'an integer, found 1.5'],
  [{ file: { ...FILE, size: 2 ** 60 * 2 ** 60 } }, 'file.size', 'an integer, found 1.32'],
  [{ file: { ...FILE, url: undefined } }, 'file.url', 'a string, found nothing'],
  [{ file: { ...FILE, url: 7 } }, 'file.url', 'a string, found 7'],
  [{ add: { ...FILE, id: {} } }, 'add.id', 'a string, found an object'],
  [{ cdf: { ...FILE, partitionValues: [] } }, 'cdf.partitionValues', 'an object, found an array'],
  [
    { file: { ...FILE, partitionValues: { day: 'a', 'a b': 2 } } },
    'file.partitionValues["a b"]',
    'a string or null, found 2',
  ],
  [{ file: { ...FILE, stats: ['{}'] } }, 'file.stats', 'a string, found an array'],
  [{ remove: { ...FILE, version: 1.5 } }, 'remove.version', 'an integer, found 1.5'],
  [delta({ ...ADD, path: null }), 'file.deltaSingleAction.add.path', 'a string, found nothing'],
  [delta({ ...ADD, stats: 5 }), 'file.deltaSingleAction.add.stats', 'a string, found 5'],
  [delta({ ...ADD, dataChange: 'yes' }), 'file.deltaSingleAction.add.dataChange', 'a boolean'],
  [
    delta({ ...ADD, deletionVector: { ...VECTOR, cardinality: {} } }),
    'file.deltaSingleAction.add.deletionVector.cardinality',
    'an integer, found an object',
  ],
  [
    delta({ ...ADD, deletionVector: 'v' }),
    'file.deltaSingleAction.add.deletionVector',
    'an object, found a string',
  ],
  [
    { file: { id: 'i', deltaSingleAction: { txn: { path: 'u' } } } },
    'file.deltaSingleAction',
    'an object with one of add, remove and cdc, found an object',
  ],
  [
    { file: { id: 'i', deltaSingleAction: { add: ADD, remove: ADD } } },
    'file.deltaSingleAction',
    'an object with one of add, remove and cdc, found an object',
  ],
  [{ protocol: { minReaderVersion: [1] } }, 'protocol.minReaderVersion', 'found an array'],
  [
    { protocol: { deltaProtocol: { minReaderVersion: 3, readerFeatures: 'deletionVectors' } } },
    'protocol.deltaProtocol.readerFeatures',
    'an array, found a string',
  ],
  [
    { protocol: { deltaProtocol: { minReaderVersion: 3, readerFeatures: ['a', 1] } } },
    'protocol.deltaProtocol.readerFeatures[1]',
    'a string, found 1',
  ],
  [{ metaData: { ...TABLE, partitionColumns: ['a', null] } }, 'metaData.partitionColumns[1]', 'nu'],
  [{ metaData: { ...TABLE, configuration: { a: {} } } }, 'metaData.configuration.a', 'an object'],
  [
    { metaData: { deltaMetadata: { ...TABLE, schemaString: {} } } },
    'metaData.deltaMetadata.schemaString',
    'a string, found an object',
  ],
  [{ endStreamAction: { nextPageToken: 5 } }, 'endStreamAction.nextPageToken', 'a string, found 5'],
  [{ endStreamAction: { errorMessage: [] } }, 'endStreamAction.errorMessage', 'found an array'],
  [{ queryStatus: { queryId: 5 } }, 'queryStatus.queryId', 'a string, found 5'],
])('refuses %j and says what is wrong with it', (line, field, words) => {
  const text = JSON.stringify(line)
  expect(() => decodeLine(text, 7)).toThrow(
    expect.objectContaining({
      code: 'TABLE_CORRUPT',
      context: { line: 7, field },
      message: expect.stringContaining(`line 7 of the answer is not an action: ${field} must be `),
    }),
  )
  expect(() => decodeLine(text, 7)).toThrow(expect.objectContaining({ message: containing(words) }))
  expect(() => decodeLine(text, 7)).not.toThrow(/secret/)
})

it.each<[object, object]>([
  [{ file: { ...FILE, expirationTimestamp: '2026-01-01T00:00:00Z' } }, { file: FILE }],
  [
    {
      metaData: {
        ...TABLE,
        numFiles: 'many',
        size: '',
        name: 7,
        description: [],
        createdTime: 'x',
      },
    },
    { metaData: TABLE },
  ],
  [
    { metaData: { ...TABLE, format: { provider: 'parquet', options: [] } } },
    { metaData: { ...TABLE, format: { provider: 'parquet' } } },
  ],
  [
    { metaData: { ...TABLE, format: 'parquet', location: {}, accessModes: 'url' } },
    { metaData: TABLE },
  ],
  [
    { metaData: { deltaMetadata: { ...TABLE, name: {} }, auxiliaryLocations: [1], size: 3 } },
    { metaData: { deltaMetadata: TABLE, size: 3 } },
  ],
  [
    {
      file: {
        id: 'i',
        deletionVectorFileId: 5,
        deltaSingleAction: { remove: { ...ADD, deletionTimestamp: 'x' } },
      },
    },
    { file: { id: 'i', deltaSingleAction: { remove: ADD } } },
  ],
  [
    { endStreamAction: { minUrlExpirationTimestamp: '', nextPageToken: 'p' } },
    { end: { nextPageToken: 'p' } },
  ],
  [
    { endStreamAction: { errorMessage: 'x', httpStatusErrorCode: 'E' } },
    { end: { errorMessage: 'x' } },
  ],
  [{ queryStatus: { queryId: 'q', status: {} } }, { status: { queryId: 'q' } }],
])('takes %j without what no row depends on and nobody could use', (line, action) => {
  const { kind: _, ...found } = decodeLine(JSON.stringify(line), 1)!
  expect(found).toEqual(action)
})

function containing(words: string): unknown {
  return expect.stringContaining(words)
}

it('refuses statistics that nest deeper than can be written down', () => {
  const deep = `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`
  const line = `{"file":{"url":"u","id":"i","size":1,"stats":${deep}}}`
  expect(() => decodeLine(line, 2)).toThrow(/line 2 .*a JSON object expected/)
})
