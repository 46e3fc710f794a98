import { failureCode } from '@spillway/testkit'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import {
  type S3CredentialVendorOptions,
  s3CredentialVendor,
  scopedCredentialVendor,
} from '../../src/s3/credential-vendor.js'
import { type PolicyStatement, sessionPolicy } from '../../src/s3/session-policy.js'
import type { TestSession } from '../support/s3-verify.js'
import { matchesPattern, type TestStsServer, testStsServer } from '../support/sts-server.js'

let sts: TestStsServer
beforeAll(async () => {
  sts = await testStsServer()
})
afterAll(() => sts.close())
beforeEach(() => {
  sts.requests.length = 0
  sts.errors.length = 0
  sts.sessions.clear()
})

const ROLE = 'arn:aws:iam::123456789012:role/reader'
const vendor = (options: Partial<S3CredentialVendorOptions> = {}) =>
  s3CredentialVendor({
    region: 'eu-west-1',
    stsEndpoint: sts.endpoint,
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    roleArn: ROLE,
    ...options,
  })

function allowed(location: string, action: string, on: { resource: string; prefix?: string }) {
  const policy = sessionPolicy(location, { region: 'eu-west-1', listing: true })
  return policy.Statement.some(
    ({ Action, Resource, Condition }: PolicyStatement) =>
      Action === action &&
      matchesPattern(Resource, on.resource) &&
      (Condition?.StringLike['s3:prefix'].some(
        pattern => on.prefix !== undefined && matchesPattern(pattern, on.prefix),
      ) ??
        true),
  )
}

describe('the session policy', () => {
  const TABLE = 's3a://lake/sales/orders'
  it.each([
    ['lake/sales/orders/_delta_log/0.json', true],
    ['lake/sales/orders/day=1/a b.parquet', true],
    ['lake/sales/orders', false],
    ['lake/sales/orders2/x', false],
    ['lake/sales/other/x', false],
    ['lake2/sales/orders/x', false],
  ])('of a table reads %s: %s', (key, expected) => {
    expect(allowed(TABLE, 's3:GetObject', { resource: `arn:aws:s3:::${key}` })).toBe(expected)
  })

  it.each([
    ['sales/orders/', true],
    ['sales/orders/_delta_log/', true],
    ['sales/orders', false],
    ['sales/', false],
    ['', false],
    ['sales/orders2/', false],
    [undefined, false],
  ])('of a table lists %j: %s', (prefix, expected) => {
    const on = { resource: 'arn:aws:s3:::lake', ...(prefix === undefined ? {} : { prefix }) }
    expect(allowed(TABLE, 's3:ListBucket', on)).toBe(expected)
  })

  it.each(['s3:PutObject', 's3:DeleteObject', 's3:GetObjectAcl', 's3:*'])(
    'never allows %s',
    action => {
      const resource = 'arn:aws:s3:::lake/sales/orders/x'
      expect(allowed(TABLE, action, { resource, prefix: 'sales/orders/' })).toBe(false)
    },
  )

  it.each(['s3://lake/t*', 's3://lake/t?', 's3://lake/$t', 's3://lake/\u0024{aws:username}'])(
    'takes no name for a pattern: %s',
    location => {
      const name = location.slice('s3://lake/'.length)
      const read = (key: string) =>
        allowed(location, 's3:GetObject', { resource: `arn:aws:s3:::lake/${key}` })
      expect([read(`${name}/x`), read('t1/x'), read('t12/x')]).toEqual([true, false, false])
    },
  )

  it.each([
    ['cn-north-1', 'arn:aws-cn:s3:::b'],
    ['us-gov-west-1', 'arn:aws-us-gov:s3:::b'],
    ['us-east-1', 'arn:aws:s3:::b'],
  ])('names the partition of %s', (region, arn) => {
    const { Statement } = sessionPolicy('s3://b', { region, listing: true })
    expect(Statement.map(({ Resource }) => Resource)).toEqual([`${arn}/*`, arn])
  })

  it.each(['file:///t', 's3://b/a/../t'])('is refused for %s', async location => {
    const make = async () => sessionPolicy(location, { region: 'eu-west-1', listing: true })
    expect(await failureCode(make)).toBe('UNSUPPORTED_FEATURE')
  })
})

