import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quickOr } from '@spillway/testkit'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSharingClient } from '../../src/index.js'
import {
  type DownloadOptions,
  downloadAsset,
  nodeFetchFiles,
  verifyDownload,
} from '../../src/node.js'
import {
  AssetServer,
  type AssetServerOptions,
  type BytesAsked,
  noise,
  sha256,
} from '../support/asset-server.js'

let server: AssetServer | undefined
let folder: string
let to: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-download-'))
  to = join(folder, 'to')
})
afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

const MIB = 1024 * 1024
const LARGE = noise(17 * MIB + 123)
const FILES = { 'README.md': '# docs', 'a/b/c.txt': 'deep', 'a/é.txt': 'accent', empty: '' }

async function start(options: Partial<AssetServerOptions> = {}): Promise<AssetServer> {
  server = await new AssetServer({ files: FILES, ...options }).start()
  return server
}

/** Undefined is `fetch`. */
let fetchFiles: ReturnType<typeof nodeFetchFiles> | undefined
afterEach(() => {
  fetchFiles = undefined
})

function download(options: Partial<DownloadOptions> = {}, name = 'lake.kb.docs') {
  const client = createSharingClient(server!.profile, {
    fetchFiles,
    retry: { retries: 2, baseDelayMs: 1 },
    timeouts: { idleMs: 300, connectMs: 2000 },
  })
  return downloadAsset(client, name, { to, ...options })
}

