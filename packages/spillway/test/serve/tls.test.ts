import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TLSSocket, connect as tlsConnect } from 'node:tls'
import { TableError } from '@spillway/core'
import { tokenHash } from '@spillway/server'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { parseConfig, type RunningServer, startServer } from '../../src/index.js'
import { readTlsPair } from '../../src/serve/tls-files.js'
import { type MadePair, makeCertificate } from '../support/certificate.js'
import { golden } from '../support/sample-share.js'
import { run } from '../support/terminal.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-tls-'))
cpSync(join(golden, 'plain'), join(folder, 'plain'), { recursive: true })
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const servers: RunningServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0)
})

function write({ certificate, key }: Pick<MadePair, 'certificate' | 'key'>): void {
  writeFileSync(join(folder, 'cert.pem'), certificate)
  writeFileSync(join(folder, 'key.pem'), key)
}

const document = (server: object = {}) =>
  JSON.stringify({
    server: { port: 0, tls: { certificate: 'cert.pem', key: 'key.pem' }, ...server },
    shares: [{ name: 's', schemas: [{ name: 'd', tables: [{ name: 't', location: 'plain' }] }] }],
    recipients: [
      { name: 'me', shares: ['s'], tokens: [{ sha256: tokenHash('t0ken').toString('hex') }] },
    ],
  })

async function started(
  options: Parameters<typeof startServer>[1] = {},
  server: object = {},
): Promise<RunningServer> {
  const running = await startServer(
    parseConfig(document(server), { folder, path: 'spillway.yaml' }),
    options,
  )
  servers.push(running)
  return running
}

interface Answer {
  readonly status: number | undefined
  readonly text: string
  readonly peer: string
}

/** As a client does that believes `ca` and nobody else. */
function ask(
  url: string,
  { ca, method = 'GET' }: { ca: string; method?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: 'Bearer t0ken', 'content-type': 'application/json' }
    const asked = request(url, { ca, method, headers, agent: false }, async response => {
      const peer = String((response.socket as TLSSocket).getPeerCertificate().subject.CN)
      const text = Buffer.concat(await response.toArray()).toString()
      resolve({ status: response.statusCode, text, peer })
    })
    asked.on('error', reject).end(method === 'POST' ? '{}' : undefined)
  })
}

const QUERY = '/shares/s/schemas/d/tables/t/query'

