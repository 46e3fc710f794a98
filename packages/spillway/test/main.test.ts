import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { profileText } from '@spillway/protocol'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const golden = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))

function start(
  args: readonly string[],
  { env = process.env, flags = [] }: { env?: NodeJS.ProcessEnv; flags?: readonly string[] } = {},
) {
  const options = { cwd: golden, stdio: 'pipe', env } as const
  const child = spawn(process.execPath, [...flags, main, ...args], options)
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += String(chunk)
  })
  child.stderr.on('data', chunk => {
    stderr += String(chunk)
  })
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>(resolve =>
    child.on('close', status => resolve({ status, stdout, stderr })),
  )
  return { child, ended }
}

// `npm test` builds first; a run of vitest alone may not have.
describe.skipIf(!existsSync(main))('the built command', () => {
  it('reads requests from its standard input and ends with it', async () => {
    const { child, ended } = start(['batch'])
    child.stdin.end(`${JSON.stringify({ id: 1, op: 'count', location: 'plain' })}\n{`)
    const { status, stdout } = await ended
    expect(status).toBe(2)
    expect(
      stdout
        .split('\n')
        .slice(0, 2)
        .map(line => JSON.parse(line)),
    ).toMatchObject([
      { id: 1, ok: true, rows: '12' },
      { id: null, ok: false },
    ])
  })

  it('stops a server on SIGTERM and exits 0', async () => {
    const { child, ended } = start(['demo', '--json'])
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ status: 0, stderr: '' })
  })

  it('takes a reader that has seen enough for no failure', async () => {
    const { child, ended } = start(['query', 'dv-large', '--json', '--limit', '60000'])
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await ended).toMatchObject({ status: 0, stderr: '' })
  })
})

/** A share of nothing, which is enough for a command to load what it needs. */
async function withEmptyShare<Result>(work: (profile: string) => Promise<Result>): Promise<Result> {
  const server = createServer(({ url }, response) =>
    response.end(url === '/shares' ? '{"items":[{"name":"lake"}]}' : '{"items":[]}'),
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'spillway-loaded-'))
  const profile = join(folder, 'me.share')
  const { port } = server.address() as AddressInfo
  const text = { endpoint: `http://127.0.0.1:${port}`, bearerToken: 'token' }
  writeFileSync(profile, profileText(text))
  try {
    return await work(profile)
  } finally {
    rmSync(folder, { recursive: true })
    await new Promise(resolve => server.close(resolve))
  }
}

/** The files that a command line loads, and the packages that they are of. */
async function loadedBy(args: readonly string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-loaded-'))
  try {
    const { ended } = start(args, { env: { ...process.env, NODE_V8_COVERAGE: folder } })
    expect(await ended).toMatchObject({ status: 0 })
    const files = readdirSync(folder)
      .flatMap(name => JSON.parse(readFileSync(join(folder, name), 'utf8')).result)
      .flatMap(({ url }: { url: string }) => (url.startsWith('file:') ? [fileURLToPath(url)] : []))
    return { files: files.length, packages: [...new Set(files.map(packageOf))].sort() }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The one whose manifest lies nearest. */
function packageOf(file: string): string {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const path = join(folder, 'package.json')
    if (!existsSync(path)) continue
    const { name } = JSON.parse(readFileSync(path, 'utf8'))
    if (name !== undefined) return name
  }
}

/** Loading a file takes a millisecond, whatever is in it: the number of files is how long a command takes to begin. */
describe.skipIf(!existsSync(main))('of what it could need, the built command loads', () => {
  it('nothing but its options to say its version', async () => {
    const { files, packages } = await loadedBy(['--version'])
    expect(packages).toEqual(['commander', 'spillway'])
    expect(files).toBeLessThan(30)
  })

  it('a client to list what is shared', async () => {
    const { files, packages } = await withEmptyShare(profile => loadedBy(['ls', profile]))
    expect(packages).toEqual([
      '@spillway/client',
      '@spillway/core',
      '@spillway/protocol',
      'commander',
      'spillway',
    ])
    expect(files).toBeLessThan(170)
  })

  it('nothing twice: what parses answers is not compiled to run faster', async () => {
    const flags = ['--trace-wasm-compilation-times']
    const ran = await withEmptyShare(profile => start(['ls', profile], { flags }).ended)
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('using Liftoff') })
    expect(ran.stdout).not.toContain('using TurboFan')
  })

  it('neither clouds, Arrow, YAML nor what reads files of assets for a query', async () => {
    const { files, packages } = await withEmptyShare(profile =>
      loadedBy(['query', profile, 'SELECT 1 AS one']),
    )
    expect(packages).toContain('@duckdb/node-api')
    const unneeded = /aws|smithy|arrow|yaml|prom-client|modelcontext|assets|storage|server|engine/
    expect(packages.filter(name => unneeded.test(name))).toEqual([])
    expect(files).toBeLessThan(800)
  })
})

const FROM = /^(?:import|export)( type)? (?:\{[^}]*\}|\*(?: as \w+)?|\w+) from '([^']+)'/gm

it('loads nothing of the engine before it knows the command', () => {
  const seen = new Set<string>()
  const packages = new Set<string>()
  const follow = (path: string) => {
    if (seen.has(path)) return
    seen.add(path)
    const text = readFileSync(path, 'utf8')
    for (const [, types, name] of text.matchAll(FROM)) {
      if (types !== undefined) continue
      if (name!.startsWith('.')) follow(join(dirname(path), name!.replace(/\.js$/, '.ts')))
      else packages.add(name!)
    }
  }
  follow(fileURLToPath(new URL('../src/main.ts', import.meta.url)))
  expect(seen.size).toBeGreaterThan(5)
  expect([...packages].filter(name => !name.startsWith('node:'))).toEqual(['commander'])
})
