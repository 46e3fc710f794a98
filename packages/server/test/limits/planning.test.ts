import type { Recipient, ShareCatalog } from '@spillway/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGuard, networkOf } from '../../src/access/authentication-guard.js'
import { createDeadline } from '../../src/limits/deadline.js'
import { createFairScheduler } from '../../src/limits/fair-scheduler.js'
import { planningOf } from '../../src/limits/planning.js'
import { DEFAULT_LIMITS } from '../../src/limits/server-limits.js'
import { hintsOf } from '../../src/query/hints.js'
import { failure, linesOf, type Running, startServer, TOKEN } from '../support/serve.js'

const limits = DEFAULT_LIMITS
const body = (more: object) =>
  ({ predicateHints: [], ...more }) as unknown as Parameters<typeof hintsOf>[0]

describe('hints', () => {
  it.each<readonly [string, object, RegExp]>([
    [
      'too many hints',
      { predicateHints: Array.from({ length: 100_000 }, () => 'a = 1') },
      /limit of 1000 hints/,
    ],
    [
      'a long hint',
      { predicateHints: ['a = 1 OR '.repeat(20_000)] },
      /longer than 65536 characters/,
    ],
    [
      'many long hints',
      { predicateHints: Array.from({ length: 30 }, () => `a = '${'x'.repeat(60_000)}'`) },
      /limit of 262144 characters/,
    ],
    [
      'many conditions',
      {
        predicateHints: Array.from({ length: 10 }, () =>
          Array.from({ length: 1000 }, () => 'a=1').join(' AND '),
        ),
      },
      /limit of 4096 conditions/,
    ],
    [
      'a long list',
      { predicateHints: [`a IN (${Array.from({ length: 9000 }, (_, i) => i).join()})`] },
      /limit of 4096 conditions/,
    ],
    ['a long JSON hint', { jsonPredicateHints: ' '.repeat(300_000) }, /limit of 262144 characters/],
  ])('%s are used as far as the limit, which is named', async (_, more, reason) => {
    let turns = 0
    const turn = async () => void turns++
    const { unapplied, scan } = await hintsOf(body(more), { limits, turn })
    expect(unapplied.at(-1)!.reason).toMatch(reason)
    expect(JSON.stringify(unapplied).length).toBeLessThan(20_000)
    expect(
      JSON.stringify(scan, (_, value) => (typeof value === 'bigint' ? String(value) : value))
        .length,
    ).toBeLessThan(600_000)
  })

  it('that are beyond a limit are each named', async () => {
    const turn = async () => undefined
    const five = body({ predicateHints: ['a = 1', 'b = 2', 'c = 3', 'd = 4', 'e = 5'] })
    const few = await hintsOf(five, { limits: { ...limits, hints: 3 }, turn })
    expect(few.unapplied.map(({ predicate }) => predicate)).toEqual(['d = 4...', 'e = 5...'])
    const simple = await hintsOf(five, { limits: { ...limits, hintNodes: 2 }, turn })
    expect(simple.unapplied.map(({ predicate }) => predicate)).toEqual(
      ['c', 'd', 'e'].map((name, i) => `${name} = ${i + 3}...`),
    )
  })

  it('are read in pieces', async () => {
    let turns = 0
    const predicateHints = Array.from({ length: 900 }, () => `a = '${'x'.repeat(200)}'`)
    await hintsOf(body({ predicateHints }), { limits, turn: async () => void turns++ })
    expect(turns).toBeGreaterThan(9)
  })
})

it('a recipient with many requests waits for its own, not others for all of them', async () => {
  const scheduler = createFairScheduler()
  const served: string[] = []
  const turn = (recipient: string, first = true) =>
    scheduler.turn({ first, recipient }).then(() => void served.push(recipient))
  await Promise.all([
    ...Array.from({ length: 60 }, () => turn('greedy')),
    turn('light'),
    turn('other'),
  ])
  expect(served.slice(0, 4)).toEqual(['greedy', 'light', 'other', 'greedy'])
  expect(served).toHaveLength(62)
})

