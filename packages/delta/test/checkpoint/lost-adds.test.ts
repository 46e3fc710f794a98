import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { WritableStore } from '@spillway/core'
import { parquetReader } from '@spillway/encoding'
import {
  deltaAdd,
  deltaMetadata,
  deltaProtocol,
  deltaVersion,
  keepingCache,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import type { FileAction } from '../../src/actions/actions.js'
import { LogFileReader } from '../../src/actions/read-log.js'
import { CheckpointPart, partsOf } from '../../src/checkpoint/checkpoint-part.js'
import { RecentReads } from '../../src/checkpoint/recent-reads.js'
import { openCheckpointFile } from '../../src/checkpoint/row-group.js'
import { allFiles } from '../support/all-files.js'
import { goldenLog } from '../support/golden-log.js'
import { ID_AND_DAY, LOCATION, openTable, readerOf } from '../support/open-table.js'

const LOG = `${LOCATION}/_delta_log/`
const CHECKPOINT = `${LOG}${deltaVersion(4)}.checkpoint.parquet`

/** The checkpoint of `checkpoint-classic` with `add.path` set to null, in all adds or in every other, by DuckDB. */
const without = (which: 'all' | 'some') =>
  readFileSync(fileURLToPath(new URL(`../fixtures/${which}-without-path.parquet`, import.meta.url)))

/** `name` spelled otherwise wherever the footer has it: the column is another one then. */
function renamed(bytes: Uint8Array, name: string): Uint8Array {
  const file = Buffer.from(bytes)
  const length = file.readUInt32LE(file.length - 8)
  const start = file.length - 8 - length
  const other = `${name.slice(0, -1)}X`
  const footer = file.toString('latin1', start, file.length - 8)
  // A length, in Thrift's compact form twice itself in a field's name and itself in a list, comes before a text.
  const lengths = new RegExp(`([\\x00-\\x20])${name}(?=[\\x00-\\x1f\\x25])`, 'g')
  const changed = footer.replaceAll(lengths, `$1${other}`)
  expect(changed).not.toBe(footer)
  file.write(changed, start, 'latin1')
  return file
}

async function classic(
  checkpoint: (bytes: Uint8Array) => Uint8Array,
  options: { commits: boolean },
) {
  const { store } = openTable()
  for (const [path, bytes] of goldenLog('checkpoint-classic')) {
    const version = Number(path.slice(LOG.length, LOG.length + 20))
    if (!options.commits && path.endsWith('.json') && version <= 4) continue
    await store.put(path, path === CHECKPOINT ? checkpoint(bytes) : bytes)
  }
  return store
}

async function filesOf(store: WritableStore) {
  const { reader, source } = readerOf(store)
  return (await allFiles(await reader.snapshot(source))).map(file => file.recordedPath).sort()
}

describe('a checkpoint whose adds cannot be found', () => {
  it.each([
    ['that lacks the column of their paths', (bytes: Uint8Array) => renamed(bytes, 'path')],
    ['that lacks adds altogether', (bytes: Uint8Array) => renamed(bytes, 'add')],
    ['in which all paths are null', () => without('all')],
    ['in which some paths are null', () => without('some')],
  ])(
    'is passed over while commits say the same, and refused once they are gone: one %s',
    async (_, change) => {
      const whole = await filesOf(await classic(bytes => bytes, { commits: true }))
      expect(whole.length).toBeGreaterThan(0)
      expect(await filesOf(await classic(change, { commits: true }))).toEqual(whole)
      await expect(filesOf(await classic(change, { commits: false }))).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
        message: expect.stringContaining('path'),
        context: expect.objectContaining({ path: CHECKPOINT }),
      })
    },
  )

  it.each(['partitionValues', 'partitionColumns'])(
    'and one without a column %s is refused: the table is partitioned',
    async name => {
      const broken = await classic(bytes => renamed(bytes, name), { commits: false })
      await expect(filesOf(broken)).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
        message: expect.stringContaining(
          `no column ${name === 'partitionValues' ? 'add' : 'metaData'}.${name}`,
        ),
      })
    },
  )

  it('is refused when its rows are read where its footer counts nothing', async () => {
    const store = await classic(() => without('some'), { commits: false })
    const meta = (await store.head(CHECKPOINT))!
    const opened = await openCheckpointFile(store, meta)
    const rowGroups = opened.footer.rowGroups.map(group => ({
      ...group,
      columns: group.columns.map(({ nullCount: _, ...column }) => column),
    }))
    const context = {
      io: { store, parquet: parquetReader() },
      cache: keepingCache(),
      recent: new RecentReads(1 << 20),
      location: LOCATION,
    }
    const uncounted = { ...opened, footer: { ...opened.footer, rowGroups } }
    const [part] = partsOf(context, uncounted as never)
    expect(part).toBeInstanceOf(CheckpointPart)
    await expect(part!.load()).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('has no path'),
    })
  })
})

