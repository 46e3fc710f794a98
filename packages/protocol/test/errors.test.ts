import { type ErrorCode, TableError } from '@spillway/core'
import { expect, it, vi } from 'vitest'
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
  const told = code === 'TABLE_CORRUPT' ? 'why; the provider finds it under request id r1' : 'why'
  expect(body.message).toBe(told)
})

const caused = (code: string) => Object.assign(new Error('secret'), { code })
const denied = (cause: unknown, context = {}) =>
  new TableError('STORAGE_UNAVAILABLE', 'secret', { retryable: false, cause, context })

it.each<[string, unknown, number, string]>([
  [
    'storage that may come back',
    new TableError('STORAGE_UNAVAILABLE', 'secret'),
    503,
    'TEMPORARILY_UNAVAILABLE',
  ],
  ['storage that will not', denied(undefined), 400, 'INVALID_STATE'],
  ['a 403 of the store', denied(undefined, { status: 403 }), 403, 'PERMISSION_DENIED'],
  ['a 404 of the store', denied(undefined, { status: 404 }), 400, 'INVALID_STATE'],
  ['a disk that denies', denied(caused('EACCES')), 403, 'PERMISSION_DENIED'],
  ['a disk that fails', denied(caused('EIO')), 400, 'INVALID_STATE'],
  ['our own mistake', new TableError('INTERNAL', 'secret'), 500, 'INTERNAL_ERROR'],
  ['what nobody thought of', new Error('secret'), 500, 'INTERNAL_ERROR'],
  ['what is no error', 'secret', 500, 'INTERNAL_ERROR'],
])('of %s is said only where to look it up', (_, error, status, errorCode) => {
  const answer = wireError(error, 'r1')
  expect(answer.status).toBe(status)
  expect(answer.body.errorCode).toBe(errorCode)
  expect(answer.body.message).toMatch(/; the provider finds it under request id r1$/)
  expect(answer.body.message).not.toContain('secret')
  expect(answer.retryAfterSeconds !== undefined).toBe(status === 503)
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
  expect(wireError(new TableError('UNSUPPORTED_FEATURE', message), 'r1').body.message).toBe(told)
})

it('a location with spaces is cut out whole, in either spelling', () => {
  const context = { path: 'file:///srv/my lake/sales of may/a.parquet' }
  for (const spelled of [context.path, '/srv/my lake/sales of may/a.parquet']) {
    const error = new TableError('UNSUPPORTED_FEATURE', `${spelled} is short`, { context })
    expect(wireError(error, 'r1').body.message).toBe('… is short')
  }
})

it.each([
  ['file:///srv/my lake/sales of may/a.parquet', { path: 'file:///srv/my lake/sales of may/a' }],
  ['s3://bucket/private/t/a.parquet', {}],
  ['/srv/secret/lake/private', {}],
  ['/srv/my lake/private t', { path: 'file:///srv/my lake/private t' }],
  ['auxiliaryLocations: [s3://b/t/, "s3://b/my private files/"]', {}],
])('of a long message only the start is told, wherever it is cut: %s', (location, context) => {
  for (let before = 16_384 - location.length - 30; before < 16_384 + 5; before++) {
    const message = `${'some words '.repeat(2000).slice(0, before)} ${location} ${'z'.repeat(100_000)}`
    const { body } = wireError(new TableError('UNSUPPORTED_FEATURE', message, { context }), 'r1')
    expect(body.message.length).toBeLessThan(16_400)
    expect(body.message).not.toMatch(/srv|lake|may|bucket|private|b\/|secret/)
  }
})

it('twenty million characters are no long work', () => {
  const long = `type '${'z'.repeat(20_000_000)}' is not known in s3://b/t`
  const error = new TableError('TABLE_CORRUPT', long)
  const methods = ['replace', 'replaceAll', 'search', 'match', 'matchAll', 'split'] as const
  const spies = methods.map(name => vi.spyOn(String.prototype, name))
  const { body } = wireError(error, 'r1')
  const looked = spies.flatMap(({ mock }) => mock.contexts.map(text => String(text).length))
  for (const spy of spies) spy.mockRestore()
  expect(looked.length).toBeGreaterThan(1)
  expect(Math.max(...looked)).toBeLessThanOrEqual(16 * 1024)
  expect(body.message).toBe('type…; the provider finds it under request id r1')
})

const marked = (members: object) =>
  Object.assign(new Error('secret'), { [Symbol.for('spillway.TableError')]: true }, members)

it.each<[string, object]>([
  ['another version', marked({ code: 'FORBIDDEN', context: {}, retryable: false })],
  ['an object of the language', marked({ code: 'constructor', context: {} })],
  ['nothing', marked({})],
  ['a number', marked({ code: 7, context: null })],
])('a code of %s is a fault', (_, error) => {
  const { status, body } = wireError(error, 'r1')
  expect([status, body.errorCode]).toEqual([500, 'INTERNAL_ERROR'])
  expect(body.message).not.toContain('secret')
})

it('a refusal without a context, or with an odd one, says why all the same', () => {
  for (const context of [undefined, null, { path: ['/a/b'], retryAfterSeconds: {} }]) {
    const error = marked({ code: 'RATE_LIMITED', context, message: 'slower' })
    expect(wireError(error, 'r1')).toMatchObject({
      status: 429,
      body: { message: 'slower' },
      retryAfterSeconds: 1,
    })
  }
})

it.each<[unknown, number]>([
  [7, 7],
  ['7', 7],
  [7n, 7],
  [0.2, 1],
  [59.01, 60],
  [0, 1],
  [-5, 1],
  [Number.NaN, 1],
  ['soon\r\nx: y', 1],
  [Number.POSITIVE_INFINITY, 86_400],
  [1e300, 86_400],
])('a wait of %s is told as %s', (stated, told) => {
  const context = { retryAfterSeconds: stated as number }
  const answer = wireError(new TableError('RATE_LIMITED', 'slower', { context }), 'r1')
  expect(answer.retryAfterSeconds).toBe(told)
})
