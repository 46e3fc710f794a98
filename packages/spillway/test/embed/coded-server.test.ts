import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { type Recipient, TableError } from '@spillway/core'
import type { AccessRecord, RequestEvent } from '@spillway/server'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import {
  type CodedServerOptions,
  createSharingServer,
  parseConfig,
  type SharesOf,
} from '../../src/index.js'
import { jsonLogLine } from '../../src/serve/log-lines.js'
import { golden } from '../support/sample-share.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-coded-'))
for (const name of ['plain', 'types', 'dv-delete']) {
  cpSync(join(golden, name === 'types' ? 'all-types' : name), join(folder, name), {
    recursive: true,
  })
}
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

const TOKEN = 'a-token-of-some-length'
const lake: SharesOf = [
  { name: 'lake', schemas: [{ name: 'd', tables: [{ name: 't', location: 'plain' }] }] },
]
const partner = { name: 'partner', shares: ['lake'], tokens: [{ token: TOKEN }] }

type Settings = Omit<CodedServerOptions, 'endpoint' | 'log'>

/** The server, what it logged, and how to ask it with a token. */
function made(settings: Settings) {
  const log: AccessRecord[] = []
  const server = createSharingServer({
    endpoint: 'https://share.example/a',
    folder,
    ...settings,
    log: record => log.push({ ...record }),
  })
  closers.push(() => server.close())
  const ask = (path: string, { token = TOKEN, ...init }: RequestInit & { token?: string } = {}) =>
    server.fetch(
      new Request(path.startsWith('https:') ? path : `https://share.example/a${path}`, {
        ...init,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      }),
      { address: '192.0.2.7' },
    )
  const query = (table = 't', token = TOKEN) =>
    ask(`/shares/lake/schemas/d/tables/${table}/query`, { method: 'POST', body: '{}', token })
  return { server, log, ask, query }
}

async function urlsOf(answer: Response): Promise<readonly string[]> {
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${answer.status} ${text}`)
  return text
    .trimEnd()
    .split('\n')
    .flatMap(line => (line.startsWith('{"file"') ? [JSON.parse(line).file.url as string] : []))
}

describe('a server that was not told where to log', () => {
  /** What it says on standard error. */
  async function said(
    work: (ask: (table: string, token?: string) => Promise<Response>) => Promise<void>,
    log?: CodedServerOptions['log'],
  ): Promise<string> {
    const lines: string[] = []
    const spy = vi.spyOn(process.stderr, 'write').mockImplementation(chunk => {
      lines.push(String(chunk))
      return true
    })
    const tables = ['plain', 'nowhere', 'hooked'].map(name => ({ name, location: name }))
    const server = createSharingServer({
      endpoint: 'https://share.example/a',
      folder,
      shares: [{ name: 'lake', schemas: [{ name: 'd', tables }] }],
      recipients: [partner],
      onRequest({ table }) {
        if (table === 'hooked') throw new Error('the audit is down')
      },
      ...(log !== undefined && { log }),
    })
    try {
      await work((table, token = TOKEN) =>
        server.fetch(
          new Request(`https://share.example/a/shares/lake/schemas/d/tables/${table}/query`, {
            method: 'POST',
            body: '{}',
            headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
          }),
          { address: '192.0.2.7' },
        ),
      )
    } finally {
      await server.close()
      spy.mockRestore()
    }
    return lines.join('')
  }

  it('says on standard error what the provider must mend, with the place, and no token', async () => {
    const text = await said(async ask => {
      expect((await ask('nowhere')).status).toBe(404)
      expect((await ask('hooked')).status).toBe(500)
    })
    const [missing, thrown, ...more] = text.trimEnd().split('\n')
    expect(missing).toMatch(
      /^spillway .* 404 {2}partner {2}POST .*lake\.d\.nowhere .*NOT_FOUND the table is shared, but its files are missing.*location=file:.*nowhere/,
    )
    expect(thrown).toMatch(/ 500 {2}partner .*INTERNAL onRequest threw Error: the audit is down/)
    expect(more).toEqual([])
    expect(text).not.toContain(TOKEN)
  })

  it('says nothing of what is answered, or refused for what its sender did', async () => {
    const text = await said(async ask => {
      expect((await ask('plain')).status).toBe(200)
      expect((await ask('plain', 'another-token-of-length')).status).toBe(401)
      expect((await ask('no-such-table')).status).toBe(404)
    })
    expect(text).toBe('')
  })

  it('repeats the same refusal once a minute, with its number, and at the end', async () => {
    const text = await said(async ask => {
      for (let i = 0; i < 5; i++) await ask('nowhere')
    })
    const lines = text.trimEnd().split('\n')
    expect(lines).toHaveLength(2)
    expect(lines[1]).toMatch(/and 3 more refusals like it/)
  })

  it('says nothing where it was told so', async () => {
    expect(await said(async ask => void (await ask('nowhere')), false)).toBe('')
  })
})

