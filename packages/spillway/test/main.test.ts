import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { commandFile, compiledCommand, isCommandBuilt } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { loadedBy, startCommand, withEmptyShare } from './support/started-command.js'

const golden = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))

describe.skipIf(!isCommandBuilt)('the built command', () => {
  it('reads requests from its standard input and ends with it', async () => {
    const { child, ended } = startCommand(commandFile, ['batch'], { folder: golden })
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
    const { child, ended } = startCommand(commandFile, ['demo', '--json'])
    await new Promise(resolve => child.stdout.once('data', resolve))
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ status: 0, stderr: '' })
  })

  it('takes a reader that has seen enough for no failure', async () => {
    const { child, ended } = startCommand(
      commandFile,
      ['query', 'dv-large', '--json', '--limit', '60000'],
      { folder: golden },
    )
    child.stdout.once('data', () => child.stdout.destroy())
    expect(await ended).toMatchObject({ status: 0, stderr: '' })
  })
})

/** Loading a file takes a millisecond, whatever is in it: the number of files is how long a command takes to begin. */
describe.skipIf(!isCommandBuilt)('of what it could need, the compiled command loads', () => {
  it('nothing but its options to say its version', async () => {
    const { files, packages } = await loadedBy(compiledCommand, ['--version'])
    expect(packages).toEqual(['commander', 'spillway'])
    expect(files.length).toBeLessThan(30)
  })

  it('a client to list what is shared', async () => {
    const { files, packages } = await withEmptyShare(profile =>
      loadedBy(compiledCommand, ['ls', profile]),
    )
    expect(packages).toEqual([
      '@spillway/client',
      '@spillway/core',
      '@spillway/protocol',
      'commander',
      'spillway',
    ])
    expect(files.length).toBeLessThan(170)
  })

  it('nothing twice: what parses answers is not compiled to run faster', async () => {
    const flags = ['--trace-wasm-compilation-times']
    const ran = await withEmptyShare(
      profile => startCommand(compiledCommand, ['ls', profile], { flags }).ended,
    )
    expect(ran).toMatchObject({ status: 0, stdout: expect.stringContaining('using Liftoff') })
    expect(ran.stdout).not.toContain('using TurboFan')
  })

  it('neither clouds, Arrow, YAML nor what reads files of assets for a query', async () => {
    const { files, packages } = await withEmptyShare(profile =>
      loadedBy(compiledCommand, ['query', profile, 'SELECT 1 AS one']),
    )
    expect(packages).toContain('@duckdb/node-api')
    const unneeded = /aws|smithy|arrow|yaml|prom-client|modelcontext|assets|storage|server|engine/
    expect(packages.filter(name => unneeded.test(name))).toEqual([])
    expect(files.length).toBeLessThan(800)
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
