import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { parseConfig } from '../src/index.js'
import { startServer } from '../src/serve/start-server.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-cors-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const parse = (server: string) =>
  parseConfig(`server: ${server}\n`, { folder, path: 'spillway.yaml' })

it('lets pages of the configured origins ask the protocol and read signed files', async () => {
  const server = await startServer(parse('{ port: 0, cors: { origins: ["https://app.example"] } }'))
  const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' }
  for (const path of ['/delta-sharing/shares', '/delta-sharing/files/abc/x']) {
    const preflight = await fetch(server.url + path, { method: 'OPTIONS', headers })
    expect(preflight.status).toBe(204)
    expect(preflight.headers.get('access-control-allow-headers')).toContain('range')
    const refused = await fetch(server.url + path, { headers: { origin: headers.origin } })
    expect([401, 403, 404]).toContain(refused.status)
    // A page must be able to read why it was refused.
    expect(refused.headers.get('access-control-allow-origin')).toBe('https://app.example')
  }
  await server.close()
})

it('answers no preflight without being told to', async () => {
  const server = await startServer(parse('{ port: 0 }'))
  const headers = { origin: 'https://app.example', 'access-control-request-method': 'GET' }
  const response = await fetch(`${server.endpoint}/shares`, { method: 'OPTIONS', headers })
  expect(response.status).toBe(405)
  expect(response.headers.get('access-control-allow-origin')).toBeNull()
  await server.close()
})

it('refuses an origin that no browser would send', () => {
  expect(() => parse('{ cors: { origins: ["https://app.example/share"] } }')).toThrow(
    /server.cors.origins\[0\]: expected "\*" or an origin/,
  )
})
