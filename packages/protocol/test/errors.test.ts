import { type ErrorCode, TableError } from '@spillway/core'
import { expect, it } from 'vitest'
import { wireError } from '../src/errors.js'

it.each<[ErrorCode, number]>([
  ['INVALID_REQUEST', 400],
  ['UNAUTHENTICATED', 401],
  ['PERMISSION_DENIED', 403],
  ['NOT_FOUND', 404],
  ['CONFLICT', 409],
  ['RATE_LIMITED', 429],
  ['UNSUPPORTED_FEATURE', 400],
])('%s is %i and says why', (code, status) => {
  const { body, ...answer } = wireError(new TableError(code, 'why'), 'r1')
  expect(answer.status).toBe(status)
  expect(body.message).toBe('why')
})

it.each<[unknown, number]>([
  [new TableError('TABLE_CORRUPT', 's3://secret/path'), 500],
  [new TableError('STORAGE_UNAVAILABLE', 'key AKIA'), 503],
  [new TableError('INTERNAL', 'secret'), 500],
  [new Error('secret'), 500],
  ['secret', 500],
])('a fault of ours says only where to look it up', (error, status) => {
  const answer = wireError(error, 'r1')
  expect(answer.status).toBe(status)
  expect(answer.body.message).toBe('internal error; the provider finds it under request id r1')
})

it('a refusal never says where things lie', () => {
  const error = new TableError('INVALID_REQUEST', "version 9 of 's3://bucket/private/t' is gone")
  expect(wireError(error, 'r1').body.message).toBe("version 9 of '…' is gone")
})
