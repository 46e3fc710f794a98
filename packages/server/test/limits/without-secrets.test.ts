import { inspect } from 'node:util'
import { TableError } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { withoutSecrets } from '../../src/limits/without-secrets.js'

const SECRET = 'SECRETSECRET123'
const marker = Symbol.for('spillway.TableError')
const context = (value: unknown) => ({ context: { at: value } as unknown as { at: string } })

const changed = new TableError('INTERNAL', `with ${SECRET}`)
changed.message = 'clean'
const long = new Error('1', {
  cause: new Error('2', {
    cause: new Error('3', {
      cause: new Error('4', { cause: new Error('5', { cause: new Error(`6 ${SECRET}`) }) }),
    }),
  }),
})
const around: Error & { cause?: unknown } = new Error(`around ${SECRET}`)
around.cause = around

const LEAKS: readonly (readonly [string, unknown])[] = [
  ['a text', `no ${SECRET}`],
  ['a message', new TableError('PERMISSION_DENIED', `no ${SECRET}`)],
  ['a stack', changed],
  ['a name', Object.assign(new Error('x'), { name: SECRET })],
  ['a cause', new TableError('PERMISSION_DENIED', 'no', { cause: new Error(SECRET) })],
  ['a cause that is no error', new TableError('NOT_FOUND', 'no', { cause: { token: SECRET } })],
  ['a key of such a cause', new TableError('NOT_FOUND', 'no', { cause: { [SECRET]: 1 } })],
  ['a cause that is a symbol', new Error('no', { cause: Symbol(SECRET) })],
  ['a cause of causes', long],
  ['a cause of itself', around],
  ['a context', new TableError('NOT_FOUND', 'no', context(SECRET))],
  ['a list in a context', new TableError('NOT_FOUND', 'no', context([`Bearer ${SECRET}`]))],
  ['an object in a context', new TableError('NOT_FOUND', 'no', context({ a: { b: SECRET } }))],
  ['a key of a context', new TableError('NOT_FOUND', 'no', { context: { [SECRET]: 1 } })],
  ['a password in a context', new TableError('NOT_FOUND', 'no', { context: { password: SECRET } })],
  ['a member', Object.assign(new Error('no'), { detail: SECRET })],
  ['a member of a member', Object.assign(new Error('no'), { config: { headers: [SECRET] } })],
  ['a member of a refusal', Object.assign(new TableError('CONFLICT', 'no'), { sent: [SECRET] })],
  ['errors of an error', new AggregateError([new Error(SECRET)], 'all failed')],
  ['a message that is none', Object.assign(new Error('x'), { message: { token: SECRET } })],
  ['a code', Object.assign(new Error('no'), { [marker]: true, code: SECRET, context: {} })],
]

describe('an error that is told', () => {
  it.each(LEAKS)('has no secret in %s', (_, error) => {
    const told = withoutSecrets(error, [SECRET])
    expect(inspect(told, { depth: 20, showHidden: true })).not.toContain(SECRET)
  })

  it('is the same where it has none', () => {
    const system = Object.assign(new Error('EACCES: /t'), { code: 'EACCES', errno: -13 })
    const error = new TableError('STORAGE_UNAVAILABLE', 'no', {
      context: { path: '/t', n: 1n, m: 2 },
      cause: system,
    })
    expect(withoutSecrets(error, [SECRET])).toBe(error)
  })

  it('keeps what it says besides', () => {
    const error = new TableError('RATE_LIMITED', `slower, ${SECRET}`, {
      context: { retryAfterSeconds: 7, parts: ['a', 1n] as unknown as string },
      cause: Object.assign(new Error('full'), { code: 'EFULL', config: {} }),
      retryable: true,
    })
    expect(withoutSecrets(error, [SECRET])).toMatchObject({
      code: 'RATE_LIMITED',
      message: 'slower, …',
      retryable: true,
      context: { retryAfterSeconds: 7, parts: '["a","1"]' },
      cause: { message: 'full', code: 'EFULL' },
    })
  })

  it.each<[string, object]>([
    ['a code that nobody knows', { code: 'FORBIDDEN', context: { a: 1 } }],
    ['no context', { code: 'FORBIDDEN' }],
  ])('is a fault where it has %s', (_, members) => {
    const told = withoutSecrets(Object.assign(new Error('no'), { [marker]: true }, members), [])
    expect(told).toMatchObject({
      code: 'INTERNAL',
      message: 'no',
      context: { unknownCode: 'FORBIDDEN' },
    })
  })

  it.each<[string, () => unknown]>([
    [
      'throws when it is read',
      () =>
        new Proxy(new Error('x'), {
          get: () => {
            throw new Error('y')
          },
        }),
    ],
    [
      'holds itself in its context',
      () => {
        const own: Record<string, unknown> = {}
        own.own = own
        return new TableError('NOT_FOUND', 'no', context(own))
      },
    ],
  ])('is one that can be told, where it %s', (_, error) => {
    expect(withoutSecrets(error(), [SECRET])).toMatchObject({ code: 'INTERNAL' })
  })
})
