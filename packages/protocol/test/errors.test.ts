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
  ['TABLE_CORRUPT', 400],
])('%s is %i and says why', (code, status) => {
  const { body, ...answer } = wireError(new TableError(code, 'why'), 'r1')
  expect(answer.status).toBe(status)
  expect(body.message).toBe('why')
})

it.each<[unknown, number]>([
  [new TableError('STORAGE_UNAVAILABLE', 'key AKIA'), 503],
  [new TableError('INTERNAL', 'secret'), 500],
  [new Error('secret'), 500],
  ['secret', 500],
])('a fault of ours says only where to look it up', (error, status) => {
  const answer = wireError(error, 'r1')
  expect(answer.status).toBe(status)
  expect(answer.body.message).toBe('internal error; the provider finds it under request id r1')
})

it.each([
  ["version 9 of 's3://bucket/private/t' is gone", "version 9 of '…' is gone"],
  ['expected a Parquet file in file:/srv/lake/t/a.parquet: no', 'expected a Parquet file in … no'],
  ['/srv/lake/t/_delta_log/1.json is cut short', '… is cut short'],
  [
    'add auxiliaryLocations: [s3://b/t/, "s3://b/my files/", "/srv/a \\"b\\"/c d/"] to it',
    'add auxiliaryLocations: […] to it',
  ],
  ['answers in text/plain and/or 1/2 are kept', 'answers in text/plain and/or 1/2 are kept'],
])('a refusal never says where things lie: %s', (message, told) => {
  expect(wireError(new TableError('TABLE_CORRUPT', message), 'r1').body.message).toBe(told)
})