describe('a server with a certificate of its own', () => {
  it('is asked, and hands out files, over TLS alone', async () => {
    const pair = makeCertificate()
    write(pair)
    const server = await started()
    expect(server.endpoint).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/delta-sharing$/)
    const ca = pair.certificate
    const answer = await ask(`${server.endpoint}${QUERY}`, { ca, method: 'POST' })
    expect(answer.status).toBe(200)
    const [url] = answer.text
      .split('\n')
      .flatMap(line => (line.startsWith('{"file"') ? [JSON.parse(line).file.url as string] : []))
    expect(url).toMatch(/^https:/)
    expect((await ask(url!, { ca })).text).toMatch(/^PAR1/)
    // Whoever does not believe the certificate, or speaks no TLS, is told nothing.
    await expect(ask(server.endpoint, { ca: makeCertificate().certificate })).rejects.toThrow()
    await expect(fetch(`${server.endpoint.replace('https', 'http')}/shares`)).rejects.toThrow()
    const old = tlsConnect({
      port: Number(new URL(server.url).port),
      ca,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
    })
    await expect(new Promise((_, reject) => old.once('error', reject))).rejects.toThrow()
  })

  it('takes up new files without a restart, and keeps the old pair where they are wrong', async () => {
    const [first, second] = [
      makeCertificate({ name: 'first' }),
      makeCertificate({ name: 'second' }),
    ]
    write(first)
    const changes: unknown[] = []
    const server = await started({ onCertificate: change => changes.push(change) })
    const peerOf = async ({ certificate: ca }: MadePair) =>
      (await ask(`${server.endpoint}/shares`, { ca })).peer
    expect(await peerOf(first)).toBe('first')

    // As a renewal that is half written.
    await new Promise(resolve => setTimeout(resolve, 1100))
    writeFileSync(join(folder, 'cert.pem'), second.certificate)
    await expect.poll(() => changes.length).toBeGreaterThan(0)
    expect(changes.at(-1)).toBeInstanceOf(TableError)
    expect((changes.at(-1) as TableError).message).toMatch(/key: it does not belong to .*second/)
    expect(await peerOf(first)).toBe('first')

    writeFileSync(join(folder, 'key.pem'), second.key)
    await expect.poll(() => changes.at(-1)).not.toBeInstanceOf(TableError)
    expect(await peerOf(second)).toBe('second')
    await expect(peerOf(first)).rejects.toThrow()

    rmSync(join(folder, 'key.pem'))
    writeFileSync(join(folder, 'cert.pem'), 'nothing')
    await expect.poll(() => changes.at(-1)).toBeInstanceOf(TableError)
    expect(await peerOf(second)).toBe('second')
  })

  it('lets go whoever leaves the handshake unfinished', async () => {
    write(makeCertificate())
    const server = await started({}, { limits: { headerSeconds: 1 } })
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1')
    socket.on('error', () => undefined)
    const began = performance.now()
    await new Promise(resolve => socket.once('close', resolve))
    expect(performance.now() - began).toBeLessThan(20_000)
  })

  it('is named by its socket and by what recipients call it', async () => {
    write(makeCertificate())
    const path = join(folder, 'spillway.yaml')
    writeFileSync(path, document({ publicUrl: 'https://share.example/team' }))
    const stop = new AbortController()
    let shown = ''
    await run(['serve', '--config', path], {
      folder,
      signal: stop.signal,
      onOutput: text => {
        shown = text
        if (text.includes('listening')) stop.abort()
      },
    })
    expect(shown).toMatch(
      /listening https:\/\/share\.example\/team\/delta-sharing \(on 127\.0\.0\.1:\d+; 1 share, 1 table, 1 recipient\)/,
    )
  })
})

describe('files that are no pair', () => {
  const { certificate, key, privateKey } = makeCertificate({ name: 'share.example' })
  const day = 86_400_000
  const encrypted = privateKey.export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'x',
  }) as string
  const old = makeCertificate({ startsAt: Date.now() - 9 * day, endsAt: Date.now() - day })
  const early = makeCertificate({ startsAt: Date.now() + day, endsAt: Date.now() + 9 * day })
  it.each<readonly [string, string, string, RegExp]>([
    ['swapped', key, certificate, /certificate: expected a certificate, found a private key$/],
    [
      'the same',
      certificate,
      certificate,
      /key: expected a private key in PEM, found a certificate$/,
    ],
    [
      'of two pairs',
      certificate,
      makeCertificate().key,
      /key: it does not belong to .*share\.example/,
    ],
    ['locked', certificate, encrypted, /key: expected a key without a passphrase, found one with$/],
    ['over', old.certificate, old.key, /certificate: it ended at 20\d\d-/],
    ['not yet good', early.certificate, early.key, /certificate: it begins at 20\d\d-/],
    ['empty', '', key, /certificate: expected a PEM file that begins with a certificate$/],
    ['no key', certificate, 'secret words', /key: expected a private key in PEM$/],
    ['cut', certificate.slice(0, 300), key, /certificate: expected a PEM file/],
  ])('are refused with what is wrong: %s', async (_, cert, secret, reason) => {
    write({ certificate: cert, key: secret })
    const files = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
    await expect(readTlsPair(files)).rejects.toThrow(reason)
    await expect(started()).rejects.toThrow(/^server\.tls\./)
  })

  it('are refused where one is missing', async () => {
    rmSync(join(folder, 'key.pem'), { force: true })
    writeFileSync(join(folder, 'cert.pem'), certificate)
    await expect(started()).rejects.toThrow(/server\.tls\.key: the file cannot be read: ENOENT/)
    expect(() => parseConfig('server: { tls: { certificate: x } }', { folder, path: 'c' })).toThrow(
      /server\.tls: "key" is missing/,
    )
  })
})
