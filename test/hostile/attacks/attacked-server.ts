import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { createTokenCodec } from '@spillway/protocol'
import { localGateway } from '@spillway/storage'
import { main } from '../../../packages/spillway/test/support/sample-share.js'
import { writeLake } from './lake.js'
import { type Reply, type SendOptions, sendRaw } from './raw-http.js'

export const SECRET = 'the secret of the attacked server'
export const TOKENS = {
  attacker: 'token-of-the-attacker-0123456789',
  light: 'token-of-the-light-recipient-01',
  owner: 'token-of-the-owner-of-the-vault',
  expired: 'token-that-has-expired-long-ago',
} as const

/** Short, so that clients that never end are let go within a test. */
const LIMITS = { headerSeconds: 2, requestSeconds: 4, failedAuthentications: 100_000 }

/** As long as heads are waited for by default, and longer. */
export const PATIENT = { ...LIMITS, headerSeconds: 20, requestSeconds: 120 }

export interface Ask {
  readonly method?: string
  /** As it goes onto the wire, from `/delta-sharing` on unless it begins with `=`. */
  readonly path: string
  /** None where it is null. */
  readonly token?: string | null
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
}

/** `spillway serve` in a process of its own over a configuration in YAML, and how its recipients ask it. */
export interface AttackedServer {
  readonly port: number
  readonly folder: string
  /** Everything that the server has printed: its access log. */
  printed(): string
  isRunning(): boolean
  /** Bytes as they are, on a connection of their own. */
  raw(bytes: string | Buffer | readonly (string | Buffer)[], options?: SendOptions): Promise<Reply>
  /** One request of the attacker unless another token is given. */
  ask(ask: Ask, options?: SendOptions): Promise<Reply>
  /** What the server says of itself since it was last asked: its slowest turn, in seconds, and its memory. */
  health(): Promise<{ readonly lagSeconds: number; readonly residentBytes: number }>
  /** The token of a list of shares as the server itself would have sealed it, for whom and when. */
  listToken(recipient: string, now: number): string
  /** A URL of a file below the lake as the server itself would have signed it at another time. */
  signed(
    path: string,
    options: { readonly now: number; readonly audience: string },
  ): Promise<string>
  close(): Promise<void>
}

export async function attackedServer(limits = LIMITS): Promise<AttackedServer> {
  const folder = mkdtempSync(join(tmpdir(), 'attacked-'))
  const config = join(folder, 'spillway.yaml')
  const tables = await writeLake(folder)
  writeFileSync(config, yamlOf(tables, limits))
  const server = spawn(process.execPath, [main, 'serve', '--json', '--config', config], {
    stdio: 'pipe',
  })
  const { endpoint, admin, printed } = await started(server)
  const port = Number(new URL(endpoint).port)
  const raw: AttackedServer['raw'] = (bytes, options) => sendRaw(port, bytes, options)
  return {
    port,
    folder,
    printed,
    isRunning: () => server.exitCode === null && server.signalCode === null,
    raw,
    ask: (ask, options) => raw(requestOf(ask), options),
    async health() {
      const text = await (await fetch(`${admin}/metrics`)).text()
      const value = (name: string) => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1])
      return {
        lagSeconds: value('nodejs_eventloop_lag_max_seconds'),
        residentBytes: value('process_resident_memory_bytes'),
      }
    },
    listToken(recipient, now) {
      const codec = createTokenCodec({ secrets: [SECRET], clock: () => now })
      const use = { kind: 'list', binding: [recipient, '/shares'], expiresInSeconds: 3600 } as const
      return codec.seal(use, '__proto__')
    },
    signed: (path, options) => signedUrl(folder, path, { ...options, port }),
    async close() {
      const ended = new Promise(resolve => server.once('close', resolve))
      server.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** A request on a connection of its own. */
export function requestOf({
  method = 'GET',
  path,
  token = TOKENS.attacker,
  headers = [],
  body,
}: Ask): Buffer {
  const target = path.startsWith('=') ? path.slice(1) : `/delta-sharing${path}`
  const length = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`]
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'Host: share.example',
    'Connection: close',
    ...(token === null ? [] : [`Authorization: Bearer ${token}`]),
    ...headers,
    ...length,
    '',
    '',
  ]
  return Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), Buffer.from(body ?? '')])
}

async function started(server: ChildProcess) {
  let printed = ''
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', chunk => {
      printed += String(chunk)
    })
  }
  const find = async (event: string, url: RegExp) => {
    for (let i = 0; i < 600; i++) {
      const found = new RegExp(`"event":"${event}","text":"(${url.source})`).exec(printed)?.[1]
      if (found !== undefined) return found
      await new Promise(resolve => setTimeout(resolve, 50))
    }
    throw new Error(`the server does not say where it listens: ${printed}`)
  }
  const endpoint = await find('listening', /http[^ "]+/)
  const admin = (await find('metrics', /http[^ "]+/)).replace(/\/metrics$/, '')
  return { endpoint, admin, printed: () => printed }
}

function yamlOf(
  tables: readonly { readonly name: string; readonly location: string }[],
  limits: typeof LIMITS,
): string {
  const table = (name: string, more = '') => {
    const { location } = tables.find(each => each.name === name)!
    return `{ name: ${name}, location: ${JSON.stringify(location)}, history: true${more} }`
  }
  const sha256 = (token: string) => createHash('sha256').update(token).digest('hex')
  const odd = `{ name: toString, location: ${JSON.stringify(tables[0]!.location)} }`
  return `
server:
  port: 0
  secret: ${SECRET}
  admin: { port: 0 }
  limits: ${JSON.stringify(limits)}
shares:
  - name: open
    schemas:
      - name: d
        tables:
          - ${table('plain')}
          - ${table('parts', `, partitions: "p = 'a b' OR p = 'ü'"`)}
          - ${table('feed')}
          - ${table('odd')}
          - ${table('wide')}
  - name: __proto__
    schemas: [{ name: constructor, tables: [${odd}] }]
  - name: vault
    schemas: [{ name: d, tables: [${table('secret')}, ${table('plain')}] }]
recipients:
  - { name: attacker, shares: [open, __proto__], tokens: [{ sha256: ${sha256(TOKENS.attacker)} }] }
  - { name: light, shares: [open], tokens: [{ sha256: ${sha256(TOKENS.light)} }] }
  - { name: owner, shares: [vault], tokens: [{ sha256: ${sha256(TOKENS.owner)} }] }
  - { name: gone, shares: ['*'], tokens: [{ sha256: ${sha256(TOKENS.expired)}, expiresAt: '2020-01-01T00:00:00Z' }] }
`
}

async function signedUrl(
  folder: string,
  path: string,
  { now, audience, port }: { readonly now: number; readonly audience: string; port: number },
): Promise<string> {
  const names = ['plain', 'parts', 'feed', 'odd', 'wide', 'secret']
  const { signer } = localGateway({
    roots: names.map(name => join(folder, 'lake', name)),
    secret: SECRET,
    baseUrl: `http://127.0.0.1:${port}/files`,
  })
  const location = pathToFileURL(join(folder, 'lake', path)).href
  const { urls } = await signer.sign([location], { now, expiresInSeconds: 60, audience })
  return urls[0]!
}
