import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import {
  factsOf,
  isInRegistry,
  type ReleaseFacts,
  refusals,
} from '../../scripts/packages/preflight.mjs'

const clone = mkdtempSync(join(tmpdir(), 'spillway-preflight-'))
afterAll(() => rmSync(clone, { recursive: true, force: true }))

const READY: ReleaseFacts = {
  changed: [],
  branch: 'main',
  pushed: true,
  changesets: [],
  versions: ['0.2.0'],
  noted: true,
  repository: 'git+https://code.example/spillway.git',
  tree: 'abc',
  passedTree: 'abc',
  canProve: true,
}

it('publishes what is in order', () => {
  expect(refusals(READY)).toEqual([])
})

it.each<[Partial<ReleaseFacts>, string]>([
  [{ changed: [' M a.ts'] }, 'working tree is not clean (1 files)'],
  [{ branch: 'topic' }, 'the branch is topic'],
  [{ pushed: false }, 'no remote has this commit'],
  [{ changesets: ['a.md'] }, 'a.md are in no version'],
  [{ versions: ['0.1.0', '0.2.0'] }, 'versions 0.1.0, 0.2.0'],
  [{ noted: false }, 'CHANGELOG.md has no "## 0.2.0"'],
  [{ repository: undefined }, 'names no "repository"'],
  [{ passedTree: 'older' }, '.ci/run has not passed for this tree'],
  [{ passedTree: undefined }, '.ci/run has not passed for this tree'],
  [{ canProve: false }, 'provenance is made in CI alone'],
])('refuses to publish with %j', (facts, why) => {
  expect(refusals({ ...READY, ...facts })).toEqual([expect.stringContaining(why)])
})

it('asks a clone, not its caller', () => {
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(clone, name)), { recursive: true })
    writeFileSync(join(clone, name), text)
  }
  const git = (...args: string[]) => execFileSync('git', args, { cwd: clone, encoding: 'utf8' })
  write('package.json', '{"repository":{"url":"git+https://code.example/x.git"}}')
  write('.changeset/README.md', '')
  write('.changeset/some.md', '')
  write('.gitignore', '.cache\n')
  write('packages/spillway/CHANGELOG.md', '# spillway\n\n## 0.2.0\n')
  git('init', '-q', '-b', 'topic')
  git('add', '-A')
  git('-c', 'user.name=x', '-c', 'user.email=x@x.example', 'commit', '-qm', 'x')
  const tree = git('rev-parse', 'HEAD^{tree}').trim()
  write('.cache/ci-passed', `${tree}\n`)
  const ready = factsOf(clone, [], { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://ci.example' })
  expect(ready).toMatchObject({
    ...{ changed: [], branch: 'topic', pushed: false, changesets: ['some.md'], canProve: true },
    ...{ repository: 'git+https://code.example/x.git', tree, passedTree: tree },
  })
  write('new.ts', '')
  expect(factsOf(clone, [], {})).toMatchObject({ changed: ['?? new.ts'], canProve: false })
  git('update-ref', 'refs/remotes/origin/main', 'HEAD')
  expect(factsOf(clone, [], {}).pushed).toBe(true)
})

it('knows what a stopped release has published, and guesses nothing where the registry fails', async () => {
  // A registry of its own process, since npm is waited for.
  const program = `
    const answers = {
      '/known': [200, { name: 'known', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': { name: 'known', version: '1.0.0' } } }],
      '/broken': [403, {}],
    }
    require('node:http').createServer((request, response) => {
      const [status, body] = answers[request.url] ?? [404, { error: 'not found' }]
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
  const registry = spawn(process.execPath, ['-e', program])
  const port = await new Promise<string>(resolve =>
    registry.stdout.once('data', text => resolve(String(text).trim())),
  )
  const environment = { ...process.env, npm_config_registry: `http://127.0.0.1:${port}/` }
  const asked = (name: string, version: string) => isInRegistry({ name, version }, environment)
  try {
    expect(asked('known', '1.0.0')).toBe(true)
    expect(asked('known', '1.0.1')).toBe(false)
    expect(asked('unknown', '1.0.0')).toBe(false)
    expect(() => asked('broken', '1.0.0')).toThrow(/npm view broken@1.0.0: .*403/s)
  } finally {
    registry.kill()
  }
})
