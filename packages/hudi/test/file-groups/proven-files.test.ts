import { atOnce, Slices, type SnapshotRef } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { checkedSlices } from '../../src/file-groups/checked-listing.js'
import { withoutReplaced } from '../../src/file-groups/proven-files.js'
import { hudiReader } from '../../src/index.js'
import { liveFiles, noCache } from '../support/real-tables.js'
import { at, type Body, base, body, log, ROOT, tableOf } from '../support/table.js'

type Version = 6 | 9

/** `day action` to what the commit says. */
function timelineOf(version: Version, commits: Readonly<Record<string, Body>>) {
  return Object.fromEntries(
    Object.entries(commits).map(([name, said]) => {
      const [day, action] = name.split(' ')
      const instant = at(Number(day))
      return [`${version === 6 ? instant : `${instant}_${instant}`}.${action}`, body(said)]
    }),
  )
}

async function filesOf(store: ReturnType<typeof tableOf>, ref?: SnapshotRef) {
  const reader = hudiReader({ store, cache: noCache })
  const snapshot = await reader.snapshot({ location: ROOT }, ref === undefined ? {} : { at: ref })
  const files = await liveFiles(snapshot)
  return files.map(file => file.recordedPath)
}

const lost = (name: string) => ({
  code: 'TABLE_CORRUPT',
  message: expect.stringContaining('is named by a completed commit and does not exist'),
  context: expect.objectContaining({ path: name }),
})

