import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSharingClient } from '../../src/index.js'
import {
  type DownloadOptions,
  downloadAsset,
  listCache,
  pruneCache,
  verifyCache,
} from '../../src/node.js'
import { AssetServer, type AssetServerOptions, noise, sha256 } from '../support/asset-server.js'

const MIB = 1024 * 1024
let server: AssetServer | undefined
let folder: string
let cache: string
let downloads = 0
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-cache-'))
  cache = join(folder, 'cache')
})
afterEach(async () => {
  await server?.close()
  server = undefined
  rmSync(folder, { recursive: true, force: true })
})

async function start(options: AssetServerOptions): Promise<AssetServer> {
  server = await new AssetServer(options).start()
  return server
}

/** Into a folder of its own. */
async function download(name = 'lake.kb.docs', options: Partial<DownloadOptions> = {}) {
  const to = options.to ?? join(folder, `to-${++downloads}`)
  const client = createSharingClient(server!.profile, { retry: { retries: 0 } })
  server!.fetched.length = 0
  server!.asked.length = 0
  const result = await downloadAsset(client, name, { to, cache, ...options })
  const states = Object.fromEntries(result.files.map(({ path, state }) => [path, state]))
  const fetched = [...new Set(server!.fetched.map(({ path }) => path))]
  return { ...result, to, states, fetched }
}

function entry(bytes: string | Uint8Array): string {
  const digest = sha256(Buffer.from(bytes))
  return join(cache, 'sha256', digest.slice(0, 2), digest)
}

/** Everything below a folder that is a file or a link. */
function below(at: string): readonly string[] {
  return readdirSync(at, { withFileTypes: true, recursive: true })
    .filter(found => !found.isDirectory())
    .map(({ name }) => name)
}

const A = 'what both have'
/** Of which a journal is kept. */
const LARGE = noise(5 * MIB)

describe('a cache of files', () => {
  it('lets a version fetch only what no earlier one had', async () => {
    const shared = Object.fromEntries(
      Array.from({ length: 9 }, (_, i) => [`shard-${i}`, noise(3000 + i, i + 1)]),
    )
    await start({ older: { ...shared, config: 'two' }, files: { ...shared, config: 'three' } })
    const two = await download('lake.kb.churn@2')
    expect(two.fetched).toHaveLength(10)
    expect(two).toMatchObject({ bytesCached: 0, complete: true })
    const three = await download('lake.kb.churn@3')
    expect(three.fetched).toEqual(['config'])
    expect(server!.fetched).toHaveLength(1)
    expect(server!.asked.filter(asked => asked.endsWith('/file-urls'))).toHaveLength(1)
    expect(three.states).toEqual({
      ...Object.fromEntries(Object.keys(shared).map(path => [path, 'cached'])),
      config: 'fetched',
    })
    const bytes = Object.values(shared).reduce((sum, { length }) => sum + length, 0)
    expect(three).toMatchObject({ bytesCached: bytes, bytesFetched: 5, complete: true })
    for (const [path, content] of Object.entries(shared)) {
      expect(readFileSync(join(three.to, path)).equals(content)).toBe(true)
    }
    expect(three.files.every(({ verified }) => verified)).toBe(true)
    expect((await listCache(cache)).files).toHaveLength(11)
  })

  it('is shared by providers, and asks nothing for URLs where it has everything', async () => {
    await start({ files: { a: A, 'w.bin': LARGE } })
    await download()
    await server!.close()
    await start({ files: { 'elsewhere/a': A, w: LARGE } })
    const { fetched, states } = await download()
    expect([fetched, states]).toEqual([[], { 'elsewhere/a': 'cached', w: 'cached' }])
    expect(server!.asked.filter(asked => asked.includes('file-urls'))).toEqual([])
  })

  it('gives copies: who edits one changes neither the cache nor another', async () => {
    await start({ files: { a: A, 'w.bin': LARGE } })
    const first = await download()
    for (const path of ['a', 'w.bin']) {
      expect(statSync(join(first.to, path)).mode & 0o777).toBe(0o666 & ~process.umask())
      writeFileSync(join(first.to, path), 'xx', { flag: 'r+' })
    }
    const second = await download()
    expect(second.states).toEqual({ a: 'cached', 'w.bin': 'cached' })
    writeFileSync(join(second.to, 'a'), 'yy', { flag: 'r+' })
    expect(readFileSync(join((await download()).to, 'a'), 'utf8')).toBe(A)
    expect(statSync(entry(A)).nlink).toBe(1)
  })

  it('keeps nothing whose digest the provider does not state, and is asked for none', async () => {
    await start({ files: { a: A }, digests: false })
    await download()
    expect((await listCache(cache)).files).toEqual([])
    expect((await download()).fetched).toEqual(['a'])
  })

  it('is of its owner alone, as are its files, and is marked for programs that back up', async () => {
    await start({ files: { a: A } })
    await download()
    expect(statSync(cache).mode & 0o777).toBe(0o700)
    expect(statSync(entry(A)).mode & 0o777).toBe(0o400)
    expect(readFileSync(join(cache, 'CACHEDIR.TAG'), 'latin1')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55\n/,
    )
    expect(below(join(cache, 'new'))).toEqual([])
    expect(below(join(cache, 'use'))).toEqual([])
  })

  it('is for others where its folder was made so', async () => {
    mkdirSync(cache)
    chmodSync(cache, 0o2775)
    await start({ files: { a: A } })
    await download()
    expect(statSync(join(cache, 'sha256', sha256(Buffer.from(A)).slice(0, 2))).mode & 0o7777).toBe(
      0o2775,
    )
    expect(statSync(entry(A)).mode & 0o777).toBe(0o444)
  })

  it('says in a dry run what it has, and is neither made nor touched', async () => {
    await start({ files: { a: A, b: 'other' } })
    await download('lake.kb.docs', { dryRun: true })
    expect(existsSync(cache)).toBe(false)
    await download('lake.kb.docs', { include: ['a'] })
    utimesSync(entry(A), 1, 1)
    const { states, bytesCached } = await download('lake.kb.docs', { dryRun: true })
    expect([states, bytesCached]).toEqual([{ a: 'planned', b: 'planned' }, A.length])
    expect(statSync(entry(A)).mtimeMs).toBe(1000)
  })

  it('goes on from the cache with what was begun from the network', async () => {
    const bytes = noise(9 * MIB)
    await start({ files: { 'w.bin': bytes, a: A } })
    await download()
    const stop = new AbortController()
    server!.fault = ({ start }) => {
      // Never answered: what came before it is written.
      if (start === 8 * MIB) setTimeout(() => stop.abort(), 200)
      return start === 8 * MIB
    }
    const to = join(folder, 'begun')
    const other = { to, cache: join(folder, 'other'), include: ['w.bin'], signal: stop.signal }
    await expect(download('lake.kb.docs', other)).rejects.toMatchObject({ code: 'CANCELLED' })
    const { states, bytesResumed, bytesCached } = await download('lake.kb.docs', { to })
    expect(states['w.bin']).toBe('cached')
    expect(bytesResumed).toBeGreaterThan(0)
    expect(bytesResumed + bytesCached).toBe(bytes.length + A.length)
  })
})

