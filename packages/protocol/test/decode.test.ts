import { expect, it } from 'vitest'
import { decodeLine } from '../src/decode.js'

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