describe('a server from code', () => {
  it('shares what is written down, without a file', async () => {
    const { ask, query } = made({ shares: lake, recipients: [partner] })
    const [url] = await urlsOf(await query())
    const file = await ask(url!)
    expect([file.status, (await file.text()).slice(0, 4)]).toEqual([200, 'PAR1'])
    expect((await query('t', 'another-token-of-length')).status).toBe(401)
    expect((await query('other')).status).toBe(404)
  })

  it('takes what nobody can change, in types as well', async () => {
    const shares = [
      { name: 'lake', schemas: [{ name: 'd', tables: [{ name: 't', location: 'plain' }] }] },
    ] as const
    const recipients = [{ name: 'partner', shares: ['lake'], tokens: [{ token: TOKEN }] }] as const
    expect((await made({ shares, recipients }).query()).status).toBe(200)
    const asked = made({ authenticate: () => null, catalog: () => null })
    expect((await asked.query()).status).toBe(401)
  })

  it.each<readonly [string, object, RegExp]>([
    ['nothing', {}, /expected shares, or a catalog/],
    [
      'a misspelt key',
      { shares: [{ nam: 'x' }] },
      /createSharingServer: shares\[0\]: unknown key "nam"; did you mean "name"/,
    ],
    [
      'a short token',
      { shares: lake, recipients: [{ ...partner, tokens: [{ token: 'geheim' }] }] },
      /a token of recipient partner is too short/,
    ],
    [
      'a token that is none',
      { shares: lake, recipients: [{ ...partner, tokens: [{ token: undefined }] }] },
      /a token of recipient partner is undefined: is the environment variable set/,
    ],
    [
      'a grant of nothing',
      { shares: [], recipients: [partner] },
      /is granted share "lake", which is not defined/,
    ],
    [
      'both ways',
      { shares: lake, catalog: async () => lake, authenticate: () => undefined },
      /one of both/,
    ],
    ['a catalog for nobody', { catalog: async () => lake }, /expected authenticate too/],
    [
      'tokens that nobody looks at',
      { shares: lake, recipients: [partner], authenticate: () => undefined },
      /recipient partner has some/,
    ],
    ['a port', { shares: lake, server: { port: 80 } }, /server\.port is for `spillway serve`/],
    ['a file of a secret', { shares: lake, server: { secretFile: 'x' } }, /server\.secretFile/],
    [
      'a file among secrets',
      { shares: lake, server: { secrets: ['0123456789abcdef', { file: 'x' }] } },
      /server\.secrets holds a file/,
    ],
    [
      'limits of who listens',
      { shares: lake, server: { limits: { grantSeconds: 5, headerSeconds: 1 } } },
      /server\.limits\.headerSeconds is for `spillway serve`/,
    ],
    [
      'limits of connections',
      { shares: lake, server: { limits: { connections: 5 } } },
      /server\.limits\.connections is for/,
    ],
    [
      'a misspelt option',
      { shares: lake, recipents: [partner] },
      /unknown key "recipents"; did you mean recipients/,
    ],
    ['an option of nobody', { shares: lake, zzz: 1 }, /unknown key "zzz"; expected endpoint, /],
    [
      'shares beside a configuration',
      { config: parseConfig('shares: []', { folder, path: 'x' }), shares: lake },
      /expected shares in it, or no config/,
    ],
  ])('refuses %s when it is made, and prints no token', (_, settings, reason) => {
    const make = () => made(settings as Settings)
    expect(make).toThrow(reason)
    expect(make).not.toThrow(/geheim/)
  })
})

/** Tenants by token, each with a share of its own tables. */
const TENANTS: Readonly<Record<string, { readonly recipient: Recipient; readonly table: string }>> =
  {
    'token-of-acme-0001': { recipient: { id: '1', name: 'acme' }, table: 'plain' },
    'token-of-umbrella-2': { recipient: { id: '2', name: 'umbrella' }, table: 'types' },
  }

const byHeader = (request: Request) =>
  TENANTS[request.headers.get('authorization')?.replace('Bearer ', '') ?? '']?.recipient

