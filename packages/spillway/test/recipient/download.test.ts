import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { transferText } from '../../src/terminal/transfer-text.js'
import { built, listeningAt, main, runBuilt } from '../support/sample-share.js'
import { run } from '../support/terminal.js'

const put = (path: string, bytes: string | Uint8Array) => {
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, bytes)
}

describe.skipIf(!built)('volumes and models, of a server in another process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'spillway-download-'))
  const config = join(folder, 'spillway.yaml')
  const profile = join(folder, 'me.share')
  const docs = join(folder, 'docs')
  const weights = new Uint8Array(20 * 1024 * 1024).fill(7)
  let server: ReturnType<typeof spawn>
  let token = ''

  beforeAll(async () => {
    put(join(docs, 'README.md'), '# docs')
    put(join(docs, 'guides/start here.md'), 'start')
    put(join(docs, 'guides/100 %.txt'), 'percent')
    put(join(folder, 'churn/9/weights.bin'), 'nine')
    put(join(folder, 'churn/10/weights.bin'), weights)
    put(join(folder, 'churn/10/MLmodel'), 'flavors: {onnx: {}}')
    writeFileSync(
      config,
      JSON.stringify({
        server: { port: 0 },
        state: { location: 'state' },
        shares: [
          {
            name: 'lake',
            schemas: [
              {
                name: 'kb',
                volumes: [
                  { name: 'docs', location: 'docs' },
                  { name: 'digested', location: 'churn/9', digests: true },
                ],
                models: [
                  {
                    name: 'churn',
                    comment: 'who leaves',
                    versions: [
                      { version: 9, location: 'churn/9' },
                      { version: 10, location: 'churn/10', aliases: ['best'] },
                    ],
                  },
                ],
              },
            ],
          },
        ],
      }),
    )
    const at = 'http://127.0.0.1:1/delta-sharing'
    const granted = ['--share', 'lake', '--endpoint', at, '--out', profile]
    await runBuilt(['token', 'me', '--config', config, ...granted], { folder })
    server = spawn(process.execPath, [main, 'serve', '--config', config], { stdio: 'pipe' })
    const text = readFileSync(profile, 'utf8').replace(at, await listeningAt(server))
    token = JSON.parse(text).bearerToken
    writeFileSync(profile, text)
  })
  afterAll(async () => {
    const ended = new Promise(resolve => server.once('close', resolve))
    server.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })

  it('ls lists them behind the tables, with their kind', async () => {
    const ran = await run(['ls', profile])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toBe(
      'lake.kb.churn\tmodel\nlake.kb.digested\tvolume\nlake.kb.docs\tvolume\n',
    )
    const tree = await run(['ls', `${profile}#lake.kb`, '--tree'])
    expect(tree.stdout).toMatch(
      /└─ kb\n {3}├─ churn {2}model\n {3}├─ digested {2}volume\n {3}└─ docs {2}volume\n$/,
    )
    expect(JSON.parse((await run(['ls', profile, '--json'])).stdout)).toEqual({
      shares: ['lake'],
      tables: [],
      volumes: [
        { share: 'lake', schema: 'kb', name: 'digested' },
        { share: 'lake', schema: 'kb', name: 'docs' },
      ],
      models: [{ share: 'lake', schema: 'kb', name: 'churn', description: 'who leaves' }],
      skills: [],
    })
  })

  it('ls tells the files of one of them', async () => {
    const ran = await run(['ls', `${profile}#lake.kb.docs`, '--files'])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toBe('6\tREADME.md\n7\tguides/100 %.txt\n5\tguides/start here.md\n')
    const line = ['ls', `${profile}#lake.kb.churn@9`, '--files', '--kind', 'model', '--json']
    expect(JSON.parse((await run(line)).stdout)).toMatchObject({ path: 'weights.bin', size: 4 })
    expect(await run(['ls', `${profile}#lake.kb.dcos`, '--files'])).toMatchObject({ status: 4 })
  })

  it('describe tells what they are, and their files', async () => {
    const ran = await run(['describe', `${profile}#lake.kb.churn`, '--top', '1'])
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toMatch(/^lake\.kb\.churn@10\n\nkind +model\nversion +10\naliases +best\n/)
    expect(ran.stdout).toMatch(/comment +who leaves\nfiles +2, 21 MB\n/)
    expect(ran.stdout).toMatch(/weights\.bin +21 MB\n1 smaller\n$/)
    expect(ran.stdout).toMatch(/\nMLmodel\nflavors +onnx\n/)
    expect(ran.stdout).toMatch(/\nweights\.bin {2}may be a pickle: files called \.bin/)
    const json = await run(['describe', `${profile}#lake.kb.docs`, '--json'])
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'volume', files: 3, bytes: 18 })
    for (const version of ['9', 'best']) {
      const one = await run(['describe', `${profile}#lake.kb.churn@${version}`, '--json'])
      expect(JSON.parse(one.stdout)).toMatchObject({
        name: version === '9' ? 'lake.kb.churn@9' : 'lake.kb.churn@10',
      })
    }
  })

  it.each([
    ['describe', [], 'lake.kb.dcos'],
    ['download', ['--to', 'x'], 'lake.kb.dcos'],
    ['download', ['--to', 'x'], 'lake.kb.churm@9'],
  ])('%s of what is not there says what is near', async (command, more, name) => {
    const ran = await run([command, `${profile}#${name}`, ...more], { folder })
    expect(ran).toMatchObject({ status: 4, stdout: '' })
    expect(ran.stderr).toMatch(/did you mean lake\.kb\.(docs|churn)\?/)
    expect(ran.stderr).toMatch(/^spillway: no table, volume, model or skill lake\.kb\./)
  })

  it('download makes the files, quietly where nobody watches, and verify reads them', async () => {
    const ran = await runBuilt(
      ['download', `${profile}#lake.kb.churn@best`, '--to', 'churn-here'],
      {
        folder,
      },
    )
    expect(ran).toMatchObject({ status: 0, stderr: '' })
    expect(ran.stdout).toMatch(
      /^lake\.kb\.churn@10 in churn-here {2}2 files, 21 MB, 21 MB fetched, /,
    )
    expect(readFileSync(join(folder, 'churn-here/weights.bin')).equals(weights)).toBe(true)
    const again = await run(
      ['download', `${profile}#lake.kb.churn`, '--to', 'churn-here', '--json'],
      { folder },
    )
    expect(JSON.parse(again.stdout)).toMatchObject({
      asset: 'lake.kb.churn@10',
      bytesFetched: 0,
      complete: true,
      files: [{ path: 'MLmodel', state: 'unchanged' }, { path: 'weights.bin' }],
    })
    const verified = await run(['verify', 'churn-here'], { folder })
    expect(verified).toMatchObject({ status: 0, stderr: '' })
    expect(verified.stdout).toMatch(/^model lake\.kb\.churn: 2 files as downloaded/)
    writeFileSync(join(folder, 'churn-here/MLmodel'), 'flavors: []')
    writeFileSync(join(folder, 'churn-here/mine.txt'), 'mine')
    const different = await run(['verify', 'churn-here', '--json'], { folder })
    expect(different.status).toBe(1)
    expect(JSON.parse(different.stdout)).toMatchObject({
      ok: false,
      different: ['MLmodel'],
      extra: ['mine.txt'],
    })
    expect((await run(['verify', folder])).status).toBe(4)
  })

  it('a cache is taken from, listed, verified and pruned', async () => {
    const environment = { SPILLWAY_CACHE: 'cache' }
    const line = (to: string, ...more: string[]) =>
      run(['download', `${profile}#lake.kb.digested`, '--to', to, ...more], { folder, environment })
    expect((await run(['cache', 'ls'], { folder })).stderr).toContain('SPILLWAY_CACHE')
    expect(await run(['cache', 'ls'], { folder, environment })).toMatchObject({ status: 4 })
    await line('first', '--no-cache')
    expect(existsSync(join(folder, 'cache'))).toBe(false)
    // Digests are made behind the scenes.
    const first = async () => {
      rmSync(join(folder, 'first'), { recursive: true })
      return (await line('first')).stdout
    }
    await expect.poll(first, { timeout: 10_000 }).toMatch(/4 bytes fetched, all verified/)
    const dry = await line('second', '--dry-run')
    expect(dry.stdout).toMatch(/1 file, 4 bytes to fetch of 4 bytes, 4 bytes from the cache\n$/)
    const second = await line('second')
    expect(second).toMatchObject({ status: 0, stderr: '' })
    expect(second.stdout).toMatch(/0 bytes fetched, 4 bytes from the cache, all verified\n$/)
    const cache = (...args: string[]) => run(['cache', ...args], { folder, environment })
    const listed = JSON.parse((await cache('ls', '--json')).stdout)
    expect(listed).toMatchObject({ bytes: 4, files: [{ size: 4, sha256: expect.any(String) }] })
    const [{ sha256 }] = listed.files
    expect((await cache('list')).stdout).toContain(`${sha256}    4 bytes  20`)
    expect((await cache('verify')).stdout).toBe('1 file whole, 4 bytes\n')
    expect((await cache('prune', '--older-than', '1d')).stdout).toMatch(
      /^0 files removed, .*1 file l/,
    )
    expect((await cache('prune', '--max-size', '0', '--dry-run')).stdout).toMatch(
      /^1 file to remove/,
    )
    const place = join(folder, 'cache/sha256', sha256.slice(0, 2), sha256)
    rmSync(place)
    writeFileSync(place, 'xxxx')
    const damaged = await run(['cache', '--cache', join(folder, 'cache'), 'verify'])
    expect(damaged).toMatchObject({ status: 1 })
    expect(damaged.stdout).toBe(`${sha256}  damaged: removed\n0 files whole, 0 bytes, 1 damaged\n`)
    await line('third')
    const pruned = JSON.parse((await cache('prune', '--all', '--json')).stdout)
    expect(pruned).toEqual({
      ...{ changed: true, removed: [{ sha256, size: 4 }], bytes: 4 },
      ...{ kept: 0, keptBytes: 0, inUse: 0 },
    })
  })

  it.each([
    [['prune']],
    [['prune', '--older-than', 'ever']],
    [['prune', '--max-size', '-1']],
    [['prune', '--max-size', '5 XB']],
    [['ls', '--cache', '']],
  ])('spillway cache %j is a wrong command line', async args => {
    const ran = await run(['cache', ...args], { folder, environment: { SPILLWAY_CACHE: 'x' } })
    expect(ran).toMatchObject({ status: 2, stdout: '' })
  })

  it('download takes what is included alone, and says first what it would do', async () => {
    const line = [
      'download',
      `${profile}#lake.kb.docs`,
      '--to',
      'docs-here',
      '--include',
      'guides/',
    ]
    const dry = await run([...line, '--exclude', '*.txt', '--dry-run'], { folder })
    expect(dry).toMatchObject({ status: 0, stderr: '' })
    expect(dry.stdout).toMatch(/^guides\/start here\.md {2}5 bytes\n1 file, 5 bytes to fetch/)
    expect(existsSync(join(folder, 'docs-here'))).toBe(false)
    await run(line, { folder })
    expect(readFileSync(join(folder, 'docs-here/guides/100 %.txt'), 'utf8')).toBe('percent')
    expect(existsSync(join(folder, 'docs-here/README.md'))).toBe(false)
    writeFileSync(join(folder, 'docs-here/README.md'), 'mine')
    const taken = await run(['download', `${profile}#lake.kb.docs`, '--to', 'docs-here'], {
      folder,
    })
    expect(taken).toMatchObject({ status: 1, stdout: '' })
    expect(taken.stderr).toContain('--force replaces it')
    expect(readFileSync(join(folder, 'docs-here/README.md'), 'utf8')).toBe('mine')
  })

  it('a folder that changes is another download, of what changed', async () => {
    const line = ['download', `${profile}#lake.kb.docs`, '--to', 'live', '--json']
    await run(line, { folder })
    put(join(docs, 'README.md'), '# docs, anew')
    // Who asks within a second of another is told of one listing.
    await new Promise(resolve => setTimeout(resolve, 1100))
    const { stdout } = await run(line, { folder })
    const { files } = JSON.parse(stdout)
    expect(files.map(({ state }: { state: string }) => state).sort()).toEqual([
      'fetched',
      'unchanged',
      'unchanged',
    ])
    expect(readFileSync(join(folder, 'live/README.md'), 'utf8')).toBe('# docs, anew')
  })

  it.each([
    ['no folder', ['download', '#lake.kb.docs']],
    ['no asset', ['download', '#lake', '--to', 'x']],
    [
      'a concurrency that is none',
      ['download', '#lake.kb.docs', '--to', 'x', '--concurrency', '0'],
    ],
    ['an empty pattern', ['download', '#lake.kb.docs', '--to', 'x', '--include', '']],
  ])('with %s is a wrong command line', async (_, [command, name, ...rest]) => {
    const ran = await run([command!, profile + name, ...rest], { folder })
    expect(ran).toMatchObject({ status: 2, stdout: '' })
    expect(ran.stderr).not.toContain(token)
  })
})

describe('progress', () => {
  it('tells rate and time left by the last seconds', () => {
    let now = 0
    const text = transferText(() => now)
    const told = (bytesDone: number) => {
      const counts = { files: 8, filesDone: 2, bytes: 10e9 }
      return text({ ...counts, bytesDone, bytesFetched: bytesDone })
    }
    expect(told(0)).toBe('2 of 8 files  0 bytes of 10 GB (0 %)')
    now = 2000
    expect(told(2e9)).toBe('2 of 8 files  2.0 GB of 10 GB (20 %)  1.0 GB/s  8 s left')
    now = 60_000
    told(2e9)
    now = 61_000
    expect(told(2.01e9)).toBe('2 of 8 files  2.0 GB of 10 GB (20 %)  10 MB/s  13 min left')
  })
})
