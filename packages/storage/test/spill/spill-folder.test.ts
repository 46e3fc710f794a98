import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SpillKey } from '@spillway/core'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type SpillFolder, spillFolder } from '../../src/index.js'

type SpillFolderOptions = Parameters<typeof spillFolder>[0]

const KEY: SpillKey = { layout: 'adds-1', table: 's3://b/t/', object: '["s3://b/t/c",10,"etag",0]' }
const CONTENT = Uint8Array.from({ length: 4000 }, (_, i) => i * 7)

let parent: string
let folder: string
let problems: unknown[]

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spill-'))
  folder = join(parent, 'cache')
  problems = []
})

afterEach(() => rm(parent, { recursive: true, force: true }))

function opened(options: Partial<SpillFolderOptions> = {}): SpillFolder {
  const onProblem = (error: unknown) => problems.push(error)
  return spillFolder({ folder, maxBytes: 1e9, maker: 'test 1', onProblem, ...options })
}

async function written(key = KEY, content = CONTENT): Promise<SpillFolder> {
  const spill = opened()
  spill.write(key, [content])
  await spill.written()
  return spill
}

async function onlyFile(): Promise<string> {
  const names = await readdir(folder)
  expect(names).toHaveLength(1)
  return join(folder, names[0]!)
}

const read = (spill: SpillFolder, key = KEY) => spill.read(key)

describe('what is spilled', () => {
  it('is read by the next process as it was, at a multiple of eight bytes', async () => {
    const spill = opened()
    const pieces = [CONTENT.subarray(0, 8), new Uint8Array(0), CONTENT.subarray(8)]
    spill.write(KEY, pieces)
    await spill.written()
    const found = (await read(opened()))!
    expect(Buffer.from(found).equals(CONTENT)).toBe(true)
    expect(found.byteOffset % 8).toBe(0)
    expect(spill.stats()).toMatchObject({ written: 1, dropped: 0 })
  })

  it('is for this user alone', async () => {
    await written()
    expect((await stat(folder)).mode & 0o777).toBe(0o700)
    expect((await stat(await onlyFile())).mode & 0o777).toBe(0o600)
  })

  it.each<[string, Partial<SpillKey>, Partial<SpillFolderOptions>]>([
    ['layout', { layout: 'adds-2' }, {}],
    ['table', { table: 's3://b/t2/' }, {}],
    ['object', { object: '["s3://b/t/c",10,"other",0]' }, {}],
    ['maker', {}, { maker: 'test 2' }],
  ])('is none of another %s, and stays', async (_what, key, options) => {
    await written()
    expect(await opened(options).read({ ...KEY, ...key })).toBeUndefined()
    expect(await read(opened())).toBeDefined()
  })

  it('says of what it is: under the name of another it is dropped', async () => {
    const other = { ...KEY, table: 's3://b/other/' }
    const spill = await written()
    const first = await onlyFile()
    spill.write(other, [CONTENT])
    await spill.written()
    const second = join(folder, (await readdir(folder)).find(name => !first.endsWith(name))!)
    await rename(first, `${first}.x`)
    await rename(second, first)
    await rename(`${first}.x`, second)
    expect(await spill.read(KEY)).toBeUndefined()
    expect(await spill.read(other)).toBeUndefined()
    await expect.poll(() => readdir(folder)).toEqual([])
    expect(spill.stats().dropped).toBe(2)
  })

  it('is dropped where any byte is another', async () => {
    await written()
    const path = await onlyFile()
    const whole = await readFile(path)
    const places = [
      0,
      7,
      8,
      11,
      12,
      15,
      16,
      60,
      200,
      300,
      1000,
      whole.length - 33,
      whole.length - 1,
    ]
    for (const place of [...places, ...randomBytes(20).map(byte => byte * 16)]) {
      const damaged = Buffer.from(whole)
      damaged[place]! ^= 1 << (place % 8)
      await writeFile(path, damaged, { mode: 0o600 })
      const spill = opened()
      expect(await read(spill)).toBeUndefined()
      expect(spill.stats().dropped).toBe(1)
      await expect.poll(() => readdir(folder)).toEqual([])
    }
    await writeFile(path, whole, { mode: 0o600 })
    expect(await read(opened())).toBeDefined()
  })

  it.each([0, 1, 15, 16, 100, 2000, -33, -32, -1])('is dropped where it is cut to %d', async at => {
    await written()
    const path = await onlyFile()
    const { size } = await stat(path)
    await truncate(path, at < 0 ? size + at : at)
    expect(await read(opened())).toBeUndefined()
    await expect.poll(() => readdir(folder)).toEqual([])
  })

  it('is dropped where there is more behind it', async () => {
    await written()
    const path = await onlyFile()
    await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(8)]), { mode: 0o600 })
    expect(await read(opened())).toBeUndefined()
  })

  it('is dropped where others may read it', async () => {
    await written()
    await chmod(await onlyFile(), 0o644)
    expect(await read(opened())).toBeUndefined()
    await expect.poll(() => readdir(folder)).toEqual([])
  })

  it('is dropped where it is a link, which is not followed', async () => {
    await written()
    const path = await onlyFile()
    const elsewhere = join(parent, 'elsewhere')
    await rename(path, elsewhere)
    await symlink(elsewhere, path)
    expect(await read(opened())).toBeUndefined()
    await expect.poll(() => readdir(folder)).toEqual([])
    expect(await stat(elsewhere)).toBeDefined()
  })

  it.runIf(process.platform !== 'win32')('is dropped where it would be waited for', async () => {
    await written()
    const path = await onlyFile()
    await rm(path)
    execFileSync('mkfifo', ['-m', '600', path])
    expect(await read(opened())).toBeUndefined()
    await expect.poll(() => readdir(folder)).toEqual([])
  })

  it('goes where whoever asked says that it is not what belongs there', async () => {
    const spill = await written()
    spill.drop(KEY)
    await expect.poll(() => readdir(folder)).toEqual([])
    expect(await read(spill)).toBeUndefined()
  })
})

