import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { thisProcess } from '../../src/download/disk/this-process.js'
import { createSharingClient } from '../../src/index.js'
import {
  downloadAsset,
  listCache,
  type PruneCacheOptions,
  pruneCache,
  verifyCache,
} from '../../src/node.js'
import { AssetServer, sha256 } from '../support/asset-server.js'

let folder: string
let cache: string
let server: AssetServer
const FILES = { one: '1', two: '22', three: '333', four: '4444' }
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'spillway-prune-'))
  cache = join(folder, 'cache')
  server = await new AssetServer({ files: FILES }).start()
  await download('first')
  // Used on the first, second, … of January.
  for (const [i, content] of Object.values(FILES).entries()) {
    utimesSync(entry(content), day(i + 1), day(i + 1))
  }
})
afterEach(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

function download(to: string, include?: readonly string[]) {
  const options = { to: join(folder, to), cache, include }
  return downloadAsset(createSharingClient(server.profile), 'lake.kb.docs', options)
}

function day(number: number): Date {
  return new Date(Date.UTC(2026, 0, number))
}

function entry(content: string): string {
  const digest = sha256(Buffer.from(content))
  return join(cache, 'sha256', digest.slice(0, 2), digest)
}

/** By the names of `FILES`. */
async function held(): Promise<readonly string[]> {
  const digests = (await listCache(cache)).files.map(({ sha256 }) => sha256)
  return Object.entries(FILES)
    .filter(([, content]) => digests.includes(sha256(Buffer.from(content))))
    .map(([name]) => name)
}

describe('pruneCache', () => {
  it.each<[string, PruneCacheOptions, readonly string[]]>([
    ['what was not used since a day', { unusedSinceMs: day(3).getTime() }, ['three', 'four']],
    ['nothing where all is newer', { unusedSinceMs: day(1).getTime() }, Object.keys(FILES)],
    ['what was used longest ago, down to a size', { maxBytes: 7 }, ['three', 'four']],
    ['a file more where the size falls into one', { maxBytes: 6 }, ['four']],
    ['nothing where all fits', { maxBytes: 10 }, Object.keys(FILES)],
    ['by both', { unusedSinceMs: day(2).getTime(), maxBytes: 8 }, ['three', 'four']],
    ['everything', { all: true }, []],
    ['everything by size', { maxBytes: 0 }, []],
  ])('removes %s', async (_, options, left) => {
    const planned = await pruneCache(cache, { ...options, dryRun: true })
    expect(await held()).toEqual(Object.keys(FILES))
    const { removed, kept, inUse } = await pruneCache(cache, options)
    expect(await held()).toEqual(left)
    expect([removed.length, kept.length, inUse]).toEqual([4 - left.length, left.length, 0])
    expect(planned.removed).toEqual(removed)
    expect(await verifyCache(cache)).toMatchObject({ same: left.length, strange: [] })
  })

  it('wants to be told what', async () => {
    await expect(pruneCache(cache, {})).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    expect(await held()).toEqual(Object.keys(FILES))
  })

  it('leaves what a download that runs has taken or made, until it has ended', async () => {
    server.put('five', '55555')
    let answer: (() => void) | undefined
    server.fault = ({ file, response }) => {
      answer = () => response.end(file!.bytes)
      return true
    }
    const running = download('second', ['three', 'five'])
    while (answer === undefined) await new Promise(resolve => setTimeout(resolve, 5))
    expect(await pruneCache(cache, { all: true, dryRun: true })).toMatchObject({ inUse: 1 })
    expect(await pruneCache(cache, { all: true })).toMatchObject({ inUse: 1 })
    expect(await held()).toEqual(['three'])
    answer()
    expect(await running).toMatchObject({ complete: true, bytesCached: 3 })
    expect(await pruneCache(cache, { all: true })).toMatchObject({ inUse: 0 })
    expect((await listCache(cache)).files).toEqual([])
  })

  it('keeps everything where somebody says nothing of when they began', async () => {
    writeFileSync(join(cache, 'use', 'lock-strange'), '{"pid":1,"host":"elsewhere"}')
    expect(await pruneCache(cache, { all: true })).toMatchObject({ removed: [], inUse: 4 })
  })

  it.each([
    ['removes', 'dead', { ...thisProcess(), started: 'before', pid: 2 ** 22 - 1 }, []],
    ['leaves', 'living', thisProcess(), ['lock-user-1']],
  ])('%s what a %s process was writing', async (_, __, mark, left) => {
    mkdirSync(join(cache, 'new'), { recursive: true })
    writeFileSync(join(cache, 'new', 'lock-user-1'), 'half')
    const user = JSON.stringify({ ...mark, since: new Date().toISOString() })
    writeFileSync(join(cache, 'use', 'lock-user'), user)
    await pruneCache(cache, { maxBytes: 1e9 })
    expect(readdirSync(join(cache, 'new'))).toEqual(left)
  })
})

describe('verifyCache', () => {
  it('removes what is damaged and says so, or says so alone', async () => {
    rmSync(entry('22'))
    writeFileSync(entry('22'), '23')
    const digest = sha256(Buffer.from('22'))
    const damaged = [expect.objectContaining({ sha256: digest, size: 2 })]
    const told: number[] = []
    expect(
      await verifyCache(cache, {
        dryRun: true,
        onProgress: ({ bytesDone }) => told.push(bytesDone),
      }),
    ).toEqual({ same: 3, bytes: 8, damaged, strange: [] })
    expect(told.at(-1)).toBe(10)
    expect(await verifyCache(cache)).toMatchObject({ damaged })
    expect(await held()).toEqual(['one', 'three', 'four'])
    expect(await verifyCache(cache)).toMatchObject({ same: 3, damaged: [] })
  })
})
