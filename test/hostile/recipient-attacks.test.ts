import { spreadOf } from '@spillway/testkit'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { built } from '../../packages/spillway/test/support/sample-share.js'
import type { Attack } from './attacks/attack.js'
import { table } from './attacks/attack.js'
import {
  type AttackedServer,
  attackedServer,
  PATIENT,
  SECRET,
  TOKENS,
} from './attacks/attacked-server.js'
import { BODIES } from './attacks/bodies.js'
import { DOWNLOADS } from './attacks/downloads.js'
import { FRAMING } from './attacks/framing.js'
import { HINTS } from './attacks/hints.js'
import { PATHS } from './attacks/paths.js'
import { bodyOf } from './attacks/raw-http.js'
import { HEADERS, METHODS, PARAMETERS } from './attacks/requests.js'
import { SLOW } from './attacks/slow.js'
import { TOKEN_ATTACKS } from './attacks/tokens.js'

const FAMILIES: readonly (readonly [string, readonly Attack[]])[] = [
  ['tokens', TOKEN_ATTACKS],
  ['paths', PATHS],
  ['methods', METHODS],
  ['headers', HEADERS],
  ['parameters', PARAMETERS],
  ['hints', HINTS],
  ['bodies', BODIES],
  ['framing', FRAMING],
  ['downloads', DOWNLOADS],
  ['slow ones', SLOW],
]

/** A light recipient waits no longer than this, during an attack as behind it; on an idle machine a tenth of it. */
const PROMPT_MS = 8000
/** No turn of the event loop takes longer; on an idle machine none takes half a second. */
const LAG_SECONDS = 3
const MOST_BYTES = 1024 * 1024 ** 2

/** Attacks of each family in the quick tier. */
const OF_EACH = 2

let server: AttackedServer
/** What the light recipient is answered when nobody attacks. */
let calm: readonly string[]

/** The server closes the connection behind its answer, however long that pauses on a busy machine. */
const UNTIL_CLOSED = { quietMs: 15_000 }

async function lightAnswer(): Promise<readonly string[]> {
  const path = `${table('parts')}/query`
  const ask = { method: 'POST', path, token: TOKENS.light, body: '{}' }
  const reply = await server.ask(ask, UNTIL_CLOSED)
  const lines = bodyOf(reply).trim().split('\n')
  const url = new URL(/"url":"([^"]+)"/.exec(lines.at(-1)!)![1]!)
  const file = await server.ask(
    { path: `=${url.pathname}${url.search}`, token: null },
    UNTIL_CLOSED,
  )
  return [
    ...lines.map(line => line.replace(/\?[^"]+/g, '').replace(/Timestamp":\d+/g, '')),
    bodyOf(file),
  ]
}

async function expectLight(): Promise<void> {
  const start = performance.now()
  expect(await lightAnswer()).toEqual(calm)
  expect(performance.now() - start).toBeLessThan(PROMPT_MS)
}

describe.skipIf(!built || process.platform === 'win32')('a server that is attacked', () => {
  beforeAll(async () => {
    server = await attackedServer()
    calm = await lightAnswer()
    // The files of the table are known from here on: no attack is measured by reading it first.
    await server.ask({ method: 'POST', path: `${table('wide')}/query`, body: '{}' })
    await server.health()
  })
  afterAll(() => server.close())

  describe.each(FAMILIES)('by %s', (_, attacks) => {
    it.each(spreadOf(attacks, OF_EACH))('$name', async attack => {
      if (attack.isLong !== true) return attackedBy(attack)
      const shared = { server, calm }
      server = await attackedServer(PATIENT)
      try {
        calm = await lightAnswer()
        await attackedBy(attack)
      } finally {
        await server.close()
        ;({ server, calm } = shared)
      }
    })
  })

  it('has told its log no token, no signature, no hint and no bug of its own', () => {
    const text = server.printed()
    for (const told of [...Object.values(TOKENS), SECRET, 'X-Amz-Signature', '199995']) {
      expect(text).not.toContain(told)
    }
    expect(text).not.toMatch(/"status":500|"error":\{"code":"INTERNAL"|RangeError|TypeError/)
  })
})

async function attackedBy({ send, status, code, holds, lacks, lagSeconds }: Attack): Promise<void> {
  const sent = send(server)
  await Promise.all([sent, expectLight()])
  const reply = await sent
  const last = bodyOf(reply)
  const expected = typeof status === 'number' ? [status] : status.filter(each => each !== 0)
  expect(reply.statuses, reply.text.slice(0, 2000)).toEqual(expected)
  if (code !== undefined) expect(last).toContain(`"errorCode":"${code}"`)
  if (holds !== undefined) expect(holds.test(reply.text)).toBe(true)
  if (lacks !== undefined) expect(lacks.test(last)).toBe(false)
  expectNothingTold(reply.text)
  await expectLight()
  const health = await server.health()
  expect(health.lagSeconds).toBeLessThan(lagSeconds ?? LAG_SECONDS)
  expect(health.residentBytes).toBeLessThan(MOST_BYTES)
  expect(server.isRunning()).toBe(true)
}

/** Where things lie, how the server is made, and what was not granted are in no answer. */
function expectNothingTold(text: string): void {
  expect(text).not.toContain(server.folder)
  expect(text).not.toMatch(/\/lake\/|node_modules|\n\s+at |\.[jt]s:\d+|file:\/\//)
  expect(text).not.toMatch(/day=1582|1582-10-15|"secret"/)
  expect(text).not.toContain(SECRET)
}