describe('the folder', () => {
  it.each([0o755, 0o710, 0o701, 0o777])('is refused with mode %o', async mode => {
    await mkdir(folder)
    await chmod(folder, mode)
    expect(() => opened()).toThrow(/nobody else may look into; it has mode/)
  })

  it('is refused where it is a link or a file, or cannot be made', async () => {
    await mkdir(join(parent, 'there'), { mode: 0o700 })
    await symlink(join(parent, 'there'), folder)
    expect(() => opened()).toThrow(/it is no folder/)
    await rm(folder)
    await writeFile(folder, '')
    expect(() => opened()).toThrow(/EEXIST/)
    expect(() => opened({ folder: join(folder, 'below') })).toThrow(/ENOTDIR/)
  })

  it('keeps to its bytes: what was used least recently goes, in this process and the next', async () => {
    const keys = Array.from({ length: 10 }, (_, i) => ({ ...KEY, object: `object ${i}` }))
    const spill = opened({ maxBytes: 22_000 })
    for (const key of keys.slice(0, 5)) {
      spill.write(key, [CONTENT])
      await spill.written()
    }
    expect(await spill.read(keys[0]!)).toBeDefined()
    spill.write(keys[5]!, [CONTENT])
    await spill.written()
    expect(await spill.read(keys[0]!)).toBeDefined()
    expect(await spill.read(keys[1]!)).toBeUndefined()
    expect(spill.stats().bytes).toBeLessThanOrEqual(22_000)
    for (const [i, name] of (await readdir(folder)).entries()) {
      await utimes(join(folder, name), new Date(), new Date(Date.now() - 1e6 + i))
    }
    const next = opened({ maxBytes: 22_000 })
    expect(await next.read(keys[0]!)).toBeDefined()
    for (const key of keys.slice(6)) {
      next.write(key, [CONTENT])
      await next.written()
      expect(await next.read(keys[0]!)).toBeDefined()
    }
    expect((await readdir(folder)).length).toBeLessThanOrEqual(5)
  })

  it('is shared by processes: one sees what the other wrote, and both keep to the bytes', async () => {
    const [one, other] = [opened({ maxBytes: 22_000 }), opened({ maxBytes: 22_000 })]
    for (let i = 0; i < 12; i++) {
      const key = { ...KEY, object: `object ${i}` }
      const [writer, reader] = i % 2 === 0 ? [one, other] : [other, one]
      writer.write(key, [CONTENT])
      await writer.written()
      expect(await reader.read(key)).toBeDefined()
    }
    const sizes = await Promise.all(
      (await readdir(folder)).map(async name => (await stat(join(folder, name))).size),
    )
    // Each knows of the other's files when it makes room.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(2 * 22_000)
    expect(problems).toEqual([])
  })

  it('has nothing under a name that is longer than any, such as that of a hostile column', async () => {
    const spill = opened()
    const key = { ...KEY, object: 'x'.repeat(2_000_000) }
    spill.write(key, [CONTENT])
    await spill.written()
    expect(await spill.read(key)).toBeUndefined()
    expect(await readdir(folder)).toEqual([])
    expect(problems).toEqual([])
  })

  it('does not write what is more than all of it', async () => {
    const spill = opened({ maxBytes: 1000 })
    spill.write(KEY, [CONTENT])
    await spill.written()
    expect(await readdir(folder)).toEqual([])
  })

  it('is cleared of what was never finished, an hour later, and of nothing that is not its own', async () => {
    await written()
    const old = `${'0'.repeat(32)}.tmp`
    const fresh = `${'1'.repeat(32)}.tmp`
    for (const name of [old, fresh, 'README', 'x.spill']) await writeFile(join(folder, name), '')
    for (const name of [old, 'README', 'x.spill']) {
      await utimes(join(folder, name), new Date(0), new Date(0))
    }
    opened()
    await expect.poll(() => readdir(folder)).not.toContain(old)
    expect(await readdir(folder)).toEqual(expect.arrayContaining([fresh, 'README', 'x.spill']))
  })

  it('may go away: it is said once, and nothing is written for a while', async () => {
    const spill = opened()
    await spill.written()
    await rm(folder, { recursive: true })
    for (let i = 0; i < 3; i++) {
      spill.write({ ...KEY, object: `object ${i}` }, [CONTENT])
    }
    await spill.written()
    spill.write(KEY, [CONTENT])
    await spill.written()
    expect(problems).toHaveLength(1)
    expect(await read(spill)).toBeUndefined()
    expect(spill.stats()).toMatchObject({ written: 0 })
  })

  it('is written no more once it is closed', async () => {
    const spill = await written()
    await spill.close()
    spill.write({ ...KEY, object: 'another' }, [CONTENT])
    await spill.written()
    expect(await readdir(folder)).toHaveLength(1)
  })
})
