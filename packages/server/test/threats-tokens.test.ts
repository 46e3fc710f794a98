import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { findByHash, tokenHash } from '../src/access/authenticate.js'
import { createSharingServer, type SharesConfig } from '../src/index.js'
import { expectNoSecrets } from './support/log-text.js'
import {
  failure,
  linesOf,
  OTHER_TOKEN,
  type Running,
  startServer,
  TOKEN,
  tablePath,
} from './support/serve.js'

const ASYNC = { 'delta-sharing-capabilities': 'responseformat=parquet;asyncquery=true' }
const FEED = `${tablePath('changing')}/changes?startingVersion=0&endingVersion=3&maxFiles=1`

let server: Running
beforeAll(async () => {
  server = await startServer()
})
afterAll(() => server.close())
beforeEach(() => {
  server.log.length = 0
  server.time.now = Date.now()
})

/** The same shares, of whose tables something else is shared. */
function changedGrants(config: SharesConfig, grant: object): SharesConfig {
  const shares = (config.shares ?? []).map(share => ({
    ...share,
    schemas: (share.schemas ?? []).map(schema => ({
      ...schema,
      tables: (schema.tables ?? []).map(table => ({ ...table, ...grant })),
    })),
  }))
  return { ...config, shares }
}

/** Something that the server sealed, and the request that presents it. */
interface Sealed {
  readonly name: string
  readonly issue: () => Promise<string>
  readonly present: (token: string, headers?: Record<string, string>) => Promise<Response>
  /** What a token that is not good here is answered with. */
  readonly status: number
}

async function lastToken(response: Response, member: string): Promise<string> {
  const end = (await linesOf(response)).at(-1)?.endStreamAction
  return String(end?.[member])
}

const query = (body: object, headers = {}) => server.query('partitioned', body, headers)

const sealed: readonly Sealed[] = [
  {
    name: 'page token',
    issue: async () => lastToken(await query({ maxFiles: 2 }), 'nextPageToken'),
    present: (pageToken, headers) => query({ maxFiles: 2, pageToken }, headers),
    status: 400,
  },
  {
    name: 'refresh token',
    issue: async () => lastToken(await query({ includeRefreshToken: true }), 'refreshToken'),
    present: (refreshToken, headers) => query({ refreshToken }, headers),
    status: 400,
  },
  {
    name: 'page token of a change feed',
    issue: async () => lastToken(await server.ask(FEED), 'nextPageToken'),
    present: (pageToken, headers = {}) => server.ask(`${FEED}&pageToken=${pageToken}`, { headers }),
    status: 400,
  },
  {
    name: 'page token of a list',
    issue: async () => {
      const list = await (await server.ask('/shares?maxResults=1')).json()
      return (list as { nextPageToken: string }).nextPageToken
    },
    present: (pageToken, headers = {}) =>
      server.ask(`/shares?maxResults=1&pageToken=${pageToken}`, { headers }),
    status: 400,
  },
  {
    name: 'query id',
    issue: async () => {
      const [line] = await linesOf(await query({}, ASYNC))
      return String(line?.queryStatus?.queryId)
    },
    present: (id, headers = {}) =>
      server.ask(`${tablePath('partitioned')}/queries/${id}`, { method: 'POST', headers }),
    status: 404,
  },
]

/** Refused as it should be, and on record as a refusal that tells no secret. */
async function expectRefused(one: Sealed, token: string, headers: Record<string, string> = {}) {
  const before = server.log.length
  const response = await one.present(token, headers)
  const { status, message } = await failure(response)
  expect([one.name, token, status]).toEqual([one.name, token, one.status])
  expect(message).not.toContain(token)
  const record = server.log[before]
  expect(record).toMatchObject({ status: one.status, outcome: 'failed' })
  expect(record?.error).toBeInstanceOf(Error)
  expectNoSecrets(server.log, [TOKEN, OTHER_TOKEN, token])
}