describe('an entry that is damaged', () => {
  const damages: Record<string, (place: string, bytes: Buffer) => void> = {
    'has another byte': (place, bytes) => {
      bytes[0]! ^= 1
      writeFileSync(place, bytes)
    },
    'is cut': place => truncateSync(place, 5),
    'is longer': (place, bytes) => writeFileSync(place, Buffer.concat([bytes, bytes])),
    'is a link to what it should be': (place, bytes) => {
      const elsewhere = join(folder, 'elsewhere')
      writeFileSync(elsewhere, bytes)
      rmSync(place)
      symlinkSync(elsewhere, place)
    },
    'is a link to nothing': place => {
      rmSync(place)
      symlinkSync('/nowhere', place)
    },
    'is a pipe': place => {
      rmSync(place)
      execFileSync('mkfifo', [place])
    },
  }
  it.each(
    Object.keys(damages).flatMap(name => [
      [name, 'small', Buffer.from(A)] as const,
      [name, 'large', LARGE] as const,
    ]),
  )('as it %s is never handed out, and made anew (%s)', async (name, _, content) => {
    await start({ files: { w: content } })
    await download()
    chmodSync(entry(content), 0o600)
    damages[name]!(entry(content), Buffer.from(content))
    const { to, states, files, cacheProblem } = await download()
    expect(states).toEqual({ w: 'fetched' })
    expect(files[0]).toMatchObject({ verified: true, sha256: sha256(content) })
    expect(readFileSync(join(to, 'w')).equals(content)).toBe(true)
    expect(cacheProblem).toBeUndefined()
    expect((await download()).states).toEqual({ w: 'cached' })
    expect(await verifyCache(cache)).toMatchObject({ same: 1, damaged: [], strange: [] })
  })

  it('as a folder lies in its place is fetched, and the folder is left and told', async () => {
    await start({ files: { a: A } })
    await download()
    rmSync(entry(A))
    mkdirSync(join(entry(A), 'mine'), { recursive: true })
    const { states, cacheProblem } = await download()
    expect([states, cacheProblem]).toEqual([
      { a: 'fetched' },
      'a folder lies where an entry belongs',
    ])
    expect(existsSync(join(entry(A), 'mine'))).toBe(true)
    const place = `sha256/${sha256(Buffer.from(A)).slice(0, 2)}/${sha256(Buffer.from(A))}`
    expect(await verifyCache(cache)).toMatchObject({ same: 0, strange: [place] })
    await pruneCache(cache, { all: true })
    expect(existsSync(join(entry(A), 'mine'))).toBe(true)
  })

  it('as its folder is a link leads nowhere: nothing is read or written behind it', async () => {
    await start({ files: { a: A } })
    await download()
    const shelf = join(cache, 'sha256', sha256(Buffer.from(A)).slice(0, 2))
    const elsewhere = join(folder, 'elsewhere')
    mkdirSync(elsewhere)
    rmSync(shelf, { recursive: true })
    symlinkSync(elsewhere, shelf)
    const { states, cacheProblem } = await download()
    expect(states).toEqual({ a: 'fetched' })
    expect(cacheProblem).toContain('is a link in the folder')
    expect(readdirSync(elsewhere)).toEqual([])
  })
})