describe('a sidecar', () => {
  const SIDECARS = `${LOG}_sidecars/`
  async function withSidecars(...named: readonly { path: string; sizeInBytes?: number }[]) {
    const { store, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('a'))
    const bytes = goldenLog('checkpoint-classic').get(CHECKPOINT)!
    await store.put(`${SIDECARS}one.parquet`, bytes)
    await store.put(`${SIDECARS}pathless.parquet`, without('all'))
    const sidecars = named.map(({ path, sizeInBytes = bytes.length }) => ({
      sidecar: { path, sizeInBytes, modificationTime: 1 },
    }))
    await table.checkpoint([
      deltaProtocol(),
      deltaMetadata({ ...ID_AND_DAY, partitionColumns: [] }),
      ...sidecars,
    ])
    for (const version of [0, 1]) await store.delete(`${LOG}${deltaVersion(version)}.json`)
    return store
  }

  it('counts once where it is named twice', async () => {
    const once = await filesOf(await withSidecars({ path: 'one.parquet' }))
    expect(once.length).toBeGreaterThan(0)
    expect(
      await filesOf(await withSidecars({ path: 'one.parquet' }, { path: 'one.parquet' })),
    ).toEqual(once)
  })

  it.each([
    ['of another length than its checkpoint says', { path: 'one.parquet', sizeInBytes: 17 }],
    ['that is not there', { path: 'gone.parquet' }],
    ['whose adds have no paths', { path: 'pathless.parquet', sizeInBytes: without('all').length }],
  ])('is refused: one %s', async (_, sidecar) => {
    await expect(filesOf(await withSidecars(sidecar))).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })
})