function onDisk(at = to, below = ''): Record<string, string> {
  const found: Record<string, string> = {}
  for (const entry of readdirSync(join(at, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (path === '.spillway') continue
    if (entry.isDirectory()) Object.assign(found, onDisk(at, path))
    else found[path] = sha256(readFileSync(join(at, path)))
  }
  return found
}

function digests(files: Readonly<Record<string, string | Uint8Array>>): Record<string, string> {
  const entries = Object.entries(files)
  return Object.fromEntries(entries.map(([path, bytes]) => [path, sha256(Buffer.from(bytes))]))
}

describe('a download', () => {
  it('makes every file, with its bytes, and says what it did', async () => {
    await start({ files: { ...FILES, 'w.bin': LARGE }, pageSize: 2 })
    const result = await download()
    expect(onDisk()).toEqual(digests({ ...FILES, 'w.bin': LARGE }))
    expect(result).toMatchObject({
      asset: 'lake.kb.docs',
      kind: 'volume',
      snapshotId: server!.snapshotId,
      complete: true,
      leftBehind: [],
      bytesResumed: 0,
    })
    expect(result.files).toHaveLength(5)
    for (const { path, state, verified, sha256: found } of result.files) {
      expect([path, state, verified, found]).toEqual([path, 'fetched', true, onDisk()[path]])
    }
    expect(server!.fetched.filter(({ path }) => path === 'w.bin').length).toBeGreaterThan(1)
    for (const { path, headers } of server!.fetched) {
      expect(headers['if-match']).toBe(server!.files.get(path)!.etag)
      expect(headers['if-range']).toBeUndefined()
      expect(headers.authorization).toBeUndefined()
    }
    expect(readdirSync(join(to, '.spillway')).sort()).toEqual(['files', 'parts'])
    expect(readdirSync(join(to, '.spillway', 'parts'))).toEqual([])
    expect(await verifyDownload(to)).toEqual({
      asset: 'volume lake.kb.docs',
      same: 5,
      verified: 5,
      files: result.files
        .map(({ path, size, sha256 }) => ({ path, size, sha256 }))
        .sort((a, b) => (a.path < b.path ? -1 : 1)),
      missing: [],
      different: [],
      extra: [],
    })
  })

  it('fetches again only what changed, and leaves what the asset has no more', async () => {
    await start({ files: { ...FILES, 'old.txt': 'old' } })
    await download()
    server!.put('a/b/c.txt', 'deeper')
    server!.put('new.txt', 'new')
    server!.files.delete('old.txt')
    server!.fetched.length = 0
    const again = await download()
    expect(server!.fetched.map(({ path }) => path).sort()).toEqual(['a/b/c.txt', 'new.txt'])
    expect(again.leftBehind).toEqual(['old.txt'])
    expect(again.files.map(({ path, state }) => [path, state])).toEqual([
      ['README.md', 'unchanged'],
      ['a/b/c.txt', 'fetched'],
      ['a/é.txt', 'unchanged'],
      ['empty', 'unchanged'],
      ['new.txt', 'fetched'],
    ])
    server!.fetched.length = 0
    await download()
    expect(server!.fetched).toEqual([])
  })

  it.each([true, false])(
    'of a file that somebody changed here fetches it again (digests: %s)',
    async digests => {
      await start({ digests })
      await download()
      writeFileSync(join(to, 'README.md'), '# xocs')
      utimesSync(join(to, 'empty'), 1, 1)
      server!.fetched.length = 0
      const { files } = await download()
      expect(server!.fetched.map(({ path }) => path)).toEqual(['README.md'])
      expect(files.find(({ path }) => path === 'empty')).toMatchObject({ state: 'unchanged' })
      expect(readFileSync(join(to, 'README.md'), 'utf8')).toBe('# docs')
    },
  )

  it('believes size and time, unless it shall read again', async () => {
    await start()
    await download()
    const { mtime } = await import('node:fs').then(fs => fs.statSync(join(to, 'README.md')))
    writeFileSync(join(to, 'README.md'), '# xocs')
    utimesSync(join(to, 'README.md'), mtime, mtime)
    // The disk keeps more digits of a time than can be set here, in which case it is seen at once.
    await download({ verify: true })
    expect(readFileSync(join(to, 'README.md'), 'utf8')).toBe('# docs')
  })

  it('takes what is wanted alone', async () => {
    await start()
    const result = await download({ include: ['a/'], exclude: ['*.md'] })
    expect(Object.keys(onDisk()).sort()).toEqual(['a/b/c.txt', 'a/é.txt'])
    expect(result.complete).toBe(true)
  })

  it('that is a dry run writes nothing, and says what it would do', async () => {
    await start()
    const result = await download({ dryRun: true })
    expect(existsSync(to)).toBe(false)
    expect(server!.fetched).toEqual([])
    expect(result.complete).toBe(false)
    expect(result.files.map(({ state }) => state)).toEqual(new Array(4).fill('planned'))
    await download()
    expect((await download({ dryRun: true })).complete).toBe(true)
  })

  it('of files without digests has its own, and says that they are not the provider’s', async () => {
    await start({ digests: false })
    const { files } = await download()
    expect(files.every(({ verified }) => !verified)).toBe(true)
    expect(files.map(({ sha256: found }) => found)).toEqual(Object.values(digests(FILES)))
    expect(await verifyDownload(to)).toMatchObject({ same: 4, verified: 0 })
  })

  it('tells its progress to the end', async () => {
    await start({ files: { 'w.bin': LARGE } })
    const told: { bytesDone: number; bytes: number; filesDone: number }[] = []
    await download({ onProgress: progress => told.push(progress) })
    expect(told.at(-1)).toMatchObject({
      bytes: LARGE.length,
      bytesDone: LARGE.length,
      filesDone: 1,
    })
    const done = told.map(({ bytesDone }) => bytesDone)
    expect(done).toEqual(done.toSorted((a, b) => a - b))
  })

  it('that is cancelled leaves no file half there, and is gone on with', async () => {
    const stop = new AbortController()
    // Its last part never comes, so that it cannot be whole before it is cancelled: once half of it was sent.
    const fault = ({ end }: BytesAsked) => {
      const look = () => {
        if (server!.sent > LARGE.length / 2) stop.abort()
        else setTimeout(look, 5)
      }
      if (end === LARGE.length) look()
      return end === LARGE.length
    }
    await start({ files: { 'w.bin': LARGE }, fault })
    const cancelled = download({ signal: stop.signal })
    await expect(cancelled).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(existsSync(join(to, 'w.bin'))).toBe(false)
    server!.fault = undefined
    const { bytesFetched, bytesResumed } = await download()
    expect(bytesResumed).toBeGreaterThan(0)
    expect(bytesFetched + bytesResumed).toBe(LARGE.length)
    expect(onDisk()).toEqual(digests({ 'w.bin': LARGE }))
  })
})

describe('models', () => {
  it.each(['lake.kb.churn', 'lake.kb.churn@3', 'lake.kb.churn@best'])('%s', async name => {
    await start()
    expect(await download({}, name)).toMatchObject({ asset: 'lake.kb.churn@3', kind: 'model' })
    expect(onDisk()).toEqual(digests(FILES))
  })

  it('that change under their version are refused, unless that is what is wanted', async () => {
    await start({ digests: false })
    await download({}, 'lake.kb.churn@3')
    server!.put('README.md', '# other')
    await expect(download({}, 'lake.kb.churn@3')).rejects.toMatchObject({
      code: 'CONFLICT',
      context: { path: 'README.md' },
    })
    expect(readFileSync(join(to, 'README.md'), 'utf8')).toBe('# docs')
    await download({ force: true }, 'lake.kb.churn@3')
    expect(readFileSync(join(to, 'README.md'), 'utf8')).toBe('# other')
  })

  it('that change while they are fetched are refused', async () => {
    await start({
      fault: ({ path, count }) => {
        if (path === 'README.md' && count === 1) server!.put('README.md', '# other')
        return false
      },
    })
    await expect(download({}, 'lake.kb.churn')).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(existsSync(join(to, 'README.md'))).toBe(false)
  })
})

describe('a volume that is pinned to a listing', () => {
  it('is fetched as long as it is that, and refused after', async () => {
    await start()
    const pinned = `lake.kb.docs@${server!.snapshotId}`
    expect(await download({}, pinned)).toMatchObject({ complete: true })
    server!.put('README.md', '# other')
    await expect(download({}, pinned)).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('is not what the provider has now'),
    })
  })
})