describe('s3CredentialVendor', () => {
  it('assumes the role with the policy of the location', async () => {
    const now = Date.now()
    const vended = await vendor({ externalId: 'ours' }).vend('s3://lake/t', {
      expiresInSeconds: 1800,
    })
    const [[accessKeyId, { secret, token }]] = [...sts.sessions] as [[string, TestSession]]
    expect(vended.credentials).toEqual({
      kind: 'aws',
      accessKeyId,
      secretAccessKey: secret,
      sessionToken: token,
    })
    expect(Math.abs(vended.expiresAt - now - 1_800_000)).toBeLessThan(5000)
    const { Version: _, Policy, ...asked } = Object.fromEntries(sts.requests[0] ?? [])
    expect(asked).toEqual({
      Action: 'AssumeRole',
      RoleArn: ROLE,
      RoleSessionName: 'spillway',
      DurationSeconds: '1800',
      ExternalId: 'ours',
    })
    const policy = sessionPolicy('s3://lake/t', { region: 'eu-west-1', listing: true })
    expect(JSON.parse(Policy ?? '')).toEqual(policy)
  })

  it('asks for a federation token where it has no role', async () => {
    const user = s3CredentialVendor({
      region: 'eu-west-1',
      stsEndpoint: sts.endpoint,
      credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    })
    await user.vend('s3://lake/t', { expiresInSeconds: 900 })
    expect(sts.requests[0]?.get('Action')).toBe('GetFederationToken')
    expect(sts.requests[0]?.get('Name')).toBe('spillway')
  })

  it.each([
    [60, {}, '900'],
    [7200, {}, '3600'],
    [7200, { maxSessionSeconds: 43_200 }, '7200'],
  ])('asked for %d s with %o, asks for %s', async (expiresInSeconds, options, expected) => {
    await vendor(options).vend('s3://lake/t', { expiresInSeconds })
    expect(sts.requests[0]?.get('DurationSeconds')).toBe(expected)
  })

  it('leaves listing out when the policy is too large with it', async () => {
    sts.errors.push({ status: 400, code: 'PackedPolicyTooLarge' })
    await vendor().vend('s3://lake/t', { expiresInSeconds: 900 })
    const actions = sts.requests.map(form =>
      JSON.parse(form.get('Policy') ?? '').Statement.map((s: PolicyStatement) => s.Action),
    )
    expect(actions).toEqual([['s3:GetObject', 's3:ListBucket'], ['s3:GetObject']])
  })

  it('signs what it asks: an STS that knows other keys gives nothing', async () => {
    const stranger = vendor({ credentials: { accessKeyId: 'key', secretAccessKey: 'guessed' } })
    await expect(stranger.vend('s3://lake/t', { expiresInSeconds: 900 })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(/refused the session/),
    })
  })

  it.each([
    [{ status: 403, code: 'AccessDenied' }, false, /allow sts:AssumeRole/],
    [{ status: 400, code: 'ValidationError' }, false, /STS made no session/],
    [{ status: 501, code: 'NotImplemented' }, false, /STS made no session/],
  ])('says what STS refused: %o', async (error, retryable, message) => {
    sts.errors.push(error)
    const vending = vendor().vend('s3://lake/t', { expiresInSeconds: 900 })
    await expect(vending).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable, message })
  })

  it('covers its buckets only, and stops when cancelled', async () => {
    const one = vendor({ buckets: ['lake'] })
    expect(['s3a://lake/t', 's3://other/t', 'file:///t'].map(one.covers)).toEqual([
      true,
      false,
      false,
    ])
    const options = { expiresInSeconds: 900 }
    expect(await failureCode(() => one.vend('s3://other/t', options))).toBe('STORAGE_UNAVAILABLE')
    const signal = AbortSignal.abort()
    expect(await failureCode(() => one.vend('s3://lake/t', { ...options, signal }))).toBe(
      'CANCELLED',
    )
    expect(sts.requests).toEqual([])
  })
})

describe('scopedCredentialVendor', () => {
  const keys = (name: string) => ({
    accessKeyId: name,
    secretAccessKey: 'secret',
    sessionToken: 'token',
  })
  const scoped = scopedCredentialVendor(
    [
      { location: 's3://lake/sales', credentials: keys('wide') },
      { location: 's3://lake/sales/orders/', credentials: keys('narrow') },
      {
        location: 's3://lake/short',
        credentials: { ...keys('short'), expiration: new Date(50_000) },
      },
      { location: 's3://lake/over', credentials: { ...keys('over'), expiration: new Date(0) } },
      { location: 's3://lake/user', credentials: { accessKeyId: 'user', secretAccessKey: 's' } },
    ],
    () => 0,
  )
  const vend = async (location: string) => {
    const { credentials, expiresAt } = await scoped.vend(location, { expiresInSeconds: 100 })
    return ['accessKeyId' in credentials ? credentials.accessKeyId : '', expiresAt]
  }

  it('gives the keys of the folder itself, while they last', async () => {
    expect(await vend('s3a://lake/sales/orders')).toEqual(['narrow', 100_000])
    expect(await vend('s3://lake/sales/')).toEqual(['wide', 100_000])
    expect(await vend('s3://lake/short')).toEqual(['short', 50_000])
  })

  it('gives no keys that have expired, and says what to do', async () => {
    expect(scoped.covers('s3://lake/over')).toBe(true)
    await expect(vend('s3://lake/over')).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringMatching(/have expired: configure new ones/),
      retryable: false,
    })
  })

  it('gives keys without a session as they are', async () => {
    const { credentials } = await scoped.vend('s3://lake/user', { expiresInSeconds: 100 })
    expect(credentials).toEqual({ kind: 'aws', accessKeyId: 'user', secretAccessKey: 's' })
  })

  it('never gives keys of a wider folder, which open its other tables too', () => {
    expect(scoped.covers('s3://lake/sales/orders2')).toBe(false)
  })

  it.each(['s3://lake/sales2', 's3://lake', 's3://other/sales', 'file:///sales'])(
    'gives none for %s',
    async location => {
      expect(scoped.covers(location)).toBe(false)
      expect(await failureCode(() => vend(location))).toBe('STORAGE_UNAVAILABLE')
    },
  )
})
