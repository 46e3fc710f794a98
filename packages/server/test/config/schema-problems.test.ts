import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { examineShares } from '../../src/config/check-shares.js'
import { schemaProblems } from '../../src/config/schema-problems.js'

const schema = z.strictObject({
  secret: z.union([z.string().min(16), z.strictObject({ file: z.string().min(1) })]).optional(),
  kind: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('role'), seconds: z.int() }),
      z.strictObject({ kind: z.literal('keys'), location: z.string() }),
    ])
    .optional(),
  address: z.union([z.ipv4(), z.ipv6()]).optional(),
  url: z.url().optional(),
  count: z.int().min(1).max(9).optional(),
  ratio: z.number().positive().optional(),
  format: z.enum(['delta', 'hudi']).optional(),
  list: z.array(z.string()).min(1).optional(),
  at: z.iso.datetime({ offset: true }).optional(),
  on: z.boolean().optional(),
})

const problems = (document: unknown) =>
  schemaProblems(schema.safeParse(document).error?.issues ?? [], { schema, document })
const told = (document: unknown) =>
  problems(document).map(({ path, message }) => `${path.join('.')}: ${message}`)

describe('schemaProblems', () => {
  it.each<[string, unknown, readonly string[]]>([
    ['text for a number', { count: 'eighty' }, ['count: expected a number, found "eighty"']],
    ['a fraction', { count: 1.5 }, ['count: expected a whole number, found 1.5']],
    ['too much', { count: 10 }, ['count: expected 9 or less, found 10']],
    ['too little', { ratio: 0 }, ['ratio: expected more than 0, found 0']],
    ['nothing', { count: null }, ['count: expected a number, found nothing']],
    ['no boolean', { on: 'yes' }, ['on: expected true or false, found "yes"']],
    ['a list for a text', { url: [] }, ['url: expected text, found a list']],
    [
      'a URL that is none',
      { url: 'share.example/x' },
      ['url: expected a URL such as https://share.example, found "share.example/x"'],
    ],
    [
      'a URL that names no host',
      { url: 'x' },
      ['url: expected a URL such as https://share.example, found text of 1 character'],
    ],
    ['no address', { address: 'x' }, ['address: expected an IP address, found "x"']],
    ['an empty list', { list: [] }, ['list: expected at least 1 in the list, found none']],
    ['no list', { list: { a: 1 } }, ['list: expected a list, found a mapping']],
    [
      'a moment that is none',
      { at: 'May' },
      ['at: expected a moment such as 2026-01-31T12:00:00Z, found "May"'],
    ],
    ['another format', { format: 'dleta' }, ['format: expected delta or hudi, found "dleta"']],
    ['another kind', { kind: { kind: 'x' } }, ['kind.kind: expected role or keys, found "x"']],
    ['no kind', { kind: {} }, ['kind.kind: "kind" is missing']],
    ['a short secret', { secret: 'short' }, ['secret: expected at least 16 characters, found 5']],
    ['neither of two kinds', { secret: 3 }, ['secret: expected text or a mapping, found a number']],
    [
      'a misspelt key in one of two',
      { secret: { fiel: 'a' } },
      ['secret.file: "file" is missing', 'secret.fiel: unknown key "fiel"'],
    ],
    ['no mapping', 'x', [': expected a mapping, found text of 1 character']],
    ['a number for a text', { url: 5 }, ['url: expected text, found a number']],
    [
      'all of it at once',
      { count: 0, kind: { kind: 'role' }, unknown: 1 },
      [
        'kind.seconds: "seconds" is missing',
        'count: expected 1 or more, found 0',
        'unknown: unknown key "unknown"',
      ],
    ],
  ])('tells %s', (_, document, expected) => {
    expect(told(document)).toEqual(expected)
  })

  it.each([
    [{ kind: { kind: 'role', seconds: 1, sceonds: 2, location: 'x' } }, ['kind', 'seconds']],
    [{ secret: { fiel: 'a' } }, ['file']],
  ])('offers the keys of the kind that was written: %j', (document, expected) => {
    const names = problems(document).flatMap(({ meant }) => meant?.names ?? [])
    for (const name of names) expect(expected).toContain(name)
    expect(names).not.toContain('location')
  })

  it.each([
    'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'AKIAIOSFODNN7EXAMPLE',
    'mF_9.B5f-4.1JqM8Zc2yT0aXqLw3eR7uYpNvKsDhG',
    'https://key:hunter2@store.example',
    'https://x.example/?X-Amz-Signature=abc',
  ])('never quotes what may be a secret: %s', secret => {
    const documents = [
      { count: secret },
      { format: secret },
      { url: secret.replace('https:', '') },
      { [secret]: 1 },
      { kind: { kind: secret } },
      { on: secret },
      { secret: [secret] },
    ]
    for (const document of documents) {
      const messages = problems(document).map(({ message }) => message)
      expect(messages).not.toEqual([])
      expect(messages.join()).not.toContain(secret.replace('https:', ''))
    }
  })
})

describe('what stands where another kind of value belongs', () => {
  it.each([
    ['a short secret for a list', { list: 'hunter2' }],
    ['a short secret for a choice of mappings', { kind: 'hunter2' }],
    ['a number for a list', { list: 726354 }],
    ['a key and a value without a space', { 'secret:hunter2': null }],
    ['a user and a password for a port', { url: 'https://user:hunter2' }],
    ['a password alone for a URL', { url: 'hunter2' }],
    ['a setting in words for a number', { count: 'password=hunter2' }],
  ])('is told by its kind: %s', (_, document) => {
    const [message] = problems(document).map(each => each.message)
    expect(message).toMatch(/found (text of \d+ characters|a number)$|unknown key a key of 14 char/)
    expect(message).not.toMatch(/hunter2|726354/)
  })
})

describe('examineShares', () => {
  const token = 'xZq3-bY7_kLm9PpQrS2tUvWx4yZaBcDeFgHiJkLmNoP'

  it('finds a token where its hash belongs, and does not repeat it', () => {
    const { problems: found } = examineShares({
      recipients: [{ name: 'a', tokens: [{ sha256: token }], shares: [token] }],
    })
    expect(found).toMatchObject([
      { message: expect.stringMatching(/64 hexadecimal digits.*found text of 43 characters/) },
    ])
    const granted = examineShares({ recipients: [{ name: 'a', shares: [token] }] })
    expect(granted.problems).toMatchObject([{ path: ['recipients', 0, 'shares', 0] }])
    expect(granted.problems[0]!.message).not.toContain(token)
  })

  it('finds what stands twice, is granted and not there, or not understood: all at once, where it stands', () => {
    const table = { name: 't', location: '/x' }
    const tables = [table, { ...table, name: 'T' }, { ...table, name: 'u', partitions: 'f(x) = 1' }]
    const share = { name: 'lake', schemas: [{ name: 's', tables }] }
    const recipients = [{ name: 'a', shares: ['laek'] }, { name: 'A' }]
    const { problems: found, checked } = examineShares({ shares: [share, share], recipients })
    expect(checked).toBeUndefined()
    expect(found.map(({ path }) => path.join('.'))).toEqual([
      'shares.1.name',
      'shares.0.schemas.0.tables.1.name',
      'shares.0.schemas.0.tables.2.partitions',
      'shares.1.schemas.0.tables.1.name',
      'shares.1.schemas.0.tables.2.partitions',
      'recipients.1.name',
      'recipients.0.shares.0',
    ])
    expect(found.at(-1)!.meant).toEqual({ written: 'laek', names: ['lake', 'lake'] })
  })
})