describe('a live folder', () => {
  it('is listed again where a file changed, and the file is the new one, whole', async () => {
    await start({
      files: { ...FILES, 'w.bin': LARGE },
      fault: ({ path, count }) => {
        if (path === 'w.bin' && count === 3) server!.put('w.bin', noise(LARGE.length, 9))
        return false
      },
    })
    const result = await download()
    expect(result).toMatchObject({ complete: true, snapshotId: server!.snapshotId })
    expect(onDisk()['w.bin']).toBe(sha256(noise(LARGE.length, 9)))
  })

  it('whose file never holds still says so, and has the others', async () => {
    let version = 0
    await start({
      fault: ({ path }) => {
        if (path === 'README.md') server!.put(path, `version ${version++}`)
        return false
      },
    })
    const result = await download()
    expect(result.complete).toBe(false)
    expect(result.files.map(({ path, state }) => [path, state])).toEqual([
      ['README.md', 'changing'],
      ['a/b/c.txt', 'fetched'],
      ['a/é.txt', 'fetched'],
      ['empty', 'fetched'],
    ])
    expect(existsSync(join(to, 'README.md'))).toBe(false)
  })

  it('that loses a file after it was listed is fetched without it', async () => {
    await start({
      answer: (path, body) => {
        if (path.endsWith('/files')) server!.files.delete('a/b/c.txt')
        return body
      },
    })
    expect((await download()).files.map(({ path }) => path)).toEqual([
      'README.md',
      'a/é.txt',
      'empty',
    ])
    expect(Object.keys(onDisk()).sort()).toEqual(['README.md', 'a/é.txt', 'empty'])
  })

  it('that changes between two pages of its list is listed from the start', async () => {
    let pages = 0
    await start({
      pageSize: 1,
      answer: (path, body) => {
        if (path.endsWith('/files') && ++pages === 2) server!.put('README.md', '# other')
        return body
      },
    })
    expect(await download()).toMatchObject({ complete: true })
    expect(readFileSync(join(to, 'README.md'), 'utf8')).toBe('# other')
  })
})

const TRANSPORTS = { fetch: () => undefined, nodeFetchFiles }

/** Each fault over one of both, and in the long tier over either. */
function overTransports(faults: Readonly<Record<string, unknown>>) {
  const both = Object.entries(TRANSPORTS)
  return Object.keys(faults).flatMap((name, i) =>
    quickOr([both[i % 2]!], both).map(([transport, make]) => ({ name, transport, make })),
  )
}