describe.each<Version>([6, 9])('files that commits of version %i name', version => {
  const three = {
    '1 commit': { files: [base('a', 1)] },
    '2 commit': { files: [base('b', 2)] },
    '3 commit': { files: [base('c', 3)] },
  }
  /** A log's name says the slice that it belongs to (6), or its own write (9). */
  const logOver = (group: string, over: number, own: number) =>
    log(group, version === 6 ? over : own, own)

  it.each([
    ['the first commit', [base('b', 2), base('c', 3)], base('a', 1)],
    ['one between', [base('a', 1), base('c', 3)], base('b', 2)],
    ['the last', [base('a', 1), base('b', 2)], base('c', 3)],
    ['all of them, where a listing has nothing', [], base('a', 1)],
  ])('are refused where they are not there: of %s', async (_, files, name) => {
    const store = tableOf(version, timelineOf(version, three), files)
    await expect(filesOf(store)).rejects.toMatchObject(lost(name))
  })

  it('are refused where an older slice would stand in for them', async () => {
    const commits = {
      '1 commit': { files: [base('a', 1)] },
      '2 commit': { files: [base('a', 2)], prevCommit: at(1) },
      '3 commit': { files: [base('c', 3)] },
    }
    const store = tableOf(version, timelineOf(version, commits), [base('a', 1), base('c', 3)])
    await expect(filesOf(store)).rejects.toMatchObject(lost(base('a', 2)))
  })

  const merged = {
    '1 deltacommit': { files: [base('a', 1)] },
    '2 deltacommit': { files: [logOver('a', 1, 2)] },
    '3 deltacommit': { files: [logOver('a', 1, 3)] },
    '4 deltacommit': { files: [base('b', 4)] },
  }
  const whole = [base('a', 1), logOver('a', 1, 2), logOver('a', 1, 3), base('b', 4)]

  it.each([2, 3])('are refused where a log is not there: of day %i', async day => {
    const gone = logOver('a', 1, day)
    const files = whole.filter(name => name !== gone)
    const store = tableOf(version, timelineOf(version, merged), files)
    await expect(filesOf(store)).rejects.toMatchObject(lost(gone))
  })

  it('are refused where a log is empty', async () => {
    const store = tableOf(version, timelineOf(version, merged), whole)
    await store.put(`${ROOT}/${logOver('a', 1, 2)}`, new Uint8Array())
    await expect(filesOf(store)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('has 0 bytes, of which a completed commit wrote 1'),
    })
  })

  it('are refused where a log is shorter than its write left it', async () => {
    const said = {
      partitionToWriteStats: {
        '': [{ fileId: 'a', path: logOver('a', 1, 2), fileSizeInBytes: 1000 }],
      },
    }
    const timeline = timelineOf(version, merged)
    const [name] = Object.keys(timeline).filter(each => each.startsWith(at(2)))
    const store = tableOf(version, { ...timeline, [name!]: JSON.stringify(said) }, whole)
    await store.put(`${ROOT}/${logOver('a', 1, 2)}`, new Uint8Array(999))
    await expect(filesOf(store)).rejects.toThrowError('has 999 bytes, of which')
    // Longer is right: later writes append to it.
    await store.put(`${ROOT}/${logOver('a', 1, 2)}`, new Uint8Array(1001))
    expect(await filesOf(store)).toEqual([base('a', 1), base('b', 4)])
  })

  it('are not needed, logs among them, in a read-optimized view', async () => {
    const files = whole.filter(name => !name.startsWith('.'))
    const store = tableOf(version, timelineOf(version, merged), files)
    const reader = hudiReader({ store, cache: noCache })
    const snapshot = await reader.snapshot({ location: ROOT, view: 'read-optimized' })
    expect((await liveFiles(snapshot)).length).toBe(2)
  })

  it('are those of the version asked for', async () => {
    const at2: SnapshotRef = { kind: 'version', version: BigInt(at(2)) }
    const timeline = timelineOf(version, three)
    expect(await filesOf(tableOf(version, timeline, [base('a', 1), base('b', 2)]), at2)).toEqual([
      base('a', 1),
      base('b', 2),
    ])
    const store = tableOf(version, timeline, [base('b', 2), base('c', 3)])
    await expect(filesOf(store, at2)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
      message: expect.stringContaining('cleaner'),
    })
  })

  it.each<[string, Readonly<Record<string, Body>>, readonly string[], readonly string[]]>([
    [
      'a later commit rewrote and a cleaner took',
      { ...three, '4 commit': { files: [base('a', 4)], prevCommit: at(1) } },
      [base('a', 4), base('b', 2), base('c', 3)],
      [base('a', 4), base('b', 2), base('c', 3)],
    ],
    [
      'a later commit replaced and a cleaner took',
      { ...three, '4 replacecommit': { files: [base('d', 4)], replaced: ['a', 'b'] } },
      [base('c', 3), base('d', 4)],
      [base('c', 3), base('d', 4)],
    ],
    [
      'a later commit replaced without writing anything',
      { ...three, '4 replacecommit': { replaced: ['a', 'b', 'c'] } },
      [],
      [],
    ],
    [
      'a compaction merged and a cleaner took',
      { ...merged, '5 commit': { files: [base('a', 5)], prevCommit: at(1) } },
      [base('a', 5), base('b', 4)],
      [base('a', 5), base('b', 4)],
    ],
    [
      'nobody but a write that failed named',
      { ...three, '4 rollback': {}, '5 commit': { files: [] } },
      [base('a', 1), base('b', 2), base('c', 3)],
      [base('a', 1), base('b', 2), base('c', 3)],
    ],
    [
      'only a savepoint kept, whose later history was archived',
      {
        '1 commit': { files: [base('a', 1)] },
        '1 savepoint': {},
        '5 commit': { files: [base('b', 5)] },
      },
      [base('b', 5)],
      [base('b', 5)],
    ],
    [
      'a newer slice stands for, whose write was archived',
      { '1 commit': { files: [base('a', 1)] }, '3 commit': { files: [base('b', 3)] } },
      [base('b', 3), base('a', 3)],
      [base('a', 3), base('b', 3)],
    ],
  ])('are not needed where %s', async (_, commits, files, live) => {
    const store = tableOf(version, timelineOf(version, commits), files)
    expect(await filesOf(store)).toEqual(live)
  })

  it('ask for nothing more than a listing', async () => {
    const store = tableOf(version, timelineOf(version, three), [
      base('a', 1),
      base('b', 2),
      base('c', 3),
    ])
    const asked: string[] = []
    const counting = {
      ...store,
      get: (...args: Parameters<typeof store.get>) => {
        asked.push(`get ${args[0].slice(ROOT.length)}`)
        return store.get(...args)
      },
      list: (...args: Parameters<typeof store.list>) => {
        asked.push(`list ${args[0].slice(ROOT.length)}`)
        return store.list(...args)
      },
    }
    await filesOf(counting)
    const timeline = version === 6 ? '/.hoodie/' : '/.hoodie/timeline/'
    expect(asked.filter(each => !each.endsWith('properties')).sort()).toEqual(
      [
        ...Object.keys(timelineOf(version, three)).map(name => `get ${timeline}${name}`),
        ...(asked.filter(each => each.includes('/.schema')) as string[]),
        'list /',
        'list /',
        `list ${timeline}`,
      ].sort(),
    )
  })
})

