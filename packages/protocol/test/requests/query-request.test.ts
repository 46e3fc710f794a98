import { isTableError } from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { expect, it, vi } from 'vitest'
import { parseQueryInfoRequest, parseQueryRequest } from '../../src/requests/query-request.js'

it.each([
  ['', {}],
  ['  ', {}],
  ['{}', {}],
  ['{"version":9007199254740993}', { version: 9007199254740993n }],
  ['{"version":null,"limitHint":5}', { limitHint: 5n }],
  ['{"idempotency_key":"k"}', { idempotencyKey: 'k' }],
  ['{"idempotencyKey":"k","unknown":[1]}', { idempotencyKey: 'k' }],
])('48: reads the body %s', (text, expected) => {
  expect(JSON.parse(JSON.stringify(parseQueryRequest(text), text64))).toEqual(
    JSON.parse(JSON.stringify(expected, text64)),
  )
})

function text64(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

it.each([
  '{"version":"x3"}',
  '{"version":1.5}',
  '{"predicateHints":{}}',
  '{"predicateHints":["a",1]}',
  '{"jsonPredicateHints":{"op":"and"}}',
  '{"maxFiles":3000000000}',
  '{"maxFiles":"3000000000"}',
  '{"maxFiles":"one"}',
  '{"version":"01"}',
  '[]',
  '"text"',
  'null',
  '{"version":1',
])('48, 56: refuses the body %s as a malformed request', text => {
  expect(() => parseQueryRequest(text)).toThrow(/request body/)
})

it('reads the body of a look at an asynchronous query in both spellings', () => {
  expect(parseQueryInfoRequest('{"page_token":"t","max_files":2}')).toEqual({
    pageToken: 't',
    maxFiles: 2n,
  })
})

it('never throws anything but a refusal', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), text => {
      try {
        parseQueryRequest(text)
      } catch (error) {
        expect(isTableError(error) && error.code).toBe('INVALID_REQUEST')
      }
    }),
    { numRuns: quickOr(250, 1000), seed: 11 },
  )
})

it('survives a body nested ten thousand deep', () => {
  const deep = '['.repeat(10_000) + ']'.repeat(10_000)
  expect(() => parseQueryRequest(`{"predicateHints":${deep}}`)).toThrow(/request body/)
})

it('refuses more values than any query has before it parses them', () => {
  const long = `{"limitHint":1234567890123456789,"x":[${'1,'.repeat(900_000)}1]}`
  expect(() => parseQueryRequest(long)).toThrow(/^invalid request body: more than 10000 values/)
  const texts = JSON.stringify({ predicateHints: [`a IN (${'[,{'.repeat(20_000)}) \\" , [`] })
  expect(parseQueryRequest(texts).predicateHints).toHaveLength(1)
})

it.each([
  ['brackets', `{"predicateHints":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}}`],
  ['members', `{${Array.from({ length: 180_000 }, (_, i) => `"${i.toString(16)}":1`)}}`],
])('refuses a body of very many %s before it parses them', (_, text) => {
  const parse = vi.spyOn(JSON, 'parse')
  expect(() => parseQueryRequest(text)).toThrow(/more than 10000 members, lists and objects$/)
  expect(parse).not.toHaveBeenCalled()
})

it('reads as many hints as fit into a body', () => {
  const predicateHints = new Array(100_000).fill('a = 1')
  expect(parseQueryRequest(JSON.stringify({ predicateHints })).predicateHints).toHaveLength(100_000)
})

it('says of many wrong hints no more than of one', () => {
  const hints = `[${'1,'.repeat(9000)}1]`
  expect(() => parseQueryRequest(`{"predicateHints":${hints}}`)).toThrow(
    /^invalid request body: predicateHints: must be a list of texts$/,
  )
})

it('refuses a key that is longer than any client has', () => {
  const bodyOf = (length: number) => `{"idempotencyKey":"${'k'.repeat(length)}"}`
  expect(parseQueryRequest(bodyOf(1024)).idempotencyKey).toHaveLength(1024)
  expect(() => parseQueryRequest(bodyOf(1025))).toThrow(/idempotencyKey/)
})
