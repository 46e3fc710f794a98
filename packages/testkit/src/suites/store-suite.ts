import assert from 'node:assert/strict'
import type { WritableStore } from '@spillway/core'
import { AWKWARD_NAMES, bytesOf, collect, failureCode, type SuiteCase, textOf } from './suite.js'

export interface StoreSubject {
  readonly store: WritableStore
  /** An empty folder of the store's own, ending in '/'. */
  readonly base: string
  /** Objects that the store lists in one go; 1000 where it is not said, as S3 does. */
  readonly pageSize?: number
}

/** What every store keeps. Each case works in a folder of its own below `base`. */
export const storeSuite: readonly SuiteCase<StoreSubject>[] = numbered([
  ['answers undefined for what is not there', readsAbsence],
  ['gives back what was put, described alike by get, head and list', describesAlike],
  ['reads ranges, clipped to the object', readsRanges],
  ['refuses a range that means nothing', refusesRanges],
  ['keeps names as they are', keepsNames],
  ['lists in the order of UTF-8 bytes', listsInOrder],
  ['takes a prefix as text', listsByText],
  ['starts a listing after any path', startsAfter],
  ['lists more than a page of objects', listsPages],
  ['ends a listing that nobody reads on', stopsEarly],
  ['lists immediate folders', listsFolders],
  ['replaces an object', replaces],
  ['leaves an object that is there when asked to', leavesPresent],
  ['lets one of many writers win', oneWins],
  ['puts a stream, and nothing of one that breaks', putsStreams],
  ['deletes, twice alike', deletes],
  ['keeps no hold of the caller’s buffers', copies],
  ['honours cancellation', cancels],
])

/** What only flat stores keep: on a disk, these keys collide or do not exist. */
export const flatStoreSuite: readonly SuiteCase<StoreSubject>[] = numbered([
  ['keeps an object and another below its name', keepsObjectAndFolder],
  ['keeps empty names between slashes', keepsEmptyNames],
])

function numbered(
  cases: readonly (readonly [name: string, run: (s: StoreSubject) => Promise<void>])[],
): SuiteCase<StoreSubject>[] {
  return cases.map(([name, run], index) => ({
    name,
    run: subject => run({ ...subject, base: `${subject.base}${index}-${run.name}/` }),
  }))
}

async function fill({ store, base }: StoreSubject, keys: readonly string[]): Promise<void> {
  for (const key of keys) await store.put(base + key, bytesOf(key))
}

async function keysUnder(
  { store, base }: StoreSubject,
  prefix: string,
  startAfter?: string,
): Promise<string[]> {
  const options = startAfter === undefined ? {} : { startAfter: base + startAfter }
  const metas = await collect(store.list(base + prefix, options))
  return metas.map(({ path }) => {
    assert.ok(path.startsWith(base), `${path} is not spelled as it was asked for`)
    return path.slice(base.length)
  })
}

async function readsAbsence({ store, base }: StoreSubject): Promise<void> {
  await store.put(`${base}folder/object`, bytesOf('x'))
  for (const key of ['nothing', 'folder', 'folder/object/below', 'nothing/below']) {
    assert.equal(await store.get(base + key), undefined, `get ${key}`)
    assert.equal(await store.head(base + key), undefined, `head ${key}`)
    assert.equal(await store.get(base + key, { range: { suffix: 4 } }), undefined, `range ${key}`)
  }
}

async function describesAlike({ store, base }: StoreSubject): Promise<void> {
  const before = Date.now()
  await store.put(`${base}a`, bytesOf('hello'))
  const got = await store.get(`${base}a`)
  const head = await store.head(`${base}a`)
  const [listed] = await collect(store.list(base))
  assert.equal(textOf(got?.bytes), 'hello')
  assert.deepEqual(head, got?.meta)
  assert.equal(head?.path, `${base}a`)
  assert.equal(head?.size, 5)
  assert.equal(listed?.size, 5)
  assert.equal(listed?.etag, head?.etag)
  // Some services tell seconds.
  assert.ok(Number.isInteger(head.lastModified) && head.lastModified >= before - 2000)
  assert.ok(Math.abs(head.lastModified - (listed?.lastModified ?? 0)) < 1000)
}

async function readsRanges({ store, base }: StoreSubject): Promise<void> {
  await store.put(`${base}a`, bytesOf('0123456789'))
  await store.put(`${base}empty`, new Uint8Array())
  const read = async (key: string, range: { start: number; end: number } | { suffix: number }) => {
    const got = await store.get(base + key, { range })
    return [textOf(got?.bytes), got?.meta.size]
  }
  assert.deepEqual(await read('a', { start: 0, end: 4 }), ['0123', 10])
  assert.deepEqual(await read('a', { start: 4, end: 5 }), ['4', 10])
  assert.deepEqual(await read('a', { start: 8, end: 99 }), ['89', 10])
  assert.deepEqual(await read('a', { start: 3, end: 3 }), ['', 10])
  assert.deepEqual(await read('a', { start: 10, end: 12 }), ['', 10])
  assert.deepEqual(await read('a', { start: 50, end: 60 }), ['', 10])
  assert.deepEqual(await read('a', { suffix: 3 }), ['789', 10])
  assert.deepEqual(await read('a', { suffix: 99 }), ['0123456789', 10])
  assert.deepEqual(await read('a', { suffix: 0 }), ['', 10])
  assert.deepEqual(await read('empty', { suffix: 8 }), ['', 0])
  assert.deepEqual(await read('empty', { start: 0, end: 1 }), ['', 0])
  const whole = await store.get(`${base}empty`)
  assert.equal(whole?.bytes.length, 0)
}