describe('what an archived write replaced', () => {
  it('is not needed, where the write of its files is still active', async () => {
    const visibility = {
      logNames: 'own' as const,
      completionOf: (instant: string) => instant,
      isCompacting: () => false,
      isReplaced: () => false,
    }
    const proven = new Map([
      ['', new Map([['a', { base: { instant: at(1), name: base('a', 1) }, logs: new Map() }]])],
    ])
    const check = {
      proven,
      asOf: undefined,
      store: tableOf(9, {}, []),
      root: ROOT,
      listing: { kind: 'storage' as const, partitions: [''], files: async () => new Map() },
      visibility,
      withLogs: true,
      turns: new Slices(),
    }
    const replaced = async () => atOnce(withoutReplaced(proven, (_, fileId) => fileId === 'a'))
    expect(await checkedSlices('', [], { ...check, settled: replaced })).toEqual([])
    const kept = checkedSlices('', [], { ...check, settled: async () => proven })
    await expect(kept).rejects.toMatchObject(lost(base('a', 1)))
  })
})

describe.each<Version>([6, 9])('a replacing commit of version %i', version => {
  it('that is empty is refused: what it replaced would come back', async () => {
    const timeline = timelineOf(version, { '1 commit': { files: [base('a', 1)] } })
    const name = Object.keys(timelineOf(version, { '2 replacecommit': {} }))[0]!
    const store = tableOf(version, { ...timeline, [name]: '' }, [base('a', 1)])
    await expect(filesOf(store)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('is empty'),
    })
  })
})

describe('a completed commit that is not what it should be', () => {
  const files = { '': [{ fileId: 'a', path: base('a', 1) }] }
  const replaced = { '': ['a'] }
  it.each<[string, string, unknown]>([
    ['is empty', 'commit', ''],
    ["is another action's plan", 'replacecommit', { operationType: 'CLUSTER', plan: {} }],
    ['does not say what it wrote', 'deltacommit', { extraMetadata: {} }],
    ['does not say what it replaced', 'replacecommit', { partitionToWriteStats: files }],
    [
      'replaced what is no name',
      'replacecommit',
      { partitionToWriteStats: {}, partitionToReplaceFileIds: { '': [5] } },
    ],
    [
      'replaced what is no list',
      'replacecommit',
      { partitionToWriteStats: {}, partitionToReplaceFileIds: { '': 'a' } },
    ],
    ['wrote what is no list', 'commit', { partitionToWriteStats: { '': files[''][0]! } }],
    ['wrote what has no name', 'commit', { partitionToWriteStats: { '': [{ fileId: 7 }] } }],
    [
      'wrote logs that are no names',
      'deltacommit',
      { partitionToWriteStats: { '': [{ ...files[''][0], logFiles: [null] }] } },
    ],
  ])('%s: it is refused', async (_, action, said) => {
    const whole = { partitionToWriteStats: files, partitionToReplaceFileIds: replaced }
    const of = (content: unknown) =>
      tableOf(
        6,
        {
          ...timelineOf(6, { '1 commit': { files: [base('a', 1)] } }),
          [`${at(2)}.${action}`]: typeof content === 'string' ? content : JSON.stringify(content),
        },
        [base('a', 1)],
      )
    await expect(filesOf(of(said))).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
    await expect(filesOf(of(whole))).resolves.toBeDefined()
  })
})
