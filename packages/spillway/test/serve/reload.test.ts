import { createHash } from 'node:crypto'
import { afterEach, expect, it } from 'vitest'
import { parseConfig } from '../../src/configuration/config.js'
import { type RunningServer, startServer } from '../../src/serve/start-server.js'

let server: RunningServer
afterEach(() => server.close(0))

const token = 't'.repeat(24)
const sha256 = createHash('sha256').update(token).digest('hex')
const parse = (settings: string, recipients = `[{ name: r, tokens: [{ sha256: ${sha256} }] }]`) =>
  parseConfig(`server: { port: 0, ${settings} }\nrecipients: ${recipients}\n`, {
    folder: '/',
    path: 'spillway.yaml',
  })

const BEFORE = 'trustedProxies: [127.0.0.1], limits: { headerSeconds: 9, failedAuthentications: 2 }'

/** The answers to wrong tokens that come, as they say, from as many addresses. */
async function guesses(): Promise<readonly number[]> {
  const answers: number[] = []
  for (let i = 0; i < 4; i++) {
    const headers = { authorization: `Bearer ${i}`, 'x-forwarded-for': `10.0.0.${i}` }
    answers.push((await fetch(`${server.endpoint}/shares`, { headers })).status)
  }
  return answers
}

it.each([
  [
    'a proxy that is believed no more',
    'limits: { headerSeconds: 9, failedAuthentications: 2 }',
    /^server\.trustedProxies changes only with a restart$/,
  ],
  [
    'limits of connections',
    'trustedProxies: [127.0.0.1], limits: { connections: 5, requestSeconds: 5, failedAuthentications: 2 }',
    /^server\.limits\.connections, server\.limits\.headerSeconds, server\.limits\.requestSeconds change only with a restart$/,
  ],
])('a reload is refused that could not apply %s', async (_, settings, reason) => {
  server = await startServer(parse(BEFORE))
  expect(() => server.reload(parse(settings))).toThrow(reason)
  // A restart is what applies it.
  expect(await guesses()).toEqual([401, 401, 401, 401])
  await server.close(0)
  server = await startServer(parse(settings))
  if (!settings.includes('trustedProxies')) expect(await guesses()).toEqual([401, 401, 429, 429])
})

it('a reload takes up the limits of the handler, and recipients', async () => {
  server = await startServer(parse(BEFORE))
  const headers = { authorization: `Bearer ${token}` }
  const ask = async () => (await fetch(`${server.endpoint}/shares`, { headers })).status
  expect(await ask()).toBe(200)
  server.reload(parse(BEFORE.replace('failedAuthentications: 2', 'maxResults: 3'), '[]'))
  expect(await ask()).toBe(401)
})
