import { describe, expect, it } from 'vitest'
import { hudiReader } from '../../src/index.js'
import { liveFiles, noCache } from '../support/real-tables.js'
import { at, base, body, log, ROOT, tableOf } from '../support/table.js'

describe('changes', () => {
  const timeline = {
    [`${at(1)}.commit`]: body({ files: [base('a', 1), base('b', 1)] }),
    [`${at(2)}.commit`]: body({ files: [base('a', 2)], prevCommit: at(1) }),
    [`${at(3)}.replacecommit`]: body({ files: [base('c', 3)], replaced: ['b'] }),
  }

  async function changesOf(
    store: ReturnType<typeof tableOf>,
    from: number,
    to: number,
    kind: 'files' | 'feed' = 'files',
  ) {
    const reader = hudiReader({ store, cache: noCache })
    const range = {
      startVersion: BigInt(at(from)),
      endVersion: BigInt(at(to)),
      kind,
    } as const
    const sets = []
    for await (const set of reader.changes!({ location: ROOT }, range)) {
      sets.push([
        set.version,
        set.changes.map(({ action, file }) => `${action} ${file.recordedPath}`).sort(),
      ])
    }
    return sets
  }

  it('gives the files that each write added and took away', async () => {
    const store = tableOf(6, timeline, [base('a', 1), base('b', 1), base('a', 2), base('c', 3)])
    expect(await changesOf(store, 1, 3)).toEqual([
      [BigInt(at(1)), [`add ${base('a', 1)}`, `add ${base('b', 1)}`]],
      [BigInt(at(2)), [`add ${base('a', 2)}`, `remove ${base('a', 1)}`]],
      [BigInt(at(3)), [`add ${base('c', 3)}`, `remove ${base('b', 1)}`]],
    ])
  })

  it('refuses what a cleaner has deleted', async () => {
    const store = tableOf(6, timeline, [base('b', 1), base('a', 2), base('c', 3)])
    await expect(changesOf(store, 2, 2)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  const WITHOUT_META = 'hoodie.populate.meta.fields=false\nhoodie.table.recordkey.fields=id'

  it('refuses a feed of rows where a file was rewritten with rows that nothing tells apart', async () => {
    const files = [base('a', 1), base('b', 1), base('a', 2), base('c', 3)]
    const store = tableOf(6, timeline, files, WITHOUT_META)
    const feeds = [changesOf(store, 1, 1, 'feed'), changesOf(store, 2, 2, 'feed')]
    const outcomes = await Promise.all(feeds.map(feed => feed.catch(error => error.code)))
    expect([outcomes[0].length, outcomes[1]]).toEqual([1, 'UNSUPPORTED_FEATURE'])
  })

  it('gives slices that logs changed whole, each with the logs that counted', async () => {
    const logged = {
      ...timeline,
      [`${at(4)}.deltacommit`]: body({ files: [log('a', 2)], prevCommit: at(2) }),
    }
    const files = [base('a', 1), base('b', 1), base('a', 2), base('c', 3), log('a', 2)]
    expect(await changesOf(tableOf(6, logged, files), 4, 4)).toEqual([
      [BigInt(at(4)), [`add ${base('a', 2)}`, `remove ${base('a', 2)}`]],
    ])
  })

  it('refuses a write that left no metadata', async () => {
    const silent = { ...timeline, [`${at(4)}.commit`]: '' }
    const files = [base('a', 1), base('b', 1), base('a', 2), base('c', 3), base('a', 4)]
    await expect(changesOf(tableOf(6, silent, files), 4, 4)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('it is empty'),
    })
  })

  it('says nothing of compaction and clustering', async () => {
    const services = {
      ...timeline,
      [`${at(4)}.replacecommit`]: body({
        files: [base('d', 4)],
        replaced: ['a', 'c'],
        operationType: 'CLUSTER',
      }),
      [`${at(5)}.commit`]: body({
        files: [base('d', 5)],
        prevCommit: at(4),
        operationType: 'COMPACT',
      }),
    }
    const files = [base('d', 4), base('d', 5)]
    expect(await changesOf(tableOf(6, services, files), 4, 5)).toEqual([
      [BigInt(at(4)), []],
      [BigInt(at(5)), []],
    ])
  })

  it('refuses a range that starts among writes that a restore undid', async () => {
    const restored = {
      ...timeline,
      [`${at(8)}.restore`]: JSON.stringify({ instantsToRollback: [at(5), at(6)] }),
      [`${at(9)}.commit`]: body({ files: [base('e', 9)] }),
    }
    const files = [base('a', 1), base('b', 1), base('a', 2), base('c', 3), base('e', 9)]
    const store = tableOf(6, restored, files)
    const after = changesOf(store, 6, 9).catch(error => error.code)
    expect([await after, await changesOf(store, 5, 9)]).toEqual([
      'UNSUPPORTED_FEATURE',
      [[BigInt(at(9)), [`add ${base('e', 9)}`]]],
    ])
  })

  it('refuses a log write whose base file a cleaner has deleted', async () => {
    const logs = {
      [`${at(1)}_${at(1)}.commit`]: body({ files: [base('a', 1)] }),
      [`${at(2)}_${at(2)}.deltacommit`]: body({ files: [log('a', 2)], prevCommit: at(2) }),
      [`${at(3)}_${at(3)}.commit`]: body({ files: [base('a', 3)], prevCommit: at(1) }),
    }
    const files = [log('a', 2), base('a', 3)]
    await expect(changesOf(tableOf(9, logs, files), 2, 2)).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
    // The same where the archive no longer has the write of the base file: what came over it tells.
    const { [`${at(1)}_${at(1)}.commit`]: _, ...later } = logs
    const before = { [`${at(0)}_${at(0)}.commit`]: body({ files: [base('z', 0)] }) }
    await expect(
      changesOf(tableOf(9, { ...before, ...later }, [base('z', 0), ...files]), 2, 2),
    ).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('are not known of a read-optimized view', async () => {
    const store = tableOf(6, timeline, [base('a', 1), base('b', 1)])
    const reader = hudiReader({ store, cache: noCache })
    const range = { startVersion: BigInt(at(1)), endVersion: BigInt(at(1)), kind: 'files' } as const
    const sets = reader.changes!({ location: ROOT, view: 'read-optimized' }, range)
    await expect(sets[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('read-optimized'),
    })
  })
})

describe('a log of version 9', () => {
  const timeline = {
    [`${at(1)}_${at(1)}.deltacommit`]: body({ files: [base('a', 1)] }),
    [`${at(2)}_${at(2)}.deltacommit`]: body({ files: [log('a', 2)], prevCommit: at(2) }),
  }

  it('is refused where its write completed and it is empty', async () => {
    // One that its commit names is refused before: this one's commit has been archived, as far as a reader knows.
    const unnamed = { ...timeline, [`${at(2)}_${at(2)}.deltacommit`]: body() }
    const store = tableOf(9, unnamed, [base('a', 1), log('a', 2)])
    await store.put(`${ROOT}/${log('a', 2)}`, new Uint8Array())
    const snapshot = await hudiReader({ store, cache: noCache }).snapshot({ location: ROOT })
    const [file] = await liveFiles(snapshot)
    const records = snapshot.mergedLogs!(file!)
    await expect(records[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('is empty'),
    })
  })
})