describe('a folder that is no cache', () => {
  it.each([
    ['with other files in it', () => writeFileSync(join(cache, 'thesis.txt'), 'mine'), 'thesis'],
    [
      "with another program's tag",
      () => writeFileSync(join(cache, 'CACHEDIR.TAG'), 'Signature: x\n# theirs'),
      'another kind',
    ],
  ])('%s is refused, and left as it is', async (_, fill, told) => {
    mkdirSync(cache)
    fill()
    const before = readdirSync(cache)
    await start({ files: { a: A } })
    const refused = { code: 'CONFLICT', message: expect.stringContaining(told) }
    await expect(download()).rejects.toMatchObject(refused)
    await expect(pruneCache(cache, { all: true })).rejects.toMatchObject(refused)
    expect(readdirSync(cache)).toEqual(before)
  })

  it('as it is not there is told by those who look after it, and made by none of them', async () => {
    const missing = { code: 'NOT_FOUND', message: expect.stringContaining('--cache makes one') }
    await expect(listCache(cache)).rejects.toMatchObject(missing)
    await expect(verifyCache(cache)).rejects.toMatchObject(missing)
    await expect(pruneCache(cache, { all: true })).rejects.toMatchObject(missing)
    expect(existsSync(cache)).toBe(false)
  })

  it('as its tag was cut by a kill is one again', async () => {
    mkdirSync(cache)
    writeFileSync(join(cache, 'CACHEDIR.TAG'), 'Signature: 8a477f5')
    await start({ files: { a: A } })
    await download()
    expect((await listCache(cache)).files).toHaveLength(1)
  })

  it.each(['to', 'to/within', '.'])(
    'as it lies around or within the target (%s) is refused',
    async at => {
      await start({ files: { a: A } })
      const wrong = { to: join(folder, 'to'), cache: join(folder, at) }
      await expect(download('lake.kb.docs', wrong)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('neither lies in the other'),
      })
    },
  )
})

function mounted(options: string): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'spillway-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', at], { stdio: 'ignore' })
    return at
  } catch {
    rmSync(at, { recursive: true, force: true })
    return undefined
  }
}

describe('a cache on a disk of its own', () => {
  let disk: string | undefined
  afterEach(() => {
    if (disk !== undefined) {
      execFileSync('umount', [disk])
      rmSync(disk, { recursive: true, force: true })
    }
  })

  it('that is full, or fills, lets the download go on, and says so', async context => {
    disk = mounted('size=8m')
    if (disk === undefined) return context.skip()
    cache = join(disk, 'cache')
    await start({ files: { a: A } })
    expect(await download()).toMatchObject({
      complete: true,
      states: { a: 'fetched' },
      cacheProblem: 'its disk has too little room',
    })
    expect(await listCache(cache)).toEqual({ files: [], strange: [] })
    expect(below(cache)).toEqual(['CACHEDIR.TAG'])
  })

  it('that is read-only is taken from', async context => {
    disk = mounted('size=100m')
    if (disk === undefined) return context.skip()
    cache = join(disk, 'cache')
    await start({ files: { a: A, b: 'other' } })
    await download('lake.kb.docs', { include: ['a'] })
    execFileSync('mount', ['-o', 'remount,ro', disk])
    const { states, cacheProblem } = await download()
    expect(states).toEqual({ a: 'cached', b: 'fetched' })
    expect(cacheProblem).toBe('its disk is read-only')
    expect((await listCache(cache)).files).toHaveLength(1)
    expect((await verifyCache(cache)).same).toBe(1)
    expect((await pruneCache(cache, { all: true, dryRun: true })).removed).toHaveLength(1)
  })
})
