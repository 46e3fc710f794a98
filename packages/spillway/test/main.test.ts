import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const main = fileURLToPath(new URL('../dist/main.js', import.meta.url))
const golden = fileURLToPath(new URL('../../../test/fixtures/delta', import.meta.url))

function start(args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { cwd: golden, stdio: 'pipe' })
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
  expect([...packages].filter(name => !name.startsWith('node:')).sort()).toEqual([
    '@spillway/core',
    'commander',
  ])
})