const sharesFor = ({ id }: Recipient): SharesOf | undefined => {
  const tenant = Object.values(TENANTS).find(({ recipient }) => recipient.id === id)
  return (
    tenant && [
      {
        name: 'lake',
        schemas: [{ name: 'd', tables: [{ name: tenant.table, location: tenant.table }] }],
      },
    ]
  )
}

describe('a server of many tenants', () => {
  const [ACME, UMBRELLA] = Object.keys(TENANTS) as [string, string]

  it("gives each what its callbacks say, and nobody what is another one's", async () => {
    const { ask, query } = made({ authenticate: byHeader, catalog: sharesFor, roots: ['.'] })
    const urls = await urlsOf(await query('plain', ACME))
    expect((await ask(urls[0]!)).status).toBe(200)
    expect((await query('types', ACME)).status).toBe(404)
    expect((await query('plain', UMBRELLA)).status).toBe(404)
    expect((await urlsOf(await query('types', UMBRELLA))).length).toBeGreaterThan(0)
    expect((await query('plain', 'token-of-nobody')).status).toBe(401)
    const listed = await (await ask('/shares/lake/all-tables', { token: ACME })).json()
    expect(listed).toMatchObject({ items: [{ name: 'plain' }] })
  })

  it('reads no local file outside the roots, whatever a catalog says', async () => {
    const outside = made({ authenticate: byHeader, catalog: sharesFor, roots: ['types'] })
    expect((await outside.query('plain', ACME)).status).toBe(400)
    expect((await outside.query('types', UMBRELLA)).status).toBe(200)
    const rootless = made({ authenticate: byHeader, catalog: sharesFor })
    expect((await rootless.query('plain', ACME)).status).toBe(400)
  })

  it('ends URLs within a second of the answer that takes their table back', async () => {
    let given: SharesOf | undefined = sharesFor(TENANTS[ACME]!.recipient)
    const { ask, query } = made({ authenticate: byHeader, catalog: () => given, roots: ['.'] })
    const [url] = await urlsOf(await query('plain', ACME))
    expect((await ask(url!)).status).toBe(200)
    given = undefined
    await expect.poll(async () => (await ask(url!)).status).toBe(403)
    expect((await query('plain', ACME)).status).toBe(404)
  })

  it('notices a list that was changed in place', async () => {
    const tables = [{ name: 'plain', location: 'plain' }]
    const given: SharesOf = [{ name: 'lake', schemas: [{ name: 'd', tables }] }]
    const { query } = made({ authenticate: byHeader, catalog: () => given, roots: ['.'] })
    expect((await query('plain', ACME)).status).toBe(200)
    tables.splice(0)
    await expect.poll(async () => (await query('plain', ACME)).status).toBe(404)
  })

  it('asks for a recipient once a second, however many ask', async () => {
    let asked = 0
    const catalog = async (recipient: Recipient) => {
      asked++
      return sharesFor(recipient)
    }
    const { query } = made({ authenticate: byHeader, catalog, roots: ['.'] })
    const answers = await Promise.all(Array.from({ length: 20 }, () => query('plain', ACME)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    await Promise.all(answers.map(each => each.text()))
    expect(asked).toBeLessThanOrEqual(3)
  })

  it('takes recipients from a callback and grants from a list', async () => {
    const recipients = [{ id: '1', name: 'acme', shares: ['lake'] }]
    const { ask, query } = made({ shares: lake, recipients, authenticate: byHeader })
    const [url] = await urlsOf(await query('t', ACME))
    expect((await ask(url!)).status).toBe(200)
    expect((await query('t', UMBRELLA)).status).toBe(404)
  })
})

/** What code of others does wrong. */
const FAULTS: readonly (readonly [string, () => unknown, number])[] = [
  [
    'throws',
    () => {
      throw new Error(`no such token ${TOKEN} in postgres://me:pass@db`)
    },
    500,
  ],
  [
    'throws later',
    async () => {
      throw new TypeError(`Bearer ${TOKEN}`)
    },
    500,
  ],
  [
    'throws no error',
    () => {
      throw TOKEN
    },
    500,
  ],
  [
    'says that it may pass',
    () => {
      throw new TableError('STORAGE_UNAVAILABLE', 'the database is away')
    },
    503,
  ],
  [
    'refuses',
    () => {
      throw new TableError('PERMISSION_DENIED', 'not from here')
    },
    403,
  ],
  [
    'limits',
    () => {
      throw new TableError('RATE_LIMITED', 'too many', { context: { retryAfterSeconds: 7 } })
    },
    429,
  ],
  ['hangs', () => new Promise(() => undefined), 503],
]
const NO_RECIPIENTS: readonly (readonly [string, () => unknown, number])[] = [
  ['says yes', () => true, 500],
  ['gives a name alone', () => ({ name: 'acme' }), 500],
  ['gives a number as id', () => ({ id: 1, name: 'acme' }), 500],
  ['gives an empty id', () => ({ id: '', name: 'acme' }), 500],
  ['gives null', () => null, 401],
]
const NO_SHARES: readonly (readonly [string, () => unknown, number])[] = [
  ['says yes', () => true, 500],
  ['gives a share without a name', () => [{ schemas: [] }], 500],
  ['gives an unknown key', () => [{ name: 'lake', secret: TOKEN }], 500],
  [
    'gives no place of a table',
    () => [{ name: 'lake', schemas: [{ name: 'd', tables: [{ name: 't' }] }] }],
    500,
  ],
  ['gives two of a name', () => [{ name: 'lake' }, { name: 'LAKE' }], 500],
  ['gives null', () => null, 404],
]

const server = { limits: { grantSeconds: 1 } }

describe('fails closed', () => {
  const callers: readonly (readonly [string, (fault: () => unknown) => Settings, typeof FAULTS])[] =
    [
      [
        'authenticate',
        fault => ({ shares: lake, recipients: [], server, authenticate: fault as () => undefined }),
        [...FAULTS, ...NO_RECIPIENTS],
      ],
      [
        'catalog',
        fault => ({
          authenticate: () => ({ id: '1', name: 'acme' }),
          catalog: fault as () => undefined,
          roots: ['.'],
          server,
        }),
        [...FAULTS, ...NO_SHARES],
      ],
      [
        'onRequest',
        fault => ({
          shares: lake,
          recipients: [partner],
          server,
          onRequest: fault as () => undefined,
        }),
        FAULTS,
      ],
    ]
  it.each(
    callers.flatMap(([name, settings, faults]) =>
      faults.map(([how, fault, status]) => [name, how, settings(fault), status] as const),
    ),
  )('where %s %s', async (_, how, settings, status) => {
    const { query, log } = made(settings)
    const answer = await query()
    const text = await answer.text()
    expect(answer.status).toBe(status)
    expect(text).not.toMatch(/"file"|"metaData"/)
    expect(text).not.toMatch(/postgres|a-token|database|Bearer/)
    if (status === 429) expect(answer.headers.get('retry-after')).toBe('7')
    const lines = log.map(jsonLogLine).join('\n')
    expect(lines).not.toContain(TOKEN)
    expect(lines).not.toContain('me:pass')
    if (how === 'throws' && status === 500) expect(lines).toContain('threw Error: no such token')
    expect(log).toHaveLength(1)
  })
})

/** Thrown by code of others, or told by it, with what a request proved somebody by. */
const LEAKS: readonly (readonly [string, (request: Request) => unknown])[] = [
  [
    'a decoded password',
    ({ headers }) => {
      const [, encoded = ''] = headers.get('authorization')!.split(' ')
      const [user, password] = Buffer.from(encoded, 'base64').toString().split(':')
      throw new Error(`no such user ${user} with password ${password}`)
    },
  ],
  [
    'a header of its own',
    ({ headers }) => {
      throw new TableError('PERMISSION_DENIED', `no ${headers.get('x-auth-token')}`)
    },
  ],
  [
    'the whole URL',
    ({ url }) => {
      throw new Error(`bad ${url}`)
    },
  ],
  [
    'a decoded cookie',
    ({ headers }) => {
      throw new Error(decodeURIComponent(headers.get('cookie')!))
    },
  ],
  [
    'lists in its context',
    ({ headers }) => {
      const context = { sent: [...headers].map(String) } as unknown as { sent: string }
      throw new TableError('PERMISSION_DENIED', 'no', { context })
    },
  ],
  ['a name', ({ headers }) => ({ id: '1', name: headers.get('x-auth-token') })],
  ['an id', ({ headers }) => ({ id: headers.get('authorization'), name: 'acme' })],
  ['a key', ({ headers }) => ({ [headers.get('cookie')!]: 1 })],
]

it.each(LEAKS)('no credential is logged or told that an embedder leaks in %s', async (_, fault) => {
  const { server, log } = made({ shares: lake, authenticate: fault as () => undefined })
  const headers = {
    authorization: `Basic ${Buffer.from('alice:SuperSecret1').toString('base64')}`,
    'x-auth-token': 'XAUTHSECRETXAUTHSECRET',
    cookie: 'sid=abc%2Bdefghijklmnop%3D',
  }
  const url = 'https://share.example/a/shares?token=QueryTokenSecret'
  const answer = await server.fetch(new Request(url, { headers }))
  expect(answer.status).toBeGreaterThanOrEqual(400)
  expect(log).toHaveLength(1)
  const said = `${await answer.text()} ${jsonLogLine(log[0]!)} ${inspect(log[0], { depth: 9 })}`
  expect(said).not.toMatch(/SuperSecret1|XAUTH|QueryToken|defghijklmnop|YWxpY2U6/)
})

it('gives a place back whatever is thrown', async () => {
  const marker = Symbol.for('spillway.TableError')
  const hostile = new Proxy(new Error('x'), {
    get: () => {
      throw new Error('y')
    },
  })
  const thrown: unknown[] = [
    Object.assign(new Error('x'), { [marker]: true, code: 'FORBIDDEN', context: {} }),
    Object.assign(new Error('x'), { [marker]: true, code: '__proto__' }),
    Object.assign(new Error('x'), { [marker]: true, code: 'RATE_LIMITED', message: {} }),
    hostile,
    undefined,
  ]
  const { query, log } = made({
    shares: lake,
    recipients: [partner],
    server: { limits: { requestsPerRecipient: 1 } },
    onRequest: () => {
      if (thrown.length > 0) throw thrown.shift()
    },
  })
  const statuses: number[] = []
  for (let i = 0; i < 6; i++) {
    const answer = await query()
    await answer.text()
    statuses.push(answer.status)
  }
  expect(statuses).toEqual([500, 500, 429, 500, 500, 200])
  expect(log.map(jsonLogLine)).toHaveLength(6)
})

it('changes nothing that code of others changes of what it is told', async () => {
  const secret: SharesOf = [...lake, { name: 'secret', schemas: [] }]
  const boss = { name: 'boss', shares: ['*'], tokens: [{ token: 'the-token-of-the-boss' }] }
  const { ask, log } = made({
    shares: secret,
    recipients: [partner, boss],
    onRequest: ({ recipient }) => {
      Reflect.set(recipient, 'id', 'boss')
      Reflect.set(recipient, 'name', 'boss')
      return record => {
        Reflect.set(record, 'recipient', 'boss')
        Reflect.set(record, 'status', 200)
      }
    },
  })
  for (let i = 0; i < 2; i++) {
    const { items } = (await (await ask('/shares')).json()) as { items: readonly object[] }
    expect(items).toMatchObject([{ name: 'lake' }])
    expect(items).toHaveLength(1)
    expect((await ask('/shares/secret')).status).toBe(404)
  }
  expect(log.map(({ recipient, status }) => [recipient, status])).toEqual([
    ['partner', 200],
    ['partner', 404],
    ['partner', 200],
    ['partner', 404],
  ])
})

it.each<[string, () => unknown]>([
  ['a promise', () => Promise.reject(new Error('away'))],
  ['a promise of another realm', runInNewContext('() => Promise.reject(new Error("away"))')],
  // biome-ignore lint/suspicious/noThenProperty: what looks like a promise is what this is about.
  ['a thenable', () => ({ then: (_: unknown, fail: (e: Error) => void) => fail(new Error('x')) })],
])('is not ended by %s of a log or of an audit', async (_, fault) => {
  const unhandled: unknown[] = []
  const note = (reason: unknown) => unhandled.push(reason)
  process.on('unhandledRejection', note)
  const server = createSharingServer({
    endpoint: 'https://share.example/a',
    shares: lake,
    folder,
    recipients: [partner],
    log: fault as () => undefined,
    onRequest: () => fault as () => undefined,
  })
  closers.push(() => server.close())
  const headers = { authorization: `Bearer ${TOKEN}` }
  const answer = await server.fetch(new Request('https://share.example/a/shares', { headers }))
  expect(answer.status).toBe(200)
  await new Promise(resolve => setTimeout(resolve, 20))
  process.off('unhandledRejection', note)
  expect(unhandled).toEqual([])
})

describe('onRequest', () => {
  it('is told of each request before it and at its end, under one id', async () => {
    const events: RequestEvent[] = []
    const ends: AccessRecord[] = []
    const onRequest = (event: RequestEvent) => {
      events.push(event)
      return (record: Readonly<AccessRecord>) => {
        ends.push({ ...record })
      }
    }
    const { ask, query } = made({ shares: lake, recipients: [partner], onRequest })
    const answer = await query()
    expect(answer.headers.get('x-request-id')).toBe(events[0]!.requestId)
    expect(ends).toEqual([])
    const [url] = await urlsOf(answer)
    await (await ask(url!)).arrayBuffer()
    expect((await query('other')).status).toBe(404)
    expect((await query('t', 'a-token-of-nobody-x')).status).toBe(401)
    const named = { recipient: { id: 'partner', name: 'partner' }, share: 'lake', schema: 'd' }
    expect(events).toMatchObject([
      { ...named, table: 't', method: 'POST', address: '192.0.2.7' },
      { ...named, table: 't', method: 'GET', route: '/files', address: '192.0.2.7' },
      { ...named, table: 'other', method: 'POST' },
    ])
    expect(events[1]!.file).toContain('plain/')
    await expect.poll(() => ends.length).toBe(3)
    expect(ends.map(({ requestId }) => requestId)).toEqual(events.map(each => each.requestId))
    expect(ends).toMatchObject([
      { status: 200, outcome: 'complete', filesReturned: expect.any(Number) },
      { status: 200, outcome: 'complete', bytesSent: expect.any(Number) },
      { status: 404, outcome: 'failed' },
    ])
    expect(
      JSON.stringify([...events, ...ends], (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
    ).not.toMatch(/X-Amz|a-token/)
  })

  it.each([
    ['a refusal', new TableError('PERMISSION_DENIED', 'quota of files'), 403],
    [
      'a limit',
      new TableError('RATE_LIMITED', 'later', { context: { retryAfterSeconds: 9 } }),
      429,
    ],
    ['a fault', new Error(TOKEN), 503],
  ])('stands before files too: %s', async (_, thrown, status) => {
    const onRequest = ({ route }: RequestEvent) => {
      if (route === '/files') throw thrown
    }
    const { ask, query, log } = made({ shares: lake, recipients: [partner], onRequest })
    const [url] = await urlsOf(await query())
    const file = await ask(url!)
    expect([file.status, await file.text()]).toEqual([status, ''])
    expect(file.headers.get('retry-after')).toBe({ 403: null, 429: '9', 503: '1' }[status])
    expect(log.at(-1)).toMatchObject({ route: '/files', status, outcome: 'failed' })
  })

  it.each<[string, TableError, number, string | null]>([
    [
      'a wait that is none',
      new TableError('RATE_LIMITED', 'slow', {
        context: { retryAfterSeconds: 'soon\r\nx: y' },
      }),
      429,
      '1',
    ],
    ['a book', new TableError('PERMISSION_DENIED', 'x'.repeat(100_000)), 403, null],
    ['more headers', new TableError('PERMISSION_DENIED', 'a\r\nset-cookie: b'), 403, null],
    ['letters of elsewhere', new TableError('PERMISSION_DENIED', '\u{1f4a5} größer'), 403, null],
    ['a place', new TableError('PERMISSION_DENIED', 'not s3://bucket/private/x'), 403, null],
    ['who asks', new TableError('UNAUTHENTICATED', 'who'), 401, null],
    ['nothing there', new TableError('NOT_FOUND', 'gone'), 404, null],
  ])('of files is told in headers that anybody takes: %s', async (_, thrown, status, wait) => {
    const onRequest = ({ route }: RequestEvent) => {
      if (route === '/files') throw thrown
    }
    const { ask, query } = made({ shares: lake, recipients: [partner], onRequest })
    const [url] = await urlsOf(await query())
    const { status: found, headers } = await ask(url!)
    expect([found, headers.get('retry-after')]).toEqual([status, wait])
    expect(headers.get('spillway-error')).toMatch(/^[A-Z_]+; [ -~]{1,1010}$/)
    expect(headers.get('spillway-error')).not.toContain('bucket')
    expect(headers.get('set-cookie')).toBeNull()
  })

  it('is told of the end also where it answered too late, or its end throws', async () => {
    const ends: string[] = []
    let answerNow: (() => void) | undefined
    const { query } = made({
      shares: lake,
      recipients: [partner],
      server,
      onRequest: async () => {
        await new Promise<void>(resolve => {
          answerNow = resolve
        })
        return ({ outcome }) => {
          ends.push(outcome!)
          throw new Error('the audit is away')
        }
      },
    })
    expect((await query()).status).toBe(503)
    answerNow?.()
    await expect.poll(() => ends).toEqual(['failed'])
  })
})
