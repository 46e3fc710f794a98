import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import {
  appendFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { quickOr } from '@spillway/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createSharingClient } from '../../src/index.js'
import { downloadAsset, listCache, verifyCache } from '../../src/node.js'
import { AssetServer, type BytesAsked, noise, sha256 } from '../support/asset-server.js'

const script = fileURLToPath(new URL('../support/download-process.mjs', import.meta.url))
const isBuilt = existsSync(fileURLToPath(new URL('../../dist/node.js', import.meta.url)))
const MIB = 1024 * 1024
/** What its connections hold, and has not been written down: on a machine that is busy with other things, too. */
const LOST_AT_A_KILL = 8 * MIB
const pause = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

let server: AssetServer | undefined
let folder: string
let to: string
const children = new Set<ChildProcess>()
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-killed-'))
  to = join(folder, 'to')
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await server?.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Begun {
  readonly count?: string
  readonly into?: string
  readonly cache?: string
}

function begin({ count, into = to, cache }: Begun = {}) {
  const counted = cache === undefined ? count : (count ?? join(folder, `count-${children.size}`))
  const more = [counted, cache].filter(each => each !== undefined)
  const child = spawn(process.execPath, [script, server!.url, into, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.add(child)
  let text = ''
  child.stdout.on('data', chunk => {
    text += chunk
  })
  const said = async () => {
    if (child.exitCode === null && child.signalCode === null) await once(child, 'close')
    return JSON.parse(text || '{}')
  }
  return { child, said }
}

/** What the process that counts there has received so far. */
function receivedBy(path: string): number {
  return existsSync(path) ? Number(readFileSync(path, 'utf8')) : 0
}

function download(at = to) {
  return downloadAsset(createSharingClient(server!.profile), 'lake.kb.docs', { to: at })
}

/** Bytes at a rate that a client keeps up with, so that what was sent is what was received; counts them. */
function steadily(bytesPerMs: number) {
  const count = { sent: 0, due: 0, began: 0 }
  const fault = ({ file, start, end, response }: BytesAsked): boolean => {
    const size = file!.bytes.length
    response.writeHead(206, {
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${size}`,
      etag: file!.etag!,
    })
    void send(file!.bytes.subarray(start, end), response)
    return true
  }
  async function send(bytes: Uint8Array, response: BytesAsked['response']): Promise<void> {
    for (let at = 0; at < bytes.length && !response.destroyed; at += 16_384) {
      const now = performance.now()
      if (count.due < now) count.due = now
      count.due += 16_384 / bytesPerMs
      if (count.due - now > 1) await pause(count.due - now)
      const chunk = bytes.subarray(at, at + 16_384)
      await new Promise(resolve => {
        if (response.destroyed) return resolve(undefined)
        response.write(chunk, error => {
          if (!error) count.sent += chunk.length
          resolve(undefined)
        })
      })
    }
    response.end()
  }
  return { count, fault }
}

describe.skipIf(!isBuilt)('a download whose process is killed', () => {
  it('again and again at random moments ends whole, having fetched little twice', {
    timeout: 180_000,
  }, async () => {
    // What is lost at a kill is what connections hold, whatever the size of the file.
    const size = quickOr(48, 512) * MIB
    const kills = quickOr(2, 10)
    const bytes = noise(size)
    const { fault } = steadily(20_000)
    server = await new AssetServer({ files: { 'w.bin': bytes }, fault }).start()
    // What a process has received: what the system still held for it when it was killed is no work of ours.
    const counts: string[] = []
    const counted = () => {
      counts.push(join(folder, `count-${counts.length}`))
      return counts.at(-1)!
    }
    for (let killed = 0; killed < kills; killed++) {
      const path = counted()
      const { child, said } = begin({ count: path })
      // What it has received, not what was sent: a process that is starved has not begun while the system holds megabytes for it.
      while (receivedBy(path) < size / 20) await pause(5)
      await pause(Math.random() * 250)
      child.kill('SIGKILL')
      await said().catch(() => undefined)
      expect(existsSync(join(to, 'w.bin'))).toBe(false)
    }
    const result = await begin({ count: counted() }).said()
    expect(result).toMatchObject({ complete: true, files: [{ state: 'fetched', verified: true }] })
    const hash = createHash('sha256')
    for await (const chunk of createReadStream(join(to, 'w.bin'))) hash.update(chunk)
    expect(hash.digest('hex')).toBe(sha256(bytes))
    const each = counts.map(receivedBy)
    const received = each.reduce((sum, bytes) => sum + bytes, 0)
    expect(received).toBeGreaterThanOrEqual(size)
    // Of 10 GB, that of ten kills is less than a hundredth.
    expect((received - size) / kills).toBeLessThan(LOST_AT_A_KILL)
    // Every one of them went on with what came before it.
    expect(each.at(-1)).toBeLessThan(size * 0.95)
    expect(readdirSync(to)).toEqual(['.spillway', 'w.bin'])
    // The process, its code and buffers, and nothing of the file's size. Counting what comes takes as much again.
    server.fault = undefined
    const { memory } = await begin({ into: join(folder, 'plain') }).said()
    expect(memory).toBeLessThan(192 * MIB)
  })

  it('among small files goes on with those that are missing', { timeout: 60_000 }, async () => {
    const files = Object.fromEntries(
      Array.from({ length: 300 }, (_, i) => [`f/${i}.bin`, noise(10_000, i + 1)]),
    )
    server = await new AssetServer({ files }).start()
    const { child, said } = begin()
    while (server.fetched.length < 100) await pause(2)
    child.kill('SIGKILL')
    await said().catch(() => undefined)
    const before = server.fetched.length
    expect(await download()).toMatchObject({ complete: true })
    // Those under way when it was killed come twice.
    expect(server.fetched.length).toBeLessThanOrEqual(300 + 2 * 16)
    expect(server.fetched.length - before).toBeLessThan(220)
    for (const [path, bytes] of Object.entries(files)) {
      expect(sha256(readFileSync(join(to, path)))).toBe(sha256(bytes))
    }
  })

  it('of two at once into one folder one says so, and does nothing', {
    timeout: 60_000,
  }, async () => {
    // Held back until both others were told, however long they take to begin.
    const held: (() => void)[] = []
    const fault = ({ file, response }: BytesAsked) => {
      held.push(() => response.end(file!.bytes))
      return true
    }
    server = await new AssetServer({ files: { 'w.bin': noise(MIB) }, fault }).start()
    const first = begin()
    while (held.length === 0) await pause(5)
    const second = await begin().said()
    expect(second).toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(`process ${first.child.pid} on`),
    })
    await expect(download()).rejects.toMatchObject({ code: 'CONFLICT' })
    for (const answer of held) answer()
    expect(await first.said()).toMatchObject({ complete: true })
    expect(await download()).toMatchObject({ files: [{ state: 'unchanged' }] })
  })
})

describe.skipIf(!isBuilt)('a cache of several processes', () => {
  it('holds whole files whenever they are killed, and nothing that they began', {
    timeout: 60_000,
  }, async () => {
    const cache = join(folder, 'cache')
    const files = Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`f${i}`, noise(MIB, i + 1)]),
    )
    server = await new AssetServer({ files }).start()
    const kept = async () =>
      existsSync(join(cache, 'use')) ? (await listCache(cache)).files.length : 0
    for (let round = 1; round <= 2; round++) {
      const pair = [1, 2].map(i => begin({ into: join(folder, `to-${round}-${i}`), cache }))
      while ((await kept()) < 10 * round) await pause(2)
      for (const { child } of pair) child.kill('SIGKILL')
      await Promise.all(pair.map(({ said }) => said()))
      expect(await verifyCache(cache)).toMatchObject({ damaged: [], strange: [] })
    }
    const before = await kept()
    const { bytesCached } = await downloadAsset(
      createSharingClient(server.profile),
      'lake.kb.docs',
      { to, cache },
    )
    expect(bytesCached).toBe(before * MIB)
    expect(await verifyCache(cache)).toMatchObject({ same: 30, damaged: [], strange: [] })
    expect(readdirSync(join(cache, 'new'))).toEqual([])
    expect(readdirSync(join(cache, 'use'))).toEqual([])
  })
})

describe('what a killed process left', () => {
  const bytes = noise(20 * MIB)
  async function half(): Promise<string> {
    const { fault } = steadily(100_000)
    server = await new AssetServer({ files: { 'w.bin': bytes }, fault }).start()
    const stop = new AbortController()
    const client = createSharingClient(server.profile)
    const running = downloadAsset(client, 'lake.kb.docs', {
      to,
      signal: stop.signal,
      onProgress: ({ bytesFetched }) => bytesFetched > 10 * MIB && stop.abort(),
    })
    await running.catch(() => undefined)
    server.fault = undefined
    const [journal] = readdirSync(join(to, '.spillway/parts'))
    return join(to, '.spillway/parts', journal!)
  }
  const part = () => join(to, readdirSync(to).find(name => name.startsWith('.spillway-part-'))!)

  it.each([
    ['a torn last line', (path: string) => truncateSync(path, readFileSync(path).length - 7)],
    ['a line of nothing', (path: string) => appendFileSync(path, '\0\0\0\0\n')],
    [
      'a line that was made up',
      (path: string) => appendFileSync(path, '0123456789abcdef {"start":0,"end":20971520}\n'),
    ],
  ])('with %s is gone on with', async (_, damage) => {
    const journal = await half()
    damage(journal)
    const { bytesResumed, bytesFetched } = await download()
    expect(bytesResumed).toBeGreaterThan(5 * MIB)
    expect(bytesFetched).toBeLessThan(15 * MIB)
    expect(sha256(readFileSync(join(to, 'w.bin')))).toBe(sha256(bytes))
  })

  it.each([
    ['an empty journal', (path: string) => writeFileSync(path, '')],
    ['no unfinished file', () => rmSync(part())],
    ['an unfinished file that was cut', () => truncateSync(part(), 1000)],
  ])('with %s is begun again', async (_, damage) => {
    damage(await half())
    expect(await download()).toMatchObject({ bytesResumed: 0, bytesFetched: bytes.length })
    expect(sha256(readFileSync(join(to, 'w.bin')))).toBe(sha256(bytes))
  })

  it('with other bytes than it says is found out by the digest, and fetched again', async () => {
    await half()
    writeFileSync(part(), Buffer.alloc(bytes.length))
    expect(await download()).toMatchObject({ complete: true })
    expect(sha256(readFileSync(join(to, 'w.bin')))).toBe(sha256(bytes))
  })

  it('of another file than is there now is not gone on with', async () => {
    await half()
    const other = noise(20 * MIB, 7)
    server!.put('w.bin', other)
    expect(await download()).toMatchObject({ bytesResumed: 0 })
    expect(sha256(readFileSync(join(to, 'w.bin')))).toBe(sha256(other))
  })

  it('of a file that is gone by now is removed', async () => {
    await half()
    server!.files.delete('w.bin')
    server!.put('other.txt', 'other')
    await download()
    expect(readdirSync(to).sort()).toEqual(['.spillway', 'other.txt'])
    expect(readdirSync(join(to, '.spillway/parts'))).toEqual([])
  })

  it('of a small file that is gone by now is removed, in whatever folder', async () => {
    const stop = new AbortController()
    const fault = ({ path }: BytesAsked) => {
      if (path === 'a/b/small') stop.abort()
      return path === 'a/b/small'
    }
    const files = { 'a/b/small': 'small', 'c/other': 'other' }
    server = await new AssetServer({ files, fault }).start()
    const client = createSharingClient(server.profile)
    const running = downloadAsset(client, 'lake.kb.docs', { to, signal: stop.signal })
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' })
    expect(readdirSync(join(to, 'a/b'))).toEqual([expect.stringMatching(/^\.spillway-part-/)])
    server.files.delete('a/b/small')
    await download()
    expect(readdirSync(join(to, 'a/b'))).toEqual([])
    await download()
    expect(readFileSync(join(to, '.spillway/files'), 'utf8')).not.toContain('begun')
  })

  it.each([
    ['of a process that is no more', { pid: 2 ** 22 - 1 }],
    ['of another process of that number', { started: '1' }],
    ['of before the machine started', { boot: 'another' }],
  ])('as a lock %s is taken over', async (_, other) => {
    server = await new AssetServer({ files: { a: 'a' } }).start()
    const { thisProcess } = await import('../../src/download/disk/this-process.js')
    mkdirSync(join(to, '.spillway'), { recursive: true })
    const lock = { ...thisProcess(), since: '2026-01-01', ...other }
    writeFileSync(join(to, '.spillway/lock-x'), JSON.stringify(lock))
    expect(await download()).toMatchObject({ complete: true })
    expect(readdirSync(join(to, '.spillway')).sort()).toEqual(['files', 'parts'])
  })

  it.each([
    ['on another machine', { host: 'elsewhere' }],
    ['in another container', { space: 'pid:[1]' }],
  ])('as a lock of a process %s is kept for a minute after it was touched', async (_, other) => {
    server = await new AssetServer({ files: { a: 'a' } }).start()
    const { thisProcess } = await import('../../src/download/disk/this-process.js')
    mkdirSync(join(to, '.spillway'), { recursive: true })
    const path = join(to, '.spillway/lock-x')
    const lock = { ...thisProcess(), since: '2026-01-01', ...other }
    writeFileSync(path, JSON.stringify(lock))
    await expect(download()).rejects.toMatchObject({ code: 'CONFLICT' })
    const { utimesSync } = await import('node:fs')
    const old = Date.now() / 1000 - 61
    utimesSync(path, old, old)
    expect(await download()).toMatchObject({ complete: true })
  })

  it('as a lock is taken over by one of many that want it', async () => {
    server = await new AssetServer({ files: { a: noise(100_000) } }).start()
    const { thisProcess } = await import('../../src/download/disk/this-process.js')
    mkdirSync(join(to, '.spillway'), { recursive: true })
    const lock = { ...thisProcess(), pid: 2 ** 22 - 1, since: '' }
    writeFileSync(join(to, '.spillway/lock-x'), JSON.stringify(lock))
    const all = await Promise.allSettled(Array.from({ length: 12 }, () => download()))
    for (const each of all) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'CONFLICT' })
    }
    expect(all.some(({ status }) => status === 'fulfilled')).toBe(true)
    expect(await download()).toMatchObject({ complete: true })
  })
})

function smallDisk(): string | undefined {
  const at = mkdtempSync(join(tmpdir(), 'spillway-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', at], { stdio: 'ignore' })
    return at
  } catch {
    rmSync(at, { recursive: true, force: true })
    return undefined
  }
}

describe('a disk that is full', () => {
  it('before it begins, or in the midst, is told, and gone on with once there is room', async context => {
    const disk = smallDisk()
    // Mounting needs rights that not everybody has.
    if (disk === undefined) return context.skip()
    try {
      const bytes = noise(12 * MIB)
      const at = join(disk, 'to')
      const ballast = join(disk, 'ballast')
      server = await new AssetServer({ files: { 'w.bin': bytes } }).start()
      writeFileSync(ballast, Buffer.alloc(20 * MIB))
      await expect(download(at)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('bytes free'),
      })
      expect(server.fetched).toEqual([])
      rmSync(ballast)
      // Room enough when it is asked for; somebody else takes it then.
      server.fault = ({ count }) => {
        if (count === 1) writeFileSync(ballast, Buffer.alloc(34 * MIB))
        return false
      }
      await expect(download(at)).rejects.toMatchObject({
        code: 'INVALID_REQUEST',
        message: expect.stringContaining('the disk is full'),
        context: { path: 'w.bin', reason: 'ENOSPC' },
      })
      expect(existsSync(join(at, 'w.bin'))).toBe(false)
      rmSync(ballast)
      server.fault = undefined
      const { bytesResumed } = await download(at)
      expect(bytesResumed).toBeGreaterThan(0)
      expect(sha256(readFileSync(join(at, 'w.bin')))).toBe(sha256(bytes))
    } finally {
      execFileSync('umount', [disk])
      rmSync(disk, { recursive: true, force: true })
    }
  })
})