async function refusesRanges({ store, base }: StoreSubject): Promise<void> {
  await store.put(`${base}a`, bytesOf('0123456789'))
  const ranges = [
    { start: 4, end: 3 },
    { start: -1, end: 3 },
    { start: 0, end: 1.5 },
    { suffix: -1 },
  ]
  for (const range of ranges) {
    assert.equal(await failureCode(() => store.get(`${base}a`, { range })), 'INTERNAL')
  }
}

async function keepsNames(subject: StoreSubject): Promise<void> {
  const { store, base } = subject
  await fill(subject, AWKWARD_NAMES)
  for (const name of AWKWARD_NAMES) {
    assert.equal(textOf((await store.get(base + name))?.bytes), name)
    assert.equal((await store.head(base + name))?.size, bytesOf(name).length)
    const folder = name.slice(0, name.indexOf('/') + 1)
    assert.ok((await keysUnder(subject, folder)).includes(name), `${name} in its folder`)
    assert.ok((await collect(store.listPrefixes(base))).includes(base + folder), folder)
  }
  assert.deepEqual(new Set(await keysUnder(subject, '')), new Set(AWKWARD_NAMES))
}

async function listsInOrder(subject: StoreSubject): Promise<void> {
  // '-' and '.' sort before '/', '0' after it; U+FFEE before a surrogate pair.
  const ordered = ['A', 'a-b', 'a.b', 'a/b/c', 'a/b0', 'a0', 'b/\uffee', 'b/😀', 'z/z/z/z', 'é']
  await fill(subject, ordered.toReversed())
  assert.deepEqual(await keysUnder(subject, ''), ordered)
}

async function listsByText(subject: StoreSubject): Promise<void> {
  await fill(
    subject,
    ['t/1', 't2/2', 't', 'tt/3/4', 'u'].filter(key => key !== 't'),
  )
  assert.deepEqual(await keysUnder(subject, 't'), ['t/1', 't2/2', 'tt/3/4'])
  assert.deepEqual(await keysUnder(subject, 't/'), ['t/1'])
  assert.deepEqual(await keysUnder(subject, 'tt/3'), ['tt/3/4'])
  assert.deepEqual(await keysUnder(subject, 'u'), ['u'])
  assert.deepEqual(await keysUnder(subject, 'nothing/'), [])
}

async function startsAfter(subject: StoreSubject): Promise<void> {
  await fill(subject, ['a', 'b/1', 'b/2', 'b/3/x', 'c'])
  const all = ['a', 'b/1', 'b/2', 'b/3/x', 'c']
  assert.deepEqual(await keysUnder(subject, '', 'a'), all.slice(1))
  assert.deepEqual(await keysUnder(subject, '', 'b/1'), all.slice(2))
  assert.deepEqual(await keysUnder(subject, '', 'b/15'), all.slice(2), 'a path that is not there')
  assert.deepEqual(await keysUnder(subject, '', 'b/3'), all.slice(3), 'a folder’s name')
  assert.deepEqual(await keysUnder(subject, 'b/', 'a'), all.slice(1, 4), 'before the prefix')
  assert.deepEqual(await keysUnder(subject, 'b/', 'b/2'), ['b/3/x'])
  assert.deepEqual(await keysUnder(subject, 'b/', 'b/3/x'), [])
  assert.deepEqual(await keysUnder(subject, 'b/', 'c'), [], 'after the prefix')
}

async function listsPages(subject: StoreSubject): Promise<void> {
  const { pageSize = 1000 } = subject
  const length = pageSize + 30
  const keys = Array.from({ length }, (_, i) => `n/${String(i).padStart(6, '0')}`)
  for (let i = 0; i < keys.length; i += 32) {
    const run = keys.slice(i, i + 32)
    await Promise.all(run.map(key => subject.store.put(subject.base + key, bytesOf(key))))
  }
  assert.deepEqual(await keysUnder(subject, 'n/'), keys)
  assert.deepEqual(await keysUnder(subject, 'n/', keys[pageSize]), keys.slice(pageSize + 1))
}

async function stopsEarly(subject: StoreSubject): Promise<void> {
  await fill(subject, ['a/1', 'a/2', 'b'])
  for await (const { path } of subject.store.list(subject.base)) {
    assert.equal(path, `${subject.base}a/1`)
    break
  }
  for await (const folder of subject.store.listPrefixes(subject.base)) {
    assert.equal(folder, `${subject.base}a/`)
    break
  }
}

