import { DEFAULT_BUDGETS } from '@spillway/core'
import {
  type LongJsonObject,
  type LongJsonValue,
  LongObject,
  parseLongJson as parseBytes,
  parseExactJson,
} from '@spillway/encoding'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quickOr } from '../../../testkit/src/support/long-tier.js'

const parseLongJson = (text: string, options?: Parameters<typeof parseBytes>[1]) =>
  parseBytes(new TextEncoder().encode(text), options)

const PAD = 'x'.repeat(70_000)

/** Documents that are taken apart: something in them is long. */
const long = fc
  .tuple(fc.jsonValue(), fc.jsonValue(), fc.constantFrom('', ' ', '\n\t'), fc.bigInt())
  .map(([before, after, space, number]) => {
    const many = Array.from({ length: 300 }, (_, i) =>
      JSON.stringify({ i, before, pad: 'é"\\'.repeat(60) }),
    )
    return `{${space}"a"${space}:${space}${JSON.stringify(before)},"n":${number},"p":"${PAD}","many":[${space}${many.join(`${space},`)}${space}],"__proto__":{"y":1},"z":${JSON.stringify(after)}${space}}${space}`
  })

/** Texts of numbers too, which plain comparison of bigints keeps. */
const plain = (value: LongJsonValue) =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}n` : each))

describe('parseLongJson', () => {
  it('reads what parseExactJson reads', async () => {
    await fc.assert(
      fc.asyncProperty(long, async text => {
        expect(plain(await parseLongJson(text))).toBe(plain(parseExactJson(text)))
      }),
      { numRuns: quickOr(12, 40) },
    )
  })

  it('refuses what it refuses, wherever the text is cut or a character is another', async () => {
    const items = Array.from({ length: 900 }, (_, i) => `{"id":${i},"text":"${'t'.repeat(60)}"}`)
    const text = `{"a":[1,2],"long":[${items.join(',')}],"b":{"c":null}}`
    const refuses = async (read: () => unknown) => {
      try {
        await read()
        return false
      } catch (error) {
        return (error as { code: string }).code
      }
    }
    const marks = ['}', ']', ',', ':', '"', 'x', '\\', '{', ' ']
    const random = fc.sample(
      fc.tuple(fc.nat(text.length - 1), fc.constantFrom(...marks), fc.boolean()),
      { numRuns: quickOr(100, 400), seed: 7 },
    )
    for (const [at, mark, cut] of random) {
      const broken = cut ? text.slice(0, at) : text.slice(0, at) + mark + text.slice(at + 1)
      const whole = await refuses(() => parseExactJson(broken))
      expect(await refuses(() => parseLongJson(broken)), broken.slice(at - 20, at + 20)).toBe(whole)
    }
  })

  it.each([
    ['documentBytes', { documentBytes: 100_000 }],
    ['documentValues', { documentValues: 1000 }],
    ['documentDepth', { documentDepth: 3 }],
  ])('is held to %s, as a whole', async (key, given) => {
    const items = Array.from({ length: 2000 }, (_, i) => `[${i},{"a":[]},"${'t'.repeat(50)}"]`)
    const text = `{"long":[${items.join(',')}]}`
    const budgets = { ...DEFAULT_BUDGETS, ...given }
    const refusal = { code: 'UNSUPPORTED_FEATURE', message: expect.stringContaining(key) }
    await expect(parseLongJson(text, { budgets })).rejects.toMatchObject(refusal)
    expect(() => parseExactJson(text, { budgets })).toThrow(expect.objectContaining(refusal))
    expect(await parseLongJson(text)).toEqual(parseExactJson(text))
  })

  it('reads one long text, wherever its pieces end', async () => {
    const marks = [
      'a',
      '"',
      '\\',
      '\n',
      'é',
      '漢',
      '😀',
      '\ud83d',
      '\ufeff',
      '\u0001',
      '1234567890123456789',
    ]
    const texts = fc.array(fc.constantFrom(...marks), { minLength: 1, maxLength: 50 })
    await fc.assert(
      fc.asyncProperty(texts, fc.boolean(), async (some, isEscaped) => {
        const text = some.join('').repeat(Math.ceil(200_000 / some.length))
        const json = JSON.stringify(text)
        const ascii = (each: string) => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`
        const spelled = isEscaped ? json.replace(/[^ -~]/g, ascii) : json
        expect((await parseLongJson(spelled)) === text).toBe(true)
      }),
      { numRuns: quickOr(12, 40) },
    )
  })

  it.each(['"', '\\"', '\\', '\\u00'])('refuses a long text that ends with %j', async end => {
    const refusal = { code: 'TABLE_CORRUPT' }
    const text = `"${'t'.repeat(200_000)}${end}`
    const broken = end === '"' ? `${text}"` : text
    await expect(parseLongJson(broken)).rejects.toMatchObject(refusal)
    expect(() => parseExactJson(broken)).toThrow(expect.objectContaining(refusal))
  })

  it('lets others go on in the middle of one text', async () => {
    let turns = 0
    let done = false
    const others = (async () => {
      for (; !done; turns++) await new Promise(resolve => setImmediate(resolve))
    })()
    await parseLongJson(`["${'\\"é'.repeat(5_000_000)}"]`)
    done = true
    await others
    expect(turns).toBeGreaterThan(2)
  })

  it('lets others go on while it reads', async () => {
    const items = Array.from(
      { length: 200_000 },
      (_, i) => `{"id":${i},"text":"${'t'.repeat(60)}"}`,
    )
    let turns = 0
    let done = false
    const others = (async () => {
      for (; !done; turns++) await new Promise(resolve => setImmediate(resolve))
    })()
    const read = await parseLongJson(`[${items.join(',')}]`)
    done = true
    await others
    expect(read).toHaveLength(200_000)
    expect(turns).toBeGreaterThan(5)
  })

  describe('of an object of very many members', () => {
    const many = (count: number) =>
      `{${Array.from({ length: count }, (_, i) => `"member-${i}":${i}`).join(',')}}`
    const options = { members: 10_000, longMembers: { refs: 30_000 } }

    it('gives them one by one where they are of a name that may have more', async () => {
      const { refs } = (await parseLongJson(`{"refs":${many(20_000)}}`, options)) as LongJsonObject
      expect(refs).toBeInstanceOf(LongObject)
      const { members } = refs as LongObject
      expect([members.length, members[19_999]]).toEqual([20_000, ['member-19999', 19_999]])
    })

    it('gives what others have where they are no more', async () => {
      const { refs } = (await parseLongJson(`{"refs":${many(10_000)}}`, options)) as LongJsonObject
      expect(refs).toHaveProperty('member-9999', 9999)
    })

    it.each([
      [`{"refs":${many(30_001)}}`, '"refs" of more than 30000 members'],
      [`{"a":{"refs":${many(20_000)}}}`, '"refs" of more than 10000 members'],
      [`{"constructor":${many(20_000)}}`, '"constructor" of more than 10000 members'],
    ])('refuses more', async (text, message) => {
      await expect(parseLongJson(text, options)).rejects.toThrow(message)
    })
  })
})
