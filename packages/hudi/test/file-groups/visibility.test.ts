import { describe, expect, it } from 'vitest'
import { at, base, body, log, namesOf, tableOf } from '../support/table.js'

describe('which files count', () => {
  it('shows the latest base file of each group', async () => {
    const store = tableOf(6, { [`${at(1)}.commit`]: body(), [`${at(2)}.commit`]: body() }, [
      base('a', 1),
      base('a', 2),
      base('b', 1),
    ])
    expect(await namesOf(store)).toEqual([[base('a', 2)], [base('b', 1)]])
  })

  it('does not take a pending write before the first completed one for an archived one', async () => {
    const timeline = {
      [`${at(1)}.inflight`]: '',
      [`${at(2)}.commit`]: body(),
      [`${at(3)}.commit`]: body(),
    }
    expect(await namesOf(tableOf(6, timeline, [base('a', 1), base('b', 2)]))).toEqual([
      [base('b', 2)],
    ])
  })

  it('leaves out a file whose instant lies between completed ones and is none of them', async () => {
    const timeline = { [`${at(1)}.commit`]: body(), [`${at(3)}.commit`]: body() }
    expect(await namesOf(tableOf(6, timeline, [base('a', 1), base('a', 2)]))).toEqual([
      [base('a', 1)],
    ])
  })

  it('takes writes from before the timeline for archived, around a savepoint that was kept', async () => {
    const timeline = {
      [`${at(1)}.commit`]: body(),
      [`${at(1)}.savepoint`]: '',
      [`${at(5)}.commit`]: body(),
    }
    expect(await namesOf(tableOf(6, timeline, [base('a', 3), base('b', 1)]))).toEqual([
      [base('a', 3)],
      [base('b', 1)],
    ])
  })

  it('refuses a version whose base file is gone, where later logs do not name what they were written over', async () => {
    const timeline = {
      [`${at(1)}_${at(1)}.deltacommit`]: body({ files: [base('a', 1)] }),
      [`${at(2)}_${at(2)}.deltacommit`]: body({ files: [base('b', 2)] }),
      [`${at(3)}_${at(3)}.deltacommit`]: body({ files: [log('a', 3)], prevCommit: at(3) }),
      [`${at(4)}_${at(4)}.commit`]: body({ files: [base('a', 4)], prevCommit: at(1) }),
    }
    const store = tableOf(9, timeline, [base('a', 4), base('b', 2)])
    const before = { kind: 'version', version: BigInt(at(2)) } as const
    await expect(namesOf(store, before)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('drops the groups that a replace commit names, from its instant on', async () => {
    const timeline = {
      [`${at(1)}.commit`]: body({ files: [base('a', 1)] }),
      [`${at(2)}.replacecommit`]: body({ files: [base('b', 2)], replaced: ['a'] }),
    }
    const store = tableOf(6, timeline, [base('a', 1), base('b', 2)])
    const before = { kind: 'version', version: BigInt(at(1)) } as const
    expect([await namesOf(store), await namesOf(store, before)]).toEqual([
      [[base('b', 2)]],
      [[base('a', 1)]],
    ])
  })

  it('puts logs that a pending compaction names on top of the latest base file', async () => {
    const timeline = {
      [`${at(1)}.deltacommit`]: body(),
      [`${at(2)}.deltacommit`]: body(),
      [`${at(3)}.compaction.requested`]: '',
      [`${at(4)}.deltacommit`]: body(),
    }
    const files = [base('a', 1), log('a', 1), log('a', 3), log('a', 3, 2)]
    expect(await namesOf(tableOf(6, timeline, files))).toEqual([
      [base('a', 1), log('a', 1), log('a', 3), log('a', 3, 2)],
    ])
  })

  it('shows no group that only a write in flight has logs of', async () => {
    const timeline = { [`${at(1)}.deltacommit`]: body(), [`${at(2)}.deltacommit.inflight`]: '' }
    expect(await namesOf(tableOf(6, timeline, [base('a', 1), log('b', 2)]))).toEqual([
      [base('a', 1)],
    ])
  })

  it('shows a group of logs alone', async () => {
    const timeline = { [`${at(1)}.deltacommit`]: body() }
    expect(await namesOf(tableOf(6, timeline, [log('a', 1)]))).toEqual([[log('a', 1)]])
  })

  it('assigns logs of version 8 and on by when they completed', async () => {
    const timeline = {
      [`${at(1)}_${at(2)}.deltacommit`]: body(),
      [`${at(3)}_${at(6)}.deltacommit`]: body(),
      [`${at(4)}_${at(5)}.commit`]: body(),
      [`${at(7)}.deltacommit.inflight`]: '',
    }
    // The log of the 3rd began before the compaction of the 4th and completed after it: it is not in its base file.
    const files = [base('a', 1), log('a', 2), log('a', 3), base('a', 4), log('a', 7)]
    expect(await namesOf(tableOf(9, timeline, files))).toEqual([[base('a', 4), log('a', 3)]])
  })

  it('ignores change-data logs, markers and files that are not its own', async () => {
    const files = [base('a', 1), `${log('a', 1)}.cdc`, 'notes.parquet', 'b_0-1-1_x.parquet']
    expect(await namesOf(tableOf(6, { [`${at(1)}.commit`]: body() }, files))).toEqual([
      [base('a', 1)],
    ])
  })

  it('asks the commit which of two files of one write counts', async () => {
    const files = [base('a', 1, '0-1-1'), base('a', 1, '0-1-2')]
    const timeline = { [`${at(1)}.commit`]: body({ files: [base('a', 1, '0-1-2')] }) }
    expect(await namesOf(tableOf(6, timeline, files))).toEqual([[base('a', 1, '0-1-2')]])
  })

  it.each([
    ['a base file that the last write made is missing', [base('b', 1)], 'TABLE_CORRUPT'],
    [
      'an external file is registered',
      [base('a', 1), 'x.parquet_20260101000000000_hudiext'],
      'UNSUPPORTED_FEATURE',
    ],
  ])('refuses where %s', async (_, files, code) => {
    const store = tableOf(6, { [`${at(1)}.commit`]: body({ files: [base('a', 1)] }) }, files)
    await expect(namesOf(store)).rejects.toMatchObject({ code })
  })

  it('refuses an old version whose files a cleaner deleted', async () => {
    const timeline = {
      [`${at(1)}.commit`]: body({ files: [base('a', 1)] }),
      [`${at(2)}.commit`]: body({ files: [base('a', 2)], prevCommit: at(1) }),
    }
    const store = tableOf(6, timeline, [base('a', 2)])
    await expect(namesOf(store, { kind: 'version', version: BigInt(at(1)) })).rejects.toMatchObject(
      {
        code: 'INVALID_REQUEST',
      },
    )
  })

  it.each([
    [
      'timestamp',
      { kind: 'timestamp', timestamp: Date.UTC(2026, 0, 2, 12), direction: 'before' },
      base('a', 2),
    ],
    [
      'timestamp',
      { kind: 'timestamp', timestamp: Date.UTC(2026, 0, 2, 12), direction: 'after' },
      base('a', 3),
    ],
    ['version', { kind: 'version', version: BigInt(at(1)) }, base('a', 1)],
  ] as const)('travels by %s', async (_, ref, name) => {
    const timeline = {
      [`${at(1)}.commit`]: body(),
      [`${at(2)}.commit`]: body(),
      [`${at(3)}.commit`]: body(),
    }
    const store = tableOf(6, timeline, [base('a', 1), base('a', 2), base('a', 3)])
    expect(await namesOf(store, ref)).toEqual([[name]])
  })

  it.each([
    ['a snapshot id', { kind: 'snapshotId', id: 1n }],
    ['a version that never was', { kind: 'version', version: 5n }],
    ['a time before the first write', { kind: 'timestamp', timestamp: 0, direction: 'before' }],
  ] as const)('refuses %s', async (_, ref) => {
    const store = tableOf(6, { [`${at(1)}.commit`]: body() }, [base('a', 1)])
    await expect(namesOf(store, ref)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })
})