async function listsFolders(subject: StoreSubject): Promise<void> {
  const { store, base } = subject
  await fill(subject, ['a/1', 'a/2/3', 'a-b/1', 'b', 'ab/1', '_x/1/2/3'])
  const folders = async (prefix: string) =>
    (await collect(store.listPrefixes(base + prefix))).map(folder => folder.slice(base.length))
  assert.deepEqual(await folders(''), ['_x/', 'a-b/', 'a/', 'ab/'])
  assert.deepEqual(await folders('a/'), ['a/2/'])
  assert.deepEqual(await folders('a'), ['a-b/', 'a/', 'ab/'])
  assert.deepEqual(await folders('nothing/'), [])
}

async function replaces({ store, base }: StoreSubject): Promise<void> {
  assert.equal(await store.put(`${base}a`, bytesOf('one')), true)
  const first = await store.head(`${base}a`)
  assert.equal(await store.put(`${base}a`, bytesOf('two!')), true)
  assert.equal(textOf((await store.get(`${base}a`))?.bytes), 'two!')
  assert.notEqual((await store.head(`${base}a`))?.etag, first?.etag)
}

async function leavesPresent({ store, base }: StoreSubject): Promise<void> {
  assert.equal(await store.put(`${base}a`, bytesOf('one'), { ifAbsent: true }), true)
  assert.equal(await store.put(`${base}a`, bytesOf('two'), { ifAbsent: true }), false)
  assert.equal(textOf((await store.get(`${base}a`))?.bytes), 'one')
}

async function oneWins({ store, base }: StoreSubject): Promise<void> {
  const writers = Array.from({ length: 8 }, (_, i) => `writer ${i}`)
  const put = (text: string) => store.put(`${base}a`, bytesOf(text), { ifAbsent: true })
  const won = await Promise.all(writers.map(put))
  assert.equal(won.filter(Boolean).length, 1)
  assert.equal(textOf((await store.get(`${base}a`))?.bytes), writers[won.indexOf(true)])
  assert.equal((await collect(store.list(base))).length, 1)
}

async function putsStreams({ store, base }: StoreSubject): Promise<void> {
  async function* chunks(failing: boolean) {
    yield bytesOf('one ')
    yield bytesOf('two')
    if (failing) throw new Error('the source broke')
  }
  assert.equal(await store.put(`${base}whole`, chunks(false)), true)
  assert.equal(textOf((await store.get(`${base}whole`))?.bytes), 'one two')
  await assert.rejects(store.put(`${base}broken`, chunks(true)))
  assert.equal(await store.head(`${base}broken`), undefined)
  assert.equal((await collect(store.list(base))).length, 1)
}

async function deletes({ store, base }: StoreSubject): Promise<void> {
  await store.put(`${base}a`, bytesOf('x'))
  await store.delete(`${base}a`)
  await store.delete(`${base}a`)
  await store.delete(`${base}never/was`)
  assert.equal(await store.get(`${base}a`), undefined)
  assert.deepEqual(await collect(store.list(base)), [])
}

async function copies({ store, base }: StoreSubject): Promise<void> {
  const mine = bytesOf('mine')
  await store.put(`${base}a`, mine)
  mine.fill(0)
  const got = await store.get(`${base}a`)
  got?.bytes.fill(0)
  assert.equal(textOf((await store.get(`${base}a`))?.bytes), 'mine')
}

async function cancels(subject: StoreSubject): Promise<void> {
  const { store, base } = subject
  await fill(subject, ['a', 'b'])
  const signal = AbortSignal.abort()
  const runs = [
    () => store.get(`${base}a`, { signal }),
    () => store.head(`${base}a`, signal),
    () => collect(store.list(base, { signal })),
    () => collect(store.listPrefixes(base, signal)),
    () => store.put(`${base}c`, bytesOf('x'), { signal }),
    () => store.delete(`${base}a`, signal),
  ]
  for (const run of runs) assert.equal(await failureCode(run), 'CANCELLED', String(run))
  assert.deepEqual(await keysUnder(subject, ''), ['a', 'b'])
}

async function keepsObjectAndFolder(subject: StoreSubject): Promise<void> {
  await fill(subject, ['a', 'a/b'])
  assert.deepEqual(await keysUnder(subject, ''), ['a', 'a/b'])
  assert.equal(textOf((await subject.store.get(`${subject.base}a`))?.bytes), 'a')
}

async function keepsEmptyNames(subject: StoreSubject): Promise<void> {
  await fill(subject, ['a//b', 'a/b', '/c'])
  assert.deepEqual(await keysUnder(subject, ''), ['/c', 'a//b', 'a/b'])
  assert.equal(textOf((await subject.store.get(`${subject.base}a//b`))?.bytes), 'a//b')
}
