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