describe.each(sealed)('a $name', one => {
  it('is good for whoever it was issued to', async () => {
    expect((await one.present(await one.issue())).status).toBe(200)
  })

  it('is refused with any character changed, left out or added', async () => {
    const token = await one.issue()
    const step = Math.max(1, Math.floor(token.length / 40))
    for (let at = 0; at < token.length; at += step) {
      const changed = token[at] === 'A' ? 'B' : 'A'
      await expectRefused(one, token.slice(0, at) + changed + token.slice(at + 1))
    }
    await expectRefused(one, token.slice(0, -1))
    await expectRefused(one, `${token}A`)
    await expectRefused(one, 'AAAA')
  })

  it('is refused when another secret sealed it', async () => {
    const own = await startServer({ tokenSecret: 'the secret of another server' })
    const issued = await issueFrom(own, one.name)
    await own.close()
    await expectRefused(one, issued)
  })

  it('is refused to another recipient', async () => {
    const token = await one.issue()
    await expectRefused(one, token, { authorization: `Bearer ${OTHER_TOKEN}` })
  })

  it('is refused once it has expired', async () => {
    const token = await one.issue()
    server.time.now += 4 * 24 * 3600_000
    await expectRefused(one, token)
  })

  it.each<readonly [string, object]>([
    ['other partitions', { partitions: "day = '2026-01-01'" }],
    ['a later start', { startVersion: 1 }],
    ['columns held back', { redactDropped: 'refuse' }],
  ])(
    'is refused clearly once %s are shared, and good again when that is undone',
    async (_, grant) => {
      // A list is of all that is shared now, whatever that is.
      if (one.name === 'page token of a list') return
      const token = await one.issue()
      server.shares.replace(changedGrants(server.config, grant))
      const answer = await failure(await one.present(token))
      server.shares.replace(server.config)
      expect(answer).toMatchObject({ status: 400, errorCode: 'INVALID_PARAMETER_VALUE' })
      expect(answer.message).toMatch(
        /what is shared of this table has changed .* restart the query/,
      )
      expect((await one.present(token)).status).toBe(200)
    },
  )

  it('opens nothing else', async () => {
    const token = await one.issue()
    for (const other of sealed) {
      if (other.name !== one.name) await expectRefused(other, token)
    }
  })
})

/** The same kind of token from a server over the same tables. */
async function issueFrom(other: Running, name: string): Promise<string> {
  const ours = server
  server = other
  try {
    return await sealed.find(one => one.name === name)!.issue()
  } finally {
    server = ours
  }
}

describe('a token of one table', () => {
  it.each(['page token', 'refresh token', 'query id'])('a %s opens no other', async name => {
    const token = await sealed.find(one => one.name === name)!.issue()
    const body = name === 'page token' ? { maxFiles: 2, pageToken: token } : { refreshToken: token }
    const response =
      name === 'query id'
        ? await server.ask(`${tablePath('simple')}/queries/${token}`, { method: 'POST' })
        : await server.query('simple', body)
    expect((await failure(response)).status).toBe(name === 'query id' ? 404 : 400)
  })

  it('opens nothing once the table is no longer granted', async () => {
    const own = await startServer()
    const pages = await lastToken(await own.query('partitioned', { maxFiles: 1 }), 'nextPageToken')
    own.shares.replace({
      ...own.config,
      shares: [{ name: 'lake' }, { name: 'other' }, { name: 'third' }],
    })
    const response = await own.query('partitioned', { maxFiles: 1, pageToken: pages })
    expect((await failure(response)).status).toBe(404)
    await own.close()
  })

  it('reads nothing before a start that was set since', async () => {
    const own = await startServer()
    const token = await lastToken(
      await own.query('simple', { includeRefreshToken: true }),
      'refreshToken',
    )
    const location = `file://${own.lake.root}/simple`
    own.shares.replace({
      ...own.config,
      shares: [
        {
          name: 'Lake',
          schemas: [
            {
              name: 'Main',
              tables: [{ name: 'simple', location, history: true, startVersion: 3 }],
            },
          ],
        },
        { name: 'other' },
        { name: 'third' },
      ],
    })
    // The id of the table follows from its name: the token is still its own.
    const answer = await failure(await own.query('simple', { refreshToken: token }))
    expect(answer).toMatchObject({ status: 400, message: expect.stringMatching(/changed since/) })
    // Nor is its latest version answered, which is none that was to be shared.
    const path = '/shares/Lake/schemas/Main/tables/simple'
    for (const asked of [
      own.query('simple', {}),
      own.query('simple', { maxFiles: 1 }),
      own.ask(`${path}/metadata`),
      own.ask(`${path}/version`),
    ]) {
      expect(await failure(await asked)).toMatchObject({
        status: 400,
        message: 'You can only query table data since version 3.',
      })
    }
    await own.close()
  })
})