it('a request ends where pruning comes to more than it may take of the thread', async () => {
  const { turn } = planningOf({
    scheduler: createFairScheduler(),
    recipient: { id: 'a', name: 'a' },
    limits: { ...limits, planCpuSeconds: 1 },
  })
  await turn(600)
  await expect(turn(600)).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: /planCpuSeconds/,
  })
})

describe('a deadline', () => {
  it('answers although the work hears of nothing', async () => {
    const deadline = createDeadline(0.02, new AbortController().signal)
    await expect(deadline.run(new Promise(() => undefined))).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
    })
    expect(deadline.signal.aborted).toBe(true)
  })

  it('is over with the first byte', async () => {
    const deadline = createDeadline(0.02, new AbortController().signal)
    expect(await deadline.run(Promise.resolve(1))).toBe(1)
    await new Promise(resolve => setTimeout(resolve, 60))
    expect(deadline.signal.aborted).toBe(false)
  })
})

describe('a server', () => {
  let server: Running
  beforeAll(async () => {
    server = await startServer({
      limits: { failedAuthentications: 5, planSeconds: 2 },
      wrapEngine: engine => ({
        ...engine,
        resolve: () => new Promise(() => undefined),
      }),
    })
  })
  afterAll(() => server.close())

  it('says 503, and when to ask again, where storage does not answer in time', async () => {
    const answer = await server.ask('/shares/Lake/schemas/Main/tables/simple/version')
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(await failure(answer)).toMatchObject({
      status: 503,
      errorCode: 'TEMPORARILY_UNAVAILABLE',
    })
  })

  it('lets no address try tokens without end, and shuts out nobody whose token was good', async () => {
    await linesOf(await server.query('simple'))
    const wrong = (token: string) =>
      server.ask('/shares', { headers: { authorization: `Bearer ${token}` } })
    const statuses: number[] = []
    for (let i = 0; i < 8; i++) statuses.push((await wrong(`guess-${i}`)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
    const refused = await wrong('guess')
    expect(refused.headers.get('retry-after')).toBe('60')
    expect(await failure(refused)).toMatchObject({ errorCode: 'REQUEST_LIMIT_EXCEEDED' })
    expect((await wrong(TOKEN)).status).toBe(200)
    server.time.now += 61_000
    expect((await wrong('guess')).status).toBe(401)
  })
})

describe('refused addresses', () => {
  const asking = (catalog: Partial<ShareCatalog>, clock: () => number) => {
    const guard = createGuard(catalog as unknown as ShareCatalog, { limit: 1, clock })
    const request = () => new Request('http://x/', { headers: { authorization: 'Bearer no' } })
    return () => guard.authenticate(request(), { address: '10.0.0.1' })
  }

  it('are refused for a minute, and not until a clock that was set back is there again', async () => {
    const time = { now: 3600_000 }
    const ask = asking({ authenticate: async () => undefined }, () => time.now)
    await expect(ask()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(ask()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    time.now = 0
    await expect(ask()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(ask()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  })

  it('are those too whose tokens another copy of the package refuses', async () => {
    const marker = Symbol.for('spillway.TableError')
    const refusal = Object.assign(new Error('no'), { code: 'UNAUTHENTICATED', [marker]: true })
    const ask = asking({ authenticate: () => Promise.reject(refusal) }, () => 0)
    await expect(ask()).rejects.toBe(refusal)
    await expect(ask()).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  })
})

describe('addresses', () => {
  it.each([
    ['10.0.0.7', '10.0.0.7'],
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ])('of %s count as %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it('are forgotten, the oldest first: an attacker with many fills no memory', async () => {
    const catalog = { authenticate: async () => undefined } as unknown as ShareCatalog
    const guard = createGuard(catalog, { limit: 1, clock: () => 0 })
    const ask = (address: string): Promise<Recipient> =>
      guard.authenticate(new Request('http://x/', { headers: { authorization: 'Bearer no' } }), {
        address,
      })
    await expect(ask('10.0.0.1')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    await expect(ask('10.0.0.1')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    for (let i = 0; i < 10_000; i++) await ask(`11.${i >> 8}.${i & 255}.1`).catch(() => undefined)
    await expect(ask('10.0.0.1')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
  })
})
