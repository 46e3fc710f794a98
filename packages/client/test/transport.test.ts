import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createProxy } from 'node:http'
import { createServer, type Server } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, type Dispatcher, ProxyAgent, fetch as undiciFetch } from 'undici'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createSharingClient } from '../src/index.js'

// A private certificate authority and a CONNECT proxy, both real and on loopback, through an injected fetch alone.

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
const skipped = hasOpenssl
  ? ''
  : ' (skipped: openssl, which makes the certificate, is not installed)'

let folder: string
let ca: string
let server: Server

beforeAll(async () => {
  if (!hasOpenssl) return
  folder = mkdtempSync(join(tmpdir(), 'spillway-tls-'))
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1']
  const made = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const out = ['-keyout', key, '-out', certificate]
  execFileSync('openssl', ['req', '-x509', ...made, ...out, ...subject], { stdio: 'pipe' })
  ca = readFileSync(certificate, 'utf8')
  server = createServer({ key: readFileSync(key), cert: ca }, (request, response) => {
    const known = request.headers.authorization === 'Bearer t'
    response.writeHead(known ? 200 : 401).end('{"items":[{"name":"lake"}]}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
})

afterAll(() => {
  if (!hasOpenssl) return
  server.closeAllConnections()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

/** What the README shows: the same fetch with another way to the server. */
function fetchThrough(dispatcher: Dispatcher): typeof fetch {
  const through = (input: string, init: object) => undiciFetch(input, { ...init, dispatcher })
  return through as unknown as typeof fetch
}

async function sharesThrough(fetch?: typeof globalThis.fetch): Promise<string[]> {
  const { port } = server.address() as AddressInfo
  const endpoint = `https://127.0.0.1:${port}`
  const client = createSharingClient(
    { shareCredentialsVersion: 1, endpoint, bearerToken: 't' },
    { retry: { retries: 0 }, ...(fetch && { fetch }) },
  )
  const names: string[] = []
  for await (const { name } of client.shares()) names.push(name)
  return names
}

describe.skipIf(!hasOpenssl)(`an injected fetch${skipped}`, () => {
  it('trusts a private certificate authority that the platform does not', async () => {
    await expect(sharesThrough()).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      message: expect.stringContaining('self-signed certificate'),
    })
    const agent = new Agent({ connect: { ca } })
    expect(await sharesThrough(fetchThrough(agent))).toEqual(['lake'])
    await agent.close()
  })

  it('goes through a CONNECT proxy, which sees neither the token nor the answer', async () => {
    const tunnels: string[] = []
    let seen = ''
    const proxy = createProxy((_request, response) => response.writeHead(405).end())
    proxy.on('connect', (request, client) => {
      tunnels.push(`${request.url} ${request.headers['proxy-authorization']}`)
      const [host, port] = request.url!.split(':')
      const upstream = connect(Number(port), host, () => {
        client.write('HTTP/1.1 200 Connection established\r\n\r\n')
        client.pipe(upstream).pipe(client)
      })
      client.on('data', bytes => {
        seen += bytes.toString('latin1')
      })
      for (const socket of [client, upstream]) socket.on('error', () => undefined)
    })
    await new Promise<void>(resolve => proxy.listen(0, '127.0.0.1', resolve))
    const { port } = proxy.address() as AddressInfo
    const agent = new ProxyAgent({
      uri: `http://127.0.0.1:${port}`,
      token: 'Basic bWU6cHc=',
      requestTls: { ca },
    })
    expect(await sharesThrough(fetchThrough(agent))).toEqual(['lake'])
    const target = (server.address() as AddressInfo).port
    expect(tunnels).toEqual([`127.0.0.1:${target} Basic bWU6cHc=`])
    expect(seen.length).toBeGreaterThan(0)
    expect(seen).not.toContain('Bearer')
    await agent.close()
    proxy.closeAllConnections()
    await new Promise(resolve => proxy.close(resolve))
  })
})
