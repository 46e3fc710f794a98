import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, it } from 'vitest'
import { loadConfig } from '../../src/configuration/config.js'
import { readableTable } from '../../src/readable/readable-table.js'
import { makeCertificate } from '../support/certificate.js'
import { golden } from '../support/sample-share.js'
import { run } from '../support/terminal.js'

const folder = mkdtempSync(join(tmpdir(), 'spillway-doctor-'))
const path = join(folder, 'spillway.yaml')
cpSync(join(golden, 'plain'), join(folder, 'plain'), { recursive: true })
afterEach(() => rmSync(path, { force: true }))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const tables = (location: string, count = 1) => [
  {
    name: 's',
    schemas: [
      {
        name: 'd',
        tables: Array.from({ length: count }, (_, i) => ({ name: `t${i}`, location })),
      },
    ],
  },
]

interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

async function doctor(config: object, ...args: readonly string[]): Promise<readonly Check[]> {
  writeFileSync(path, JSON.stringify(config))
  const { stdout } = await run(['doctor', '--json', ...args], { folder })
  return (JSON.parse(stdout) as { readonly checks: readonly Check[] }).checks
}

it('asks no more of a table than recipients may, and is refused nothing for itself', async () => {
  const limits = { requestsPerRecipient: 1, downloadsPerRecipient: 1 }
  const checks = await doctor({ server: { limits }, shares: tables('plain', 6) })
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  expect(checks.filter(({ name }) => name.startsWith('s.d.'))).toHaveLength(6)
})

it('deletes nothing that a server keeps, however old it is', async () => {
  const staged = join(folder, 'stage', 'ab', `${'ab'.repeat(32)}.parquet`)
  mkdirSync(join(folder, 'stage', 'ab'), { recursive: true })
  writeFileSync(staged, 'PAR1')
  utimesSync(staged, 1, 1)
  const checks = await doctor({ staging: { location: 'stage' }, shares: tables('plain', 3) })
  expect(checks.filter(({ ok }) => !ok)).toEqual([])
  expect(existsSync(staged)).toBe(true)
})

it.each([
  ['files that are not there', undefined, /server\.tls\.certificate: the file cannot be read/],
  ['a key of another certificate', true, /server\.tls\.key: it does not belong to the certificate/],
])(
  'refuses TLS as the server would, with %s, and so does serve --check',
  async (_, made, reason) => {
    if (made) {
      const [one, other] = [makeCertificate(), makeCertificate()]
      writeFileSync(join(folder, 'c.pem'), one.certificate)
      writeFileSync(join(folder, 'k.pem'), other.key)
    }
    const tls = { certificate: 'c.pem', key: 'k.pem' }
    const checks = await doctor({ server: { tls }, shares: tables('plain') })
    expect(checks.find(({ name }) => name === 'tls')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(reason),
    })
    const checked = await run(['serve', '--check'], { folder })
    expect(checked).toMatchObject({ status: 2, stderr: expect.stringMatching(reason) })
  },
)

it('refuses a public URL with a password in it, as every command does, and says no word of it', async () => {
  const server = { publicUrl: 'https://user:pw-hunter2@share.example' }
  const [check] = (await doctor({ server, shares: [] })).filter(({ ok }) => !ok)
  expect(check!.detail).toMatch(/:1:\d+: server\.publicUrl: expected .*found a user or a password/)
  for (const args of [
    ['config', 'check'],
    ['serve', '--check'],
    ['recipient', 'add', 'a'],
  ]) {
    const { status, stderr, stdout } = await run(args, { folder })
    expect(status).toBe(2)
    expect(`${stderr}${stdout}`).toMatch(/found a user or a password/)
    expect(`${stderr}${stdout}${check!.detail}`).not.toContain('hunter2')
  }
})

it('looks at spillway.yaml of its folder where there is one, and at the machine alone where not', async () => {
  const checks = await doctor({ shares: tables('plain') })
  expect(checks.map(({ name }) => name)).toContain('s.d.t0')
  rmSync(path)
  const { stdout, status } = await run(['doctor', '--json'], { folder })
  expect(status).toBe(0)
  expect(stdout).not.toContain('"config"')
})

/** Takes connections, hears all that is said, and never answers. */
async function withSilentStore<Result>(work: (storage: object) => Promise<Result>) {
  const sockets = new Set<Socket>()
  const server: Server = createServer(socket => {
    sockets.add(socket.on('error', () => undefined).resume())
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' }
  const endpoint = `http://127.0.0.1:${port}`
  try {
    return await work({ s3: { region: 'x', endpoint, pathStyle: true, credentials } })
  } finally {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  }
}

it('waits for no store that says nothing, of tables and of staging, and says so of each', async () => {
  await withSilentStore(async storage => {
    const config = {
      storage,
      staging: { location: 's3://b/stage' },
      shares: [...tables('s3://b/t', 2), { name: 'here', schemas: tables('plain')[0]!.schemas }],
    }
    const checks = await doctor(config, '--timeout', '1')
    const failed = checks.filter(({ ok }) => !ok)
    expect(failed.map(({ name }) => name)).toEqual(['staging', 's.d.t0', 's.d.t1'])
    for (const { detail } of failed)
      expect(detail).toMatch(/not done within 1 s: its store does not/)
    expect(checks.find(({ name }) => name === 'here.d.t0')).toMatchObject({ ok: true })
  })
}, 30_000)

it.each(['0', '-1', '1.5', 'x', '99999'])('expects seconds, not %s', async text => {
  writeFileSync(path, '{}')
  const { status, stderr } = await run(['doctor', `--timeout=${text}`], { folder })
  expect(status).toBe(2)
  expect(stderr).toMatch(/--timeout expects seconds/)
})

it('is what a table to be added is read with, too', async () => {
  await withSilentStore(async storage => {
    writeFileSync(path, JSON.stringify({ storage, shares: tables('s3://b/t') }))
    const { signal } = new AbortController()
    const reading = readableTable(await loadConfig(path), 's.d.t0', { signal, seconds: 1 })
    await expect(reading).rejects.toThrow(/not done within 1 s/)
  })
}, 30_000)
