import type { Recipient, ShareCatalog } from '@spillway/core'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type AskCatalog, askedCatalog } from '../../src/embed/asked-catalog.js'

const ACME: Recipient = { id: '1', name: 'acme' }
const NAMES = { share: 'lake', schema: 'd', table: 't' }
const lake = (table: object = {}) => [
  { name: 'lake', schemas: [{ name: 'd', tables: [{ name: 't', location: 'plain', ...table }] }] },
]

const given: ShareCatalog = {
  authenticate: async () => undefined,
  listShares: async () => ({ items: [{ name: 'lake' }] }),
  share: async () => ({ name: 'lake' }),
  listSchemas: async () => ({ items: [] }),
  listTables: async () => ({ items: [] }),
  table: async () => undefined,
}

/** A catalog over answers that the test changes, on a clock that it moves. */
function asking(first: unknown) {
  const state = { answer: first, now: 0, asked: 0 }
  const ask = () => {
    state.asked++
    const { answer } = state
    return typeof answer === 'function' && 'isAsked' in answer ? answer() : answer
  }
  const catalog = askedCatalog(ask as AskCatalog, {
    folder: '/tables',
    seconds: 1,
    clock: () => state.now,
  })
  const shares = async () => (await catalog.listShares(ACME, { maxResults: 9 })).items
  return { state, catalog, shares }
}

/** Called for its answer; every other function is one. */
const isAsked = <Given extends object>(answer: Given) => Object.assign(answer, { isAsked: true })

afterEach(() => {
  vi.restoreAllMocks()
})

class Row {
  readonly name = 'lake'
}

describe('what is no catalog', () => {
  const nonsense: readonly (readonly [string, unknown, RegExp])[] = [
    ['a function', () => undefined, /found a function/],
    ['a symbol', Symbol('x'), /found a symbol/],
    ['a number', 5, /found the number 5/],
    ['a text', 'no', /found a string/],
    ['a map', new Map([['lake', []]]), /found a Map/],
    ['an object that says nothing', { toJSON: () => undefined }, /found an object/],
    ['an object that says shares', { toJSON: () => lake() }, /found an object/],
    ['half a catalog', { table: async () => undefined }, /without listShares, share, listSchemas/],
    ['a rule as a function', lake({ partitions: () => 'day > 1' }), /partitions: found a function/],
    ['a rule as a symbol', lake({ partitions: Symbol('x') }), /tables\[0\]\.partitions/],
    ['a rule that says nothing', lake({ partitions: { toJSON: () => undefined } }), /partitions/],
    ['a version that is no number', lake({ startVersion: Number.NaN }), /the number NaN/],
    ['a version as a bigint', lake({ startVersion: 5n }), /startVersion: found a bigint/],
    ['a hole', [...lake(), undefined], /\[1\]: found a undefined/],
    ['a share as a map', [new Map([['name', 'lake']])], /\[0\]: found a Map/],
  ]
  const before: readonly (readonly [string, unknown])[] = [
    ['nothing', undefined],
    ['a catalog', given],
    ['shares', lake()],
  ]
  it.each(
    before.flatMap(([name, first]) => nonsense.map(each => [each[0], name, each, first] as const)),
  )('%s opens nothing after %s', async (_, __, [, answer, reason], first) => {
    const { state, catalog, shares } = asking(first)
    await shares()
    state.now += 1000
    state.answer = answer
    await expect(shares()).rejects.toThrow(reason)
    await expect(catalog.table(ACME, NAMES)).rejects.toMatchObject({ code: 'INTERNAL' })
    state.answer = lake()
    expect(await shares()).toMatchObject([{ name: 'lake' }])
  })

  it('is not an instance of a class, nor a key without a value', async () => {
    const { shares } = asking([Object.assign(new Row(), { comment: undefined })])
    expect(await shares()).toMatchObject([{ name: 'lake' }])
  })

  it('is not taken for equal to what it looks like', async () => {
    const { state, catalog } = asking(lake({ partitions: "day > '2026-01-01'" }))
    expect((await catalog.table(ACME, NAMES))?.grant).toBeDefined()
    state.now += 1000
    state.answer = lake()
    expect((await catalog.table(ACME, NAMES))?.grant).toBeUndefined()
  })
})

describe('the age of an answer', () => {
  it('is told by no clock that somebody sets back', async () => {
    const { state, shares } = asking(lake())
    state.now = 5000
    expect(await shares()).toHaveLength(1)
    state.answer = undefined
    state.now = 4000
    expect(await shares()).toEqual([])
  })

  it('passes also where the time of day goes back', async () => {
    const now = Date.now.bind(Date)
    let back = 0
    vi.spyOn(Date, 'now').mockImplementation(() => now() - back)
    let answer: ReturnType<typeof lake> | undefined = lake()
    const catalog = askedCatalog(() => answer, { folder: '/tables', seconds: 1 })
    expect(await catalog.table(ACME, NAMES)).toBeDefined()
    answer = undefined
    back = 3600_000
    await expect.poll(() => catalog.table(ACME, NAMES), { timeout: 5000 }).toBeUndefined()
  })
})

describe('a question that hangs', () => {
  it('holds nobody who asks a second later', async () => {
    const { state, shares } = asking(isAsked(() => new Promise(() => undefined)))
    const first = shares().catch(error => error.code)
    state.now += 1000
    state.answer = lake()
    const winner = await Promise.race([first, shares()])
    expect(winner).toMatchObject([{ name: 'lake' }])
    expect(await first).toBe('STORAGE_UNAVAILABLE')
    expect(state.asked).toBe(2)
    expect(await shares()).toHaveLength(1)
    expect(state.asked).toBe(2)
  })

  it('and answers late does not bring back what was revoked meanwhile', async () => {
    let answerNow: ((shares: unknown) => void) | undefined
    const { state, shares } = asking(
      isAsked(
        () =>
          new Promise(resolve => {
            answerNow = resolve
          }),
      ),
    )
    const first = shares()
    state.now += 1000
    state.answer = undefined
    expect(await shares()).toEqual([])
    answerNow?.(lake())
    await first
    expect(await shares()).toEqual([])
  })
})

it("gives two names of one id what is each one's", async () => {
  const ask = ({ name }: Recipient) => (name === 'acme' ? lake() : undefined)
  const catalog = askedCatalog(ask, { folder: '/tables', seconds: 1, clock: () => 0 })
  expect(await catalog.table(ACME, NAMES)).toBeDefined()
  expect(await catalog.table({ ...ACME, name: 'umbrella' }, NAMES)).toBeUndefined()
})

describe('a catalog that was given', () => {
  it('is asked whether somebody is still known', async () => {
    const { state, catalog } = asking({ ...given, isKnown: async () => false })
    expect(await catalog.isKnown?.(ACME)).toBe(false)
    state.now += 1000
    state.answer = given
    expect(await catalog.isKnown?.(ACME)).toBe(true)
    state.now += 1000
    state.answer = { ...given, isKnown: async () => undefined }
    expect(await catalog.isKnown?.(ACME)).toBe(false)
  })
})
