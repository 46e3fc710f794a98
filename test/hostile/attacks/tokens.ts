import { type Attack, asking, BAD, querying, table } from './attack.js'
import { type AttackedServer, TOKENS } from './attacked-server.js'
import { bodyOf } from './raw-http.js'

const bearer = (text: string, authorization: string, status = 401): Attack => ({
  name: `a bearer token ${text}`,
  send: asking({ path: '/shares', token: null, headers: [`Authorization: ${authorization}`] }),
  status,
  ...(status === 401 && { code: 'UNAUTHENTICATED' }),
})

const flipped = (token: string, at: number) => {
  const place = at < 0 ? token.length + at : at
  return token.slice(0, place) + (token[place] === 'A' ? 'B' : 'A') + token.slice(place + 1)
}

type Issue = (server: AttackedServer, token?: string) => Promise<string>

/** The last token of this kind that an answer holds. */
async function issued(server: AttackedServer, member: string, body: object, token?: string) {
  const reply = await server.ask({
    method: 'POST',
    path: `${table('parts')}/query`,
    body: JSON.stringify(body),
    ...(token !== undefined && { token }),
    headers: ['delta-sharing-capabilities: responseformat=parquet;asyncquery=true'].slice(
      member === 'queryId' ? 0 : 1,
    ),
  })
  return new RegExp(`"${member}":"([^"]+)"`).exec(bodyOf(reply))![1]!
}

interface Kind {
  readonly name: string
  readonly issue: Issue
  readonly present: (
    server: AttackedServer,
    token: string,
    where?: string,
  ) => ReturnType<Attack['send']>
  readonly status: number
}

const QUESTION = { maxFiles: 1 }

const KINDS: readonly Kind[] = [
  {
    name: 'page token',
    issue: (server, token) => issued(server, 'nextPageToken', QUESTION, token),
    present: (server, pageToken, where = 'parts') =>
      querying(where, { ...QUESTION, pageToken })(server),
    status: 400,
  },
  {
    name: 'refresh token',
    issue: (server, token) => issued(server, 'refreshToken', { includeRefreshToken: true }, token),
    present: (server, refreshToken, where = 'parts') => querying(where, { refreshToken })(server),
    status: 400,
  },
  {
    name: 'query id',
    issue: (server, token) => issued(server, 'queryId', {}, token),
    present: (server, id, where = 'parts') =>
      server.ask({ method: 'POST', path: `${table(where)}/queries/${id}`, body: '{}' }),
    status: 404,
  },
]

const forged = KINDS.flatMap(({ name, issue, present, status }): readonly Attack[] => {
  const changed = (text: string, change: (token: string) => string): Attack => ({
    name: `a ${name} ${text}`,
    send: async server => present(server, change(await issue(server))),
    status,
  })
  return [
    { ...changed('as it was issued', token => token), status: 200 },
    changed('with its first character changed', token => flipped(token, 2)),
    changed('with one in the middle changed', token => flipped(token, token.length >> 1)),
    changed('with its last character changed', token => flipped(token, -1)),
    changed('cut in half', token => token.slice(0, token.length >> 1)),
    changed('twice', token => token + token),
    changed('of nothing but salt and tag', token => token.slice(0, 45)),
    changed('of 100 KB', () => 'A'.repeat(name === 'query id' ? 15_000 : 100_000)),
    changed('of other characters', () => '~!'.repeat(20)),
    {
      name: `a ${name} of another recipient`,
      send: async server => present(server, await issue(server, TOKENS.light)),
      status,
    },
    {
      name: `a ${name} of another table`,
      send: async server => present(server, await issue(server), 'plain'),
      status,
    },
    ...KINDS.filter(other => other.name !== name).map(other => ({
      name: `a ${name} that was issued as a ${other.name}`,
      send: async (server: AttackedServer) =>
        present(server, (await other.issue(server)).replace(/^q-/, '')),
      status,
    })),
  ]
})

const HOUR = 3600_000

export const TOKEN_ATTACKS: readonly Attack[] = [
  bearer('that nobody has', 'Bearer nobody'),
  bearer('that has expired', `Bearer ${TOKENS.expired}`),
  bearer('with a character more', `Bearer ${TOKENS.attacker}x`),
  bearer('with a character less', `Bearer ${TOKENS.attacker.slice(0, -1)}`),
  bearer('in capitals', `Bearer ${TOKENS.attacker.toUpperCase()}`),
  bearer('of another scheme', `Basic ${btoa(`attacker:${TOKENS.attacker}`)}`),
  bearer('without a scheme', TOKENS.attacker),
  bearer('that is empty', 'Bearer '),
  bearer('behind another', `Bearer nobody, Bearer ${TOKENS.attacker}`),
  bearer('with a NUL', `Bearer ${TOKENS.attacker}\0`, 400),
  bearer('of 20 KB', `Bearer ${'x'.repeat(20_000)}`),
  bearer('named like a member of objects', 'Bearer __proto__'),
  {
    name: 'two headers with tokens, of which one is good',
    send: asking({ path: '/shares', headers: ['Authorization: Bearer nobody'] }),
    status: 401,
    code: 'UNAUTHENTICATED',
  },
  {
    name: 'a token in the URL',
    send: asking({ path: `/shares?access_token=${TOKENS.attacker}`, token: null }),
    status: 401,
  },
  {
    name: 'the token of another recipient at what only the attacker has',
    send: asking({ path: '/shares/__proto__/schemas', token: TOKENS.light }),
    status: 404,
  },
  ...forged,
  {
    name: 'the page token of a list as it is sealed now',
    send: async server =>
      server.ask({ path: `/shares?pageToken=${server.listToken('attacker', Date.now())}` }),
    status: 200,
    holds: /"open"/,
  },
  {
    name: 'the page token of a list that has expired',
    send: async server =>
      server.ask({
        path: `/shares?pageToken=${server.listToken('attacker', Date.now() - 2 * HOUR)}`,
      }),
    status: 400,
    code: BAD,
  },
  {
    name: 'the page token of a list of another recipient',
    send: async server =>
      server.ask({ path: `/shares?pageToken=${server.listToken('owner', Date.now())}` }),
    status: 400,
    code: BAD,
  },
]
