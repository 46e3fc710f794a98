import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { collect } from '@spillway/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { localStore } from '../../src/local/local.js'

let folder: string
let root: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'spillway-local-'))
  root = join(folder, 'root')
  await mkdir(root)
  await writeFile(join(folder, 'outside'), 'outside')
})
afterEach(() => rm(folder, { recursive: true }))

const rooted = () => localStore({ roots: [root] })
const pathsUnder = async (store: ReturnType<typeof localStore>, prefix: string) =>
  (await collect(store.list(prefix))).map(({ path }) => path.slice(prefix.length))

describe('a store kept to a root', () => {
  it.each([
    ['a path', () => join(folder, 'outside')],
    ['a folder that begins alike', () => `${root}-2/x`],
    ['a link', () => join(root, 'link')],
    ['a path through a linked folder', () => join(root, 'linked/outside')],
  ])('reaches nothing outside it by %s', async (_, path) => {
    await symlink(join(folder, 'outside'), join(root, 'link'))
    await symlink(folder, join(root, 'linked'))
    const store = rooted()
    const refused = { code: 'STORAGE_UNAVAILABLE', message: /outside the folders/ }
    await expect(store.get(path())).rejects.toMatchObject(refused)
    await expect(store.head(path())).rejects.toMatchObject(refused)
    await expect(store.put(path(), new Uint8Array(1))).rejects.toMatchObject(refused)
    await expect(store.delete(path())).rejects.toMatchObject(refused)
    expect(await readdir(folder)).toEqual(['outside', 'root'])
  })

  it('does not list around a link that leads out, it says so', async () => {
    await writeFile(join(root, 'a'), 'x')
    await symlink(folder, join(root, 'linked'))
    await expect(collect(rooted().list(`${root}/`))).rejects.toThrowError('outside the folders')
    await expect(collect(rooted().listPrefixes(`${folder}/`))).rejects.toThrowError('outside')
  })

  it('opens nothing where the list of its roots is empty', async () => {
    const store = localStore({ roots: [] })
    const path = `file://${join(root, 'nothing-let-in')}`
    await expect(store.get(path)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
  })

  it('may be reached through a link itself', async () => {
    await writeFile(join(root, 'a'), 'x')
    await symlink(root, join(folder, 'alias'))
    const store = localStore({ roots: [join(folder, 'alias')] })
    expect(await pathsUnder(store, `${folder}/alias/`)).toEqual(['a'])
  })
})

describe('names', () => {
  it.each(['/a/../b', '/a/./b', 'file:///a/..'])('with dots are refused: %s', async path => {
    const refused = { code: 'INVALID_REQUEST', message: /'\.' or '\.\.'/ }
    await expect(localStore().get(path)).rejects.toMatchObject(refused)
    await expect(collect(localStore().list(`${path}/`))).rejects.toMatchObject(refused)
  })

  it('of other schemes are refused', async () => {
    await expect(localStore().head('s3://b/k')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('longer than a disk allows are absent', async () => {
    expect(await localStore().get(`${root}/${'x'.repeat(300)}`)).toBeUndefined()
    expect(await rooted().get(`${root}/${'x'.repeat(300)}`)).toBeUndefined()
  })

  // With a look at each folder the first takes minutes, and the second ends the process.
  it.each([16_000, 500_000])(
    'of %i folders that are not there cost no look at each',
    async count => {
      expect(await rooted().head(`${root}/${'a/'.repeat(count)}b`)).toBeUndefined()
    },
  )

  it.each([0, 1, 2, 3, 7])(
    'below %i folders that are there lie where links on the way lead',
    async depth => {
      const there = 'd/'.repeat(depth)
      await mkdir(join(root, 'real', there), { recursive: true })
      await symlink(join(root, 'real'), join(root, 'in'))
      await symlink(folder, join(root, 'out'))
      await mkdir(join(folder, there), { recursive: true })
      for (const missing of ['x', 'x/y', 'x/y/z/1/2/3/4/5/6']) {
        expect(await rooted().head(`${root}/in/${there}${missing}`)).toBeUndefined()
        const outside = rooted().head(`${root}/out/${there}${missing}`)
        await expect(outside).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' })
      }
    },
  )
})

describe('a listing', () => {
  it('follows links to files and folders inside, and leaves dangling ones out', async () => {
    await mkdir(join(root, 'd'))
    await writeFile(join(root, 'd/x'), 'x')
    await symlink(join(root, 'd'), join(root, 'e'))
    await symlink(join(root, 'd/x'), join(root, 'f'))
    await symlink(join(root, 'nothing'), join(root, 'g'))
    expect(await pathsUnder(rooted(), `${root}/`)).toEqual(['d/x', 'e/x', 'f'])
  })

  it('ends with an error where links make a loop', async () => {
    await mkdir(join(root, 'd'))
    await symlink(root, join(root, 'd/up'))
    await expect(pathsUnder(rooted(), `${root}/`)).rejects.toThrowError('its own folder')
  })

  it('ends with an error where few folders have ways without end', async () => {
    for (let i = 0; i < 31; i++) await mkdir(join(root, `d${i}`))
    for (let i = 0; i < 30; i++) {
      for (const way of ['x', 'y']) await symlink(join(root, `d${i + 1}`), join(root, `d${i}`, way))
    }
    await expect(pathsUnder(rooted(), `${root}/`)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: /the same folders more than 1000 times/,
    })
  })

  it('has what is reached by several ways by each of them', async () => {
    await mkdir(join(root, 'd/deep'), { recursive: true })
    await writeFile(join(root, 'd/deep/x'), '')
    for (const way of ['a', 'b', 'z']) await symlink(join(root, 'd'), join(root, way))
    const all = ['a', 'b', 'd', 'z'].map(way => `${way}/deep/x`)
    expect(await pathsUnder(rooted(), `${root}/`)).toEqual(all)
    expect(await pathsUnder(localStore(), `${root}/`)).toEqual(all)
  })

  it('tells what it leaves out, where somebody is there to be told', async () => {
    await mkdir(join(root, 'd'))
    await writeFile(join(root, 'd/x'), '')
    await symlink(join(folder, 'outside'), join(root, 'a-file-outside'))
    await symlink(folder, join(root, 'd/a-folder-outside'))
    await symlink('.', join(root, 'd/itself'))
    await symlink(root, join(root, 'd/up'))
    await symlink('loop', join(root, 'loop'))
    const told: string[] = []
    const onLeftOut = (path: string, reason: string) =>
      told.push(`${path.slice(root.length + 1)}: ${reason.replace('a symbolic link ', '')}`)
    const listed = await collect(rooted().list(`${root}/`, { onLeftOut }))
    expect(listed.map(({ path }) => path)).toEqual([`${root}/d/x`])
    expect(told.sort()).toEqual([
      'a-file-outside: leads out of the folder',
      'd/a-folder-outside: leads out of the folder',
      'd/itself/: leads back into its own folder',
      'd/up/: leads back into its own folder',
      'loop: leads to itself',
    ])
  })

  it('ends when it is cancelled, also within a folder', async () => {
    for (let i = 0; i < 40; i++) await symlink(join(root, 'none'), join(root, `l${i}`))
    const aborted = new AbortController()
    const listing = collect(rooted().list(`${root}/`, { signal: aborted.signal }))
    aborted.abort()
    await expect(listing).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('passes over pipes and writes under way', async () => {
    await promisify(execFile)('mkfifo', [join(root, 'pipe')])
    const store = localStore()
    let seen: string[] = []
    async function* slow() {
      yield new Uint8Array(10)
      seen = await pathsUnder(store, `${root}/`)
      yield new Uint8Array(10)
    }
    await store.put(`${root}/new`, slow())
    expect([seen, await pathsUnder(store, `${root}/`)]).toEqual([[], ['new']])
    expect(await store.get(`${root}/pipe`)).toBeUndefined()
  })

  it('describes no more files than its reader asks for', async () => {
    await mkdir(join(root, 'many'))
    const names = Array.from({ length: 500 }, (_, i) => join(root, 'many', `f${i + 100}`))
    await Promise.all(names.map(name => writeFile(name, '')))
    const listing = localStore().list(`${root}/`)[Symbol.asyncIterator]()
    await listing.next()
    // What has gone before it was described is not listed: only the first files were.
    await Promise.all(names.slice(100).map(name => rm(name)))
    let count = 1
    while ((await listing.next()).done !== true) count++
    expect(count).toBe(100)
  })

  it('passes over folders that end before its start, unread', async () => {
    await mkdir(join(root, 'a'))
    await mkdir(join(root, 'b'))
    await writeFile(join(root, 'b/x'), '')
    // Reading this folder would be an error.
    await symlink(folder, join(root, 'a/out'))
    const metas = await collect(rooted().list(`${root}/`, { startAfter: `${root}/b` }))
    expect(metas.map(({ path }) => path)).toEqual([`${root}/b/x`])
  })

  it('names folders behind links that lead to themselves, without following them', async () => {
    await mkdir(join(root, 'good'))
    await symlink('loop', join(root, 'loop'))
    const names: string[] = []
    for await (const name of rooted().listPrefixes(`${root}/`)) names.push(name)
    expect(names).toEqual([`${root}/good/`, `${root}/loop/`])
  })

  it('starts after a path of the same store only', async () => {
    const listing = localStore().list(`${root}/`, { startAfter: 's3://b/k' })
    await expect(collect(listing)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})

describe('a write', () => {
  it('leaves nothing behind when it breaks', async () => {
    async function* broken() {
      yield new Uint8Array(10)
      throw new Error('the source broke')
    }
    const store = localStore()
    await expect(store.put(`${root}/deep/x`, broken())).rejects.toThrowError('the source broke')
    await store.put(`${root}/deep/y`, new Uint8Array(1), { ifAbsent: true })
    await store.put(`${root}/deep/y`, new Uint8Array(1), { ifAbsent: true })
    expect(await readdir(join(root, 'deep'))).toEqual(['y'])
  })
})

describe('what goes away while it is listed', () => {
  beforeEach(async () => {
    for (const name of ['a', 'b', '.hidden', '_temporary', 'c/.hoodie/.temp']) {
      await mkdir(join(root, name), { recursive: true })
      await writeFile(join(root, name, 'file'), 'x')
    }
  })

  /** Lists while `happens` happens after the first file. */
  async function listDuring(happens: () => Promise<unknown>): Promise<string[]> {
    const paths: string[] = []
    for await (const { path } of localStore().list(`${root}/`)) {
      if (paths.length === 0) await happens()
      paths.push(path.slice(root.length + 1))
    }
    return paths
  }

  it.each([
    ['a folder', 'b'],
    ['all of it', ''],
  ])('is an error: %s', async (_, name) => {
    const gone = () => rm(join(root, name), { recursive: true })
    await expect(listDuring(gone)).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('vanished'),
    })
  })

  it.each(['_temporary', 'c/.hoodie/.temp'])(
    'is left out where writers keep what is unfinished: %s',
    async name => {
      const paths = await listDuring(() => rm(join(root, name), { recursive: true }))
      expect(paths).toEqual(
        ['.hidden/file', '_temporary/file', 'a/file', 'b/file', 'c/.hoodie/.temp/file'].filter(
          path => !path.startsWith(name),
        ),
      )
    },
  )

  it('is left out where it is one file', async () => {
    expect(await listDuring(() => rm(join(root, 'b/file')))).not.toContain('b/file')
  })

  it('is an error where the folder goes between its names and their files', async () => {
    const files = Array.from({ length: 100 }, (_, i) => join(root, `a/${i}`))
    await Promise.all(files.map(file => writeFile(file, 'x')))
    const listing = localStore().list(`${root}/a/`)[Symbol.asyncIterator]()
    await listing.next()
    await rm(join(root, 'a'), { recursive: true })
    const rest = async () => {
      while (!(await listing.next()).done);
    }
    await expect(rest()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE', retryable: true })
  })
})

describe('what cannot be read', () => {
  it('is an error, not an empty folder: a folder without permission', async context => {
    await mkdir(join(root, 'closed'))
    await writeFile(join(root, 'closed/file'), 'x')
    // Permissions do not hold the superuser: as another user they do.
    const isRoot = process.geteuid?.() === 0
    if (isRoot && process.seteuid === undefined) return context.skip()
    await chmod(folder, 0o755)
    await chmod(join(root, 'closed'), 0o000)
    if (isRoot) process.seteuid?.(65_534)
    try {
      await expect(collect(localStore().list(`${root}/`))).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        retryable: false,
      })
      await expect(collect(localStore().list(`${root}/closed/`))).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
      })
      await expect(collect(localStore().listPrefixes(`${root}/closed/`))).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
      })
    } finally {
      if (isRoot) process.seteuid?.(0)
      await chmod(join(root, 'closed'), 0o755)
    }
  })

  // The kernel's own files say that they have a page of bytes, and end sooner: so does what is cut while it is read.
  const short = '/sys/devices/system/cpu/online'
  it.skipIf(!existsSync(short))(
    'is an error, not a shorter file: one that ends early',
    async () => {
      await expect(localStore().get(short)).rejects.toMatchObject({
        code: 'STORAGE_UNAVAILABLE',
        retryable: true,
        message: expect.stringContaining('became shorter'),
      })
    },
  )
})
