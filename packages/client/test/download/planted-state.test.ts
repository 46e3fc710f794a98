import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { checkedLine } from '../../src/download/disk/checked-lines.js'
import { thisProcess } from '../../src/download/disk/this-process.js'
import { partName } from '../../src/download/known-files.js'
import { createSharingClient } from '../../src/index.js'
import { downloadAsset, verifyDownload } from '../../src/node.js'
import { AssetServer, noise, sha256 } from '../support/asset-server.js'

/** Above the size up to which a file has no journal. */
const LARGE = noise(4 * 1024 * 1024 + 1)
const JOURNAL = `.spillway/parts/${partName('w.bin')}`

let server: AssetServer
let folder: string
let to: string
beforeAll(async () => {
  server = await new AssetServer({ files: { 'README.md': '# docs' } }).start()
})
afterAll(() => server.close())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-planted-'))
  to = join(folder, 'to')
})
afterEach(() => {
  server.files.delete('w.bin')
  rmSync(folder, { recursive: true, force: true })
})

function download(cache?: string) {
  return downloadAsset(createSharingClient(server.profile), 'lake.kb.docs', { to, cache })
}

function placeFor(path: string): string {
  const place = join(folder, path)
  mkdirSync(dirname(place), { recursive: true })
  return place
}

/** Whatever somebody else could have put there before. */
const PLANTED: Record<string, (place: string) => void> = {
  'a link to a file': place => symlinkSync(join(folder, 'mine'), place),
  'a link to nothing': place => symlinkSync(join(folder, 'made'), place),
  'another name of a file': place => linkSync(join(folder, 'mine'), place),
  'a pipe': place => void execFileSync('mkfifo', [place]),
  'a link to a device': place => symlinkSync('/dev/zero', place),
  'a folder': place => mkdirSync(place),
}

describe.skipIf(process.platform === 'win32')('in the place of', () => {
  beforeEach(() => writeFileSync(join(folder, 'mine'), 'mine'))

  const paths = ['.spillway/files', '.spillway/files.new', '.spillway/lock-x', JOURNAL]
  const isRead = (path: string, what: string) =>
    what === 'another name of a file' && path === '.spillway/files'
  it.each(paths.flatMap(path => Object.keys(PLANTED).map(what => [path, what] as const)))(
    '%s %s is neither followed nor waited for, and is refused by its name',
    async (path, what) => {
      PLANTED[what]!(placeFor(`to/${path}`))
      if (path === JOURNAL) server.put('w.bin', LARGE)
      const told = await download().catch(error => error)
      expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('mine')
      expect(existsSync(join(folder, 'made'))).toBe(false)
      // What is only read may have another name elsewhere: it is replaced, or was a mark of nobody.
      if (isRead(path, what)) return expect(told).toMatchObject({ complete: true })
      expect(told).toMatchObject({ code: 'CONFLICT' })
      if (path === '.spillway/lock-x' && what === 'another name of a file') return
      expect(told.message).toContain(JSON.stringify(path))
    },
  )

  it.each(Object.keys(PLANTED))('a journal %s is left alone where nobody needs it', async what => {
    const place = placeFor(`to/.spillway/parts/${'0'.repeat(24)}`)
    PLANTED[what]!(place)
    expect(await download()).toMatchObject({ complete: true })
    expect(readdirSync(dirname(place))).toEqual(['0'.repeat(24)])
    expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('mine')
  })

  it.each(['a link to a file', 'a link to nothing', 'a pipe', 'a link to a device'])(
    'the tag of a cache %s is refused by its name',
    async what => {
      writeFileSync(join(folder, 'mine'), '')
      PLANTED[what]!(placeFor('cache/CACHEDIR.TAG'))
      await expect(download(join(folder, 'cache'))).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('"CACHEDIR.TAG"'),
      })
      expect(readFileSync(join(folder, 'mine'), 'utf8')).toBe('')
      expect(existsSync(join(folder, 'made'))).toBe(false)
    },
  )

  it.each(['a link to a file', 'a pipe', 'a link to a device', 'a folder'])(
    'a user of a cache %s lets the download go on without keeping, and is told',
    async what => {
      await download(join(folder, 'cache'))
      rmSync(to, { recursive: true })
      PLANTED[what]!(placeFor('cache/use/lock-x'))
      expect(await download(join(folder, 'cache'))).toMatchObject({
        complete: true,
        cacheProblem: expect.stringContaining('"use/lock-x"'),
      })
    },
  )
})

it.each([
  { pid: 0, started: '' },
  { pid: -1, started: '' },
  { pid: 1.5, started: '' },
  { pid: 2 ** 40, started: '' },
])('a lock of this machine and of no process, %j, is taken over', async mark => {
  const lock = { ...thisProcess(), since: 'x', ...mark }
  writeFileSync(placeFor('to/.spillway/lock-x'), JSON.stringify(lock))
  expect(await download()).toMatchObject({ complete: true })
})

describe('names in the state', () => {
  const record = (path: string, bytes: string) => ({
    path,
    size: bytes.length,
    sha256: sha256(Buffer.from(bytes)),
    verified: true,
    mtimeMs: 1,
    boot: '',
  })

  it.each(['../outside', 'a/../../outside', '/etc/hostname', '.spillway/files', 'a/\0'])(
    '%j, which no download makes, is refused by verify and by the next download',
    async path => {
      writeFileSync(join(folder, 'outside'), 'outside')
      const lines = [{ asset: 'volume lake.kb.docs' }, record(path, 'outside')]
      writeFileSync(placeFor('to/.spillway/files'), lines.map(checkedLine).join(''))
      for (const ask of [() => verifyDownload(to), () => download()]) {
        await expect(ask()).rejects.toMatchObject({
          code: 'CONFLICT',
          message: expect.stringContaining('which no download makes'),
        })
      }
    },
  )
})

it('what only looks like a name of a download is no part of it, and verify tells of it', async () => {
  await download()
  writeFileSync(placeFor('to/.SPILLWAY/evil.py'), 'evil')
  writeFileSync(placeFor('to/a/.spillway-part-x.py'), 'evil')
  expect((await verifyDownload(to)).extra).toEqual(['.SPILLWAY/evil.py', 'a/.spillway-part-x.py'])
})