describe('a commit', () => {
  const put = async (store: WritableStore, version: number, text: string) =>
    store.put(`${LOG}${deltaVersion(version)}.json`, Buffer.from(text))
  const add = (path: string) => JSON.stringify(deltaAdd(path))

  async function withCommit(text: string, at = 1) {
    const { store, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('a'))
    await table.commit(deltaAdd('b'))
    await put(store, at, text)
    return store
  }

  it.each([
    ['is empty', '', 1],
    ['is empty and the newest', '', 2],
    ['has NUL bytes alone', '\0'.repeat(300), 1],
    [
      'has NUL bytes for its end, as after a crash of the machine',
      `${add('a')}\n${'\0'.repeat(300)}`,
      2,
    ],
    ['has NUL bytes for the end of a line', `${add('a').slice(0, 20)}${'\0'.repeat(300)}`, 2],
    ['has NUL bytes in a text', add('a').replace('"a"', '"a\0b"'), 1],
    ['has NUL bytes in a text that nobody reads', `${add('a')}\n{"commitInfo":{"note":"\0"}}`, 1],
    ['has NUL bytes in an action that nobody knows', `${add('a')}\n{"later":{"x":"\0"}}`, 1],
    ['has NUL bytes between lines', `${add('a')}\n\0\n${add('c')}`, 1],
    ['is cut in its last line', `${add('a')}\n${add('c').slice(0, -5)}`, 2],
  ])('that %s is refused', async (_, text, at) => {
    const store = await withCommit(text, at)
    await expect(filesOf(store)).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })

  it.each([
    ['in a text', [0xff]],
    ['in a text, cut', [0xc3]],
    ['in a text, a surrogate', [0xed, 0xa0, 0x80]],
  ])('that has bytes that are no UTF-8 %s is refused, and its line named', async (_, bytes) => {
    const foreign = Buffer.concat([
      Buffer.from(`${add('c')}\n${add('a').split('"a"')[0]}"`),
      Buffer.from(bytes),
      Buffer.from(`"${add('a').split('"a"')[1]}`),
    ])
    for (const end of ['', '\n']) {
      const store = await withCommit('')
      await store.put(`${LOG}${deltaVersion(1)}.json`, Buffer.concat([foreign, Buffer.from(end)]))
      await expect(filesOf(store)).rejects.toMatchObject({
        code: 'TABLE_CORRUPT',
        message: expect.stringContaining('line 2'),
      })
    }
  })

  it.each([
    ['a path', add('a\u0001').replace('\\u0001', '\u0001')],
    ['a key', add('a').replace('"path"', '"pa\u0012th"')],
    ['a text with an escape before it', add('a"b').replace('\\"b', '\\"\u0002b')],
    ['what nobody reads', `{"commitInfo":{"note":["x\u0003"]}}`],
    ['two lines that a quote was lost between', `{"add":{"path":"x\n${add('c')}`],
    ['an escape', add('a').replace('"a"', '"a\\\n"')],
  ])('that has a control character in %s is refused', async (_, text) => {
    await expect(filesOf(await withCommit(`${text}\n${add('c')}`))).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })

  it('is read with every character that JSON may have, escaped', async () => {
    const path = 'a\u0001\t\n\u007f\u0080é\u{1f33c}'
    expect(await filesOf(await withCommit(add(path)))).toEqual([path, 'b'])
  })

  it('is read in pieces of any length, whichever character they end in', async () => {
    const text = `${add('é/\u{1f33c}')}\n${add('ü')}`
    const store = await withCommit(text)
    const file = (await store.head(`${LOG}${deltaVersion(1)}.json`))!
    for (let chunkBytes = 1; chunkBytes < 60; chunkBytes++) {
      const paths: string[] = []
      const sink = { file: ({ path }: FileAction) => paths.push(Buffer.from(path).toString()) }
      await new LogFileReader(store, { chunkBytes }).read(file, sink)
      expect(paths).toEqual(['é/\u{1f33c}', 'ü'])
    }
  })

  it.each([
    ['without a line end', add('a')],
    ['with several', `\n${add('a')}\r\n\n`],
  ])('%s is read', async (_, text) => {
    expect(await filesOf(await withCommit(text))).toEqual(['a', 'b'])
  })

  it('that is empty is refused to a reader that knows the version before, and in changes', async () => {
    const { store, table } = openTable()
    await table.create({ ...ID_AND_DAY, configuration: { 'delta.enableChangeDataFeed': 'true' } })
    const { reader, source } = readerOf(store)
    const previous = await reader.snapshot(source)
    await put(store, 1, '')
    await expect(reader.snapshot(source, { previous })).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
    const changes = reader.changes!(source, { startVersion: 1n, endVersion: 1n, kind: 'files' })
    await expect(changes[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
    })
  })
})

describe('what `_last_checkpoint` says', () => {
  const lies = [
    ['a version to come', { version: 900, size: 1 }],
    ['one without checkpoint', { version: 1, size: 1 }],
    [
      'another number of parts, files and bytes',
      { version: 4, size: 1, parts: 9, numOfAddFiles: 0, sizeInBytes: 1 },
    ],
    ['more files than there are', { version: 4, size: 99, numOfAddFiles: 1e9 }],
    ['nothing', ''],
    ['a page', '<html>'],
  ] as const

  it.each(lies)('is a hint: %s', async (_, said) => {
    const store = await classic(bytes => bytes, { commits: true })
    const whole = await filesOf(store)
    const text = typeof said === 'string' ? said : JSON.stringify(said)
    await store.put(`${LOG}_last_checkpoint`, Buffer.from(text))
    expect(await filesOf(store)).toEqual(whole)
  })
})

it('a path in a checkpoint that is no UTF-8 is refused: it would be the path of another file', async () => {
  // By pyarrow, add.path as a column of bytes: 3-\xff\xfe.parquet is the fourth of six.
  const file = new URL('../fixtures/path-of-bytes.parquet', import.meta.url)
  const { store } = openTable()
  await store.put(`${LOG}${deltaVersion(0)}.checkpoint.parquet`, readFileSync(fileURLToPath(file)))
  await store.put(`${LOG}${deltaVersion(0)}.json`, Buffer.from('{"commitInfo":{"timestamp":1}}\n'))
  await expect(filesOf(store)).rejects.toMatchObject({
    code: 'TABLE_CORRUPT',
    message: expect.stringMatching(/the path of an add action of a checkpoint is no UTF-8/),
    context: { row: 5 },
  })
})