describe('a bearer token', () => {
  const refusals = [
    ['unknown', 'token-of-acmf'],
    ['expired', 'an-expired-token'],
    ['of another scheme', undefined],
    ['empty', ''],
    ['absurdly long', 'x'.repeat(8000)],
    ['the hash that is kept of one', tokenHash(TOKEN).toString('hex')],
  ] as const

  it.each(refusals)('%s is refused like any other, and not logged', async (_, token) => {
    const authorization = token === undefined ? `Basic ${btoa(`acme:${TOKEN}`)}` : `Bearer ${token}`
    const response = await server.ask('/shares', { headers: { authorization } })
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /)
    expect(await failure(response)).toMatchObject({ status: 401, errorCode: 'UNAUTHENTICATED' })
    expect(server.log[0]).toMatchObject({ status: 401, outcome: 'failed' })
    expect(server.log[0]).not.toHaveProperty('recipient')
    expectNoSecrets(server.log, [TOKEN, ...(token ? [token] : [])])
  })

  it('unknown and expired are told apart by nothing in the answer', async () => {
    const answers = await Promise.all(
      ['nobody-knows', 'an-expired-token'].map(async token => {
        const response = await server.ask('/shares', {
          headers: { authorization: `Bearer ${token}`, 'x-request-id': 'same' },
        })
        const { date: _, ...headers } = Object.fromEntries(response.headers)
        return [response.status, headers, await response.text()]
      }),
    )
    expect(answers[0]).toEqual(answers[1])
  })

  it('takes as many comparisons, each in constant time, whether and where it is found', () => {
    const known = Array.from({ length: 100 }, (_, index) => `token-${index}`)
    const comparisons = (token: string) => {
      let read = 0
      const entries = known.map(each => ({
        get hash() {
          read++
          return tokenHash(each)
        },
      }))
      const found = findByHash(entries, tokenHash(token))
      return [read, found !== undefined]
    }
    expect(['token-0', 'token-50', 'token-99', 'token-100', ''].map(comparisons)).toEqual([
      [100, true],
      [100, true],
      [100, true],
      [100, false],
      [100, false],
    ])
  })

  it('is not taken from the URL', async () => {
    const url = `${server.origin}/delta-sharing/shares?access_token=${TOKEN}&token=${TOKEN}`
    expect((await fetch(url)).status).toBe(401)
    expectNoSecrets(server.log, [TOKEN])
  })
})

it('a server without a secret of its own seals tokens that end with it', async () => {
  const page = () => {
    const one = createSharingServer({ engine: undefined as never, catalog: server.shares })
    return one.fetch(
      new Request('http://x/delta-sharing/shares?maxResults=1', {
        headers: { authorization: `Bearer ${TOKEN}` },
      }),
    )
  }
  const { nextPageToken } = (await (await page()).json()) as { nextPageToken: string }
  const other = (await (await page()).json()) as { nextPageToken: string }
  expect(other.nextPageToken).not.toBe(nextPageToken)
})