/** Faults of stores: each once or some times, then it answers as it should. */
const PASSING: Record<string, (asked: BytesAsked) => boolean | undefined> = {
  'a 500': ({ count, response }) => count <= 2 && void response.writeHead(500).end() === undefined,
  'a 503 that says when': ({ count, response }) =>
    count === 1 && void response.writeHead(503, { 'retry-after': '0' }).end() === undefined,
  'a 429': ({ count, response }) => count === 1 && void response.writeHead(429).end() === undefined,
  'an expired URL': ({ count, response }) =>
    count <= 3 && void response.writeHead(403).end('expired') === undefined,
  'a connection that is reset': ({ count, request }) =>
    count <= 2 && request.socket.destroy() !== undefined,
  'a connection that is cut in the body': ({ count, file, start, end, response }) => {
    if (count > 3) return false
    response.writeHead(response.req.headers.range ? 206 : 200, {
      'content-length': end - start,
      etag: file!.etag!,
      ...(response.req.headers.range && {
        'content-range': `bytes ${start}-${end - 1}/${file!.bytes.length}`,
      }),
    })
    response.write(file!.bytes.subarray(start, start + Math.floor((end - start) / 2)), () =>
      response.destroy(),
    )
    return true
  },
  'a body that stalls': ({ count, file, start, end, response }) => {
    if (count !== 1) return false
    response.writeHead(206, {
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${file!.bytes.length}`,
    })
    response.write(file!.bytes.subarray(start, start + 1000))
    return true
  },
  'a body that is shorter than its range': ({ count, file, start, end, response }) => {
    if (count > 2 || end - start < 2000) return false
    response.writeHead(206, {
      'content-range': `bytes ${start}-${end - 1001}/${file!.bytes.length}`,
    })
    response.end(file!.bytes.subarray(start, end - 1000))
    return true
  },
  'a store that sends all of it': ({ file, response }) => {
    response.writeHead(200, { 'content-length': file!.bytes.length, etag: file!.etag! })
    response.end(file!.bytes)
    return true
  },
  'damaged bytes, once': ({ count, file, start, end, response }) => {
    if (count !== 1) return false
    const bytes = Buffer.from(file!.bytes.subarray(start, end))
    bytes[0]! ^= 1
    response.writeHead(206, { 'content-range': `bytes ${start}-${end - 1}/${file!.bytes.length}` })
    response.end(bytes)
    return true
  },
}

describe('a fault that passes', () => {
  it.each(overTransports(PASSING))('$name, by $transport: the file is whole', async asked => {
    const { name } = asked
    fetchFiles = asked.make()
    await start({ files: { 'w.bin': LARGE }, fault: PASSING[name]! })
    const result = await download({ concurrency: 4 })
    expect(result).toMatchObject({ complete: true, files: [{ state: 'fetched', verified: true }] })
    expect(onDisk()).toEqual(digests({ 'w.bin': LARGE }))
  })

  it.each(['an expired URL', 'a connection that is reset', 'a connection that is cut in the body'])(
    '%s: a small file is whole, without digests and tags as well',
    async name => {
      const file = noise(100_000)
      await start({ files: { s: file }, fault: PASSING[name]!, digests: false, etags: false })
      await download()
      expect(onDisk()).toEqual(digests({ s: file }))
    },
  )
})

describe('a file without a tag and a digest', () => {
  it('whose answers break off each time is given up: what is thrown away brings nothing', {
    timeout: 30_000,
  }, async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    await start({
      files: { s: noise(100_000) },
      fault: asked => PASSING['a connection that is cut in the body']!({ ...asked, count: 1 }),
      digests: false,
      etags: false,
    })
    const error = await download().catch(failure => failure)
    expect(error).toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
    expect(error.message).toContain('attempts in a row')
    expect(server!.fetched).toHaveLength(7)
    vi.restoreAllMocks()
  })
})

/** Faults that stay: an error of this code, and no file. */
const STAYING: Record<string, [code: string, (asked: BytesAsked) => boolean | undefined]> = {
  'a URL that is never taken': [
    'PERMISSION_DENIED',
    ({ response }) =>
      void response.writeHead(403).end('<Signature>s3cret</Signature>') === undefined,
  ],
  'damaged bytes': [
    'TABLE_CORRUPT',
    ({ file, start, end, response }) => {
      const bytes = Buffer.from(file!.bytes.subarray(start, end))
      bytes[0]! ^= 1
      response.writeHead(206, {
        'content-range': `bytes ${start}-${end - 1}/${file!.bytes.length}`,
      })
      response.end(bytes)
      return true
    },
  ],
  'another range than was asked for': [
    'TABLE_CORRUPT',
    ({ file, start, end, response }) => {
      if (start === 0) return false
      response.writeHead(206, {
        'content-range': `bytes 0-${end - start - 1}/${file!.bytes.length}`,
      })
      response.end(file!.bytes.subarray(0, end - start))
      return true
    },
  ],
  'no content-range': [
    'TABLE_CORRUPT',
    ({ file, start, end, response }) => {
      response.writeHead(206).end(file!.bytes.subarray(start, end))
      return true
    },
  ],
  'a content-range beyond what was asked for': [
    'TABLE_CORRUPT',
    ({ file, start, end, response }) => {
      response.writeHead(206, { 'content-range': `bytes ${start}-${end}/${file!.bytes.length}` })
      response.end(file!.bytes.subarray(start, end + 1))
      return true
    },
  ],
  'a body that is longer than its range': [
    'TABLE_CORRUPT',
    ({ file, start, end, response }) => {
      response.writeHead(206, {
        'content-range': `bytes ${start}-${end - 1}/${file!.bytes.length}`,
      })
      response.write(file!.bytes.subarray(start, end))
      response.end('more')
      return true
    },
  ],
  'a 418': ['INVALID_REQUEST', ({ response }) => void response.writeHead(418).end() === undefined],
}

describe('a fault that stays', () => {
  it.each(overTransports(STAYING))(
    '$name, by $transport: an error, no file, no secret',
    async asked => {
      const { name } = asked
      fetchFiles = asked.make()
      const [code, fault] = STAYING[name]!
      await start({ files: { 'w.bin': LARGE }, fault })
      const error = await download({ concurrency: 4 }).catch(failure => failure)
      expect(error).toMatchObject({ code, context: { path: 'w.bin' } })
      expect(JSON.stringify([error.message, error.context, error.stack])).not.toContain('s3cret')
      expect(existsSync(join(to, 'w.bin'))).toBe(false)
      server!.fault = undefined
      expect(await download()).toMatchObject({ complete: true })
      expect(onDisk()).toEqual(digests({ 'w.bin': LARGE }))
    },
  )
})

describe('names of a hostile server', () => {
  it.each([
    '../outside.txt',
    'a/../../outside.txt',
    '/etc/outside.txt',
    'C:\\outside.txt',
    'a\\b',
    'nul\0byte',
    '%2e%2e/outside.txt',
    'aux.txt',
    'trailing.',
    'a'.repeat(300),
  ])('%j: refused, nothing is written', async path => {
    await start({ files: { ...FILES, [path]: 'owned' } })
    await expect(download()).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
    expect(readdirSync(folder)).toEqual(['to'])
    expect(onDisk()).toEqual({})
  })

  it.each([
    ['in two cases', 'Readme.MD', 'readme.md'],
    ['in two normalizations', '\u00e9', 'e\u0301'],
    ['of a file and a folder', 'x', 'x/y'],
  ])('twins %s: refused', async (_, one, other) => {
    await start({ files: { [one]: '1', [other]: '2' } })
    await expect(download()).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
    expect(onDisk()).toEqual({})
  })

  it.each([
    '.spillway/files',
    '.spillway-part-x',
    'a/.Spillway-Part-x',
    '.SPILLWAY/lock',
    // Long s folds to s, and HFS+ does not see marks of direction.
    '.\u017fpillway/files',
    'a/.\u017fPillway-part-x',
  ])('that downloads keep for themselves are not taken for the asset’s: %s', async path => {
    await start({ files: { ...FILES, [path]: 'owned' } })
    const result = await download()
    expect(result.files.filter(({ state }) => state === 'reserved').map(f => f.path)).toEqual([
      path,
    ])
    expect(onDisk()).toEqual(digests(FILES))
  })
})

describe('what lies in the folder', () => {
  it.each(['README.md', 'a/b/c.txt'])(
    '%s, which no download made, is not replaced unasked',
    async path => {
      await start({ digests: false })
      mkdirSync(join(to, path, '..'), { recursive: true })
      writeFileSync(join(to, path), 'mine')
      await expect(download()).rejects.toMatchObject({ code: 'CONFLICT', context: { path } })
      expect(readFileSync(join(to, path), 'utf8')).toBe('mine')
      await download({ force: true })
      expect(onDisk()).toEqual(digests(FILES))
    },
  )

  it('and is the same already is taken over', async () => {
    await start()
    mkdirSync(to)
    writeFileSync(join(to, 'README.md'), '# docs')
    const { files } = await download()
    expect(files[0]).toMatchObject({ path: 'README.md', state: 'unchanged', verified: true })
    expect(server!.fetched.map(({ path }) => path)).not.toContain('README.md')
  })

  it.each(['a', 'a/b', 'README.md', '.spillway', 'a/b/c.txt'])(
    'as a link %s is refused, and nothing is written where it leads',
    async path => {
      await start()
      const outside = join(folder, 'outside')
      mkdirSync(outside)
      writeFileSync(join(outside, 'c.txt'), 'mine')
      mkdirSync(join(to, path, '..'), { recursive: true })
      symlinkSync(
        path.includes('.') && path !== '.spillway' ? join(outside, 'c.txt') : outside,
        join(to, path),
      )
      await expect(download({ force: true })).rejects.toMatchObject({
        code: 'CONFLICT',
        message: expect.stringContaining('is a link'),
      })
      expect(onDisk(outside)).toEqual(digests({ 'c.txt': 'mine' }))
    },
  )

  it('as an unfinished file that is a link, or has another name, is refused', async () => {
    await start()
    const outside = join(folder, 'mine.txt')
    writeFileSync(outside, 'mine')
    const { partName } = await import('../../src/download/known-files.js')
    mkdirSync(to)
    for (const make of [symlinkSync, linkSync]) {
      const part = join(to, `.spillway-part-${partName('README.md')}`)
      make(outside, part)
      await expect(download()).rejects.toMatchObject({ code: 'CONFLICT' })
      expect(readFileSync(outside, 'utf8')).toBe('mine')
      rmSync(part)
    }
  })

  it('and is exchanged for a link while a file is fetched leads nowhere', async () => {
    const outside = join(folder, 'outside')
    mkdirSync(outside)
    await start({
      files: { 'a/w.bin': LARGE, 'a/z/later.txt': 'later' },
      fault: ({ path, count }) => {
        if (path === 'a/w.bin' && count === 1) {
          renameSync(join(to, 'a'), join(to, 'moved'))
          symlinkSync(outside, join(to, 'a'))
        }
        return false
      },
    })
    await download().catch(error => expect(error).toMatchObject({ code: 'CONFLICT' }))
    expect(onDisk(outside)).toEqual({})
    expect(await download().catch(error => error.code)).toBe('CONFLICT')
    expect(onDisk(outside)).toEqual({})
  })

  it('of another asset is another folder', async () => {
    await start()
    await download()
    await expect(download({}, 'lake.kb.churn')).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('holds a download of volume lake.kb.docs'),
    })
  })

  it('is a file: refused', async () => {
    await start()
    writeFileSync(to, 'mine')
    await expect(download()).rejects.toMatchObject({ code: 'CONFLICT' })
    expect(readFileSync(to, 'utf8')).toBe('mine')
  })

  it('is told by verify: missing, different, extra, links', async () => {
    await start()
    await download()
    rmSync(join(to, 'README.md'))
    writeFileSync(join(to, 'a/b/c.txt'), 'peed')
    writeFileSync(join(to, 'a/extra.txt'), 'extra')
    rmSync(join(to, 'empty'))
    symlinkSync('/dev/null', join(to, 'empty'))
    symlinkSync('/etc', join(to, 'etc'))
    expect(await verifyDownload(to)).toEqual({
      asset: 'volume lake.kb.docs',
      same: 1,
      verified: 1,
      files: [{ path: 'a/é.txt', size: 6, sha256: sha256(Buffer.from('accent')) }],
      missing: ['README.md'],
      different: ['a/b/c.txt', 'empty'],
      extra: ['a/extra.txt', 'etc'],
    })
    await expect(verifyDownload(folder)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})
