import {
  deltaAdd,
  deltaMetadata,
  deltaProtocol,
  deltaVersion,
  jsonLinesOf,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { allFiles } from '../support/all-files.js'
import {
  counted,
  failure,
  ID_AND_DAY,
  LOCATION,
  openTable,
  readerOf,
} from '../support/open-table.js'

/** Commits at these times, each but the first with one file. */
async function committedAt(times: readonly number[]) {
  const opened = openTable()
  for (const [version, time] of times.entries()) {
    opened.clock.now = time
    if (version === 0) await opened.table.create(ID_AND_DAY)
    else await opened.table.commit(deltaAdd(`f${version}`))
  }
  return opened
}

async function resolved(
  { reader, source }: Awaited<ReturnType<typeof committedAt>>,
  timestamp: number,
  direction: 'before' | 'after',
): Promise<string> {
  try {
    const found = await reader.resolve(source, { kind: 'timestamp', timestamp, direction })
    return `${found.version}@${found.timestamp}`
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('time travel', () => {
  it.each([
    [99, 'before', 'INVALID_REQUEST'],
    [100, 'before', '0@100'],
    [199, 'before', '0@100'],
    [200, 'before', '1@200'],
    [999, 'before', '2@300'],
    [0, 'after', '0@100'],
    [101, 'after', '1@200'],
    [300, 'after', '2@300'],
    [301, 'after', 'INVALID_REQUEST'],
  ] as const)('at %i, %s, is %s', async (timestamp, direction, expected) => {
    expect(await resolved(await committedAt([100, 200, 300]), timestamp, direction)).toBe(expected)
  })

  it('makes times of files monotonic', async () => {
    const table = await committedAt([100, 500, 200, 300, 600])
    expect(await resolved(table, 501, 'before')).toBe('2@501')
    expect(await resolved(table, 599, 'before')).toBe('3@502')
    expect(await resolved(table, 503, 'after')).toBe('4@600')
  })

  it('tells the time by which a version is found again, whoever asks', async () => {
    const opened = await committedAt([100, 500, 200, 300])
    const { reader, source } = opened
    const byVersion = { kind: 'version', version: 3n } as const
    const range = { kind: 'files', startVersion: 2n, endVersion: 9n } as const
    const times: number[] = []
    for await (const { timestamp } of reader.changes!(source, range)) times.push(timestamp)
    expect({
      latest: (await reader.resolve(source, { kind: 'latest' })).timestamp,
      resolved: (await reader.resolve(source, byVersion)).timestamp,
      snapshot: (await reader.snapshot(source, { at: byVersion })).timestamp,
      changes: times,
      travel: await resolved(opened, 502, 'before'),
    }).toEqual({
      latest: 502,
      resolved: 502,
      snapshot: 502,
      changes: [501, 502],
      travel: '3@502',
    })
  })

  it('follows times from a commit that is known, and begins anew where that is another', async () => {
    const { store, table, clock } = await committedAt([100, 500, 200])
    const watched = counted(store)
    const { reader, source } = readerOf(watched.store)
    const timeOf = async (version: bigint) => {
      watched.calls.length = 0
      const { timestamp } = await reader.resolve(source, { kind: 'version', version })
      return [timestamp, watched.calls.filter(call => call.startsWith('list')).at(-1)]
    }
    expect(await timeOf(2n)).toEqual([501, 'list from start'])
    clock.now = 400
    await table.commit(deltaAdd('more'))
    expect(await timeOf(3n)).toEqual([502, `list from ${deltaVersion(2)}.`])
    expect(await timeOf(1n)).toEqual([500, 'list from start'])
    clock.now = 1_000
    await table.writeLog(`${deltaVersion(3)}.json`, jsonLinesOf([deltaAdd('another')]))
    expect(await timeOf(3n)).toEqual([1_000, 'list from start'])
  })

  it.each([
    [199, 'before', '0@100'],
    [200, 'before', 'INVALID_REQUEST'],
    [450, 'before', 'INVALID_REQUEST'],
    [600, 'before', '5@600'],
    [150, 'after', '1@200'],
    [250, 'after', 'INVALID_REQUEST'],
    [601, 'after', '6@700'],
  ] as const)('where commits 2 to 4 are gone, %i, %s, is %s', async (time, direction, expected) => {
    const opened = await committedAt([100, 200, 300, 400, 500, 600, 700])
    await opened.table.writeLog(
      `${deltaVersion(5)}.checkpoint.00000000-0000-4000-8000-000000000001.json`,
      jsonLinesOf([deltaProtocol(), deltaMetadata(ID_AND_DAY), deltaAdd('kept')]),
    )
    for (const version of [2, 3, 4]) {
      await opened.store.delete(`${LOCATION}/_delta_log/${deltaVersion(version)}.json`)
    }
    expect(await resolved(opened, time, direction)).toBe(expected)
    const at = { kind: 'version', version: 3n } as const
    expect(await failure(opened.reader.snapshot(opened.source, { at }))).toEqual({
      code: 'INVALID_REQUEST',
      message: 'version 3 is not available: the first version after it that is still there is 5',
    })
    const reachable = { kind: 'version', version: 1n } as const
    expect((await opened.reader.snapshot(opened.source, { at: reachable })).version).toBe(1n)
  })

  it('reads the snapshot of a version and of a time', async () => {
    const { reader, source } = await committedAt([100, 200, 300])
    const counts = []
    for (const at of [
      { kind: 'version', version: 1n } as const,
      { kind: 'timestamp', timestamp: 250, direction: 'before' } as const,
      { kind: 'latest' } as const,
    ]) {
      const snapshot = await reader.snapshot(source, { at })
      counts.push([snapshot.version, snapshot.timestamp, (await allFiles(snapshot)).length])
    }
    expect(counts).toEqual([
      [1n, 200, 1],
      [1n, 200, 1],
      [2n, 300, 2],
    ])
  })

  it('tells the same time of the latest version of a copied log as of the version by number', async () => {
    const { reader, source } = await committedAt([500, 500, 500])
    const latest = await reader.snapshot(source)
    const numbered = await reader.snapshot(source, { at: { kind: 'version', version: 2n } })
    const first = await reader.snapshot(source, { at: { kind: 'version', version: 0n } })
    const advanced = await reader.snapshot(source, { previous: first })
    const times = [latest, numbered, advanced].map(({ timestamp }) => timestamp)
    expect(times).toEqual([502, 502, 502])
  })

  it('does not go back beyond the checkpoint whose commits are gone', async () => {
    const opened = await committedAt([100, 200, 300, 400])
    await opened.table.writeLog(
      `${deltaVersion(2)}.checkpoint.00000000-0000-4000-8000-000000000001.json`,
      jsonLinesOf([deltaProtocol(), deltaMetadata(ID_AND_DAY), deltaAdd('kept')]),
    )
    for (const version of [0, 1]) {
      await opened.store.delete(`${LOCATION}/_delta_log/${deltaVersion(version)}.json`)
    }
    expect(await resolved(opened, 299, 'before')).toBe('INVALID_REQUEST')
    expect(await resolved(opened, 300, 'before')).toBe('2@300')
    const at = { kind: 'version', version: 1n } as const
    expect((await failure(opened.reader.snapshot(opened.source, { at }))).message).toMatch(
      /the earliest version that is still there is 2/,
    )
  })
})

describe('in-commit timestamps', () => {
  const info = (inCommitTimestamp: number) => ({ commitInfo: { inCommitTimestamp, timestamp: 1 } })

  /** File times 100 to 102 for versions 0 to 2, in-commit timestamps from version 3 on. */
  async function enabledAt3() {
    const opened = await committedAt([100, 101, 102])
    opened.clock.now = 9_000
    const configuration = {
      'delta.enableInCommitTimestamps': 'true',
      'delta.inCommitTimestampEnablementVersion': '3',
      'delta.inCommitTimestampEnablementTimestamp': '500',
    }
    await opened.table.commit(info(500), deltaMetadata({ ...ID_AND_DAY, configuration }))
    await opened.table.commit(info(600), deltaAdd('f4'))
    await opened.table.commit(info(700), deltaAdd('f5'))
    return opened
  }

  it.each([
    [99, 'before', 'INVALID_REQUEST'],
    [102, 'before', '2@102'],
    [499, 'before', '2@102'],
    [500, 'before', '3@500'],
    [650, 'before', '4@600'],
    [9_999, 'before', '5@700'],
    [103, 'after', '3@500'],
    [501, 'after', '4@600'],
    [701, 'after', 'INVALID_REQUEST'],
  ] as const)('at %i, %s, is %s', async (timestamp, direction, expected) => {
    expect(await resolved(await enabledAt3(), timestamp, direction)).toBe(expected)
  })

  it('are the time of snapshots and polls, and file times are before', async () => {
    const { reader, source } = await enabledAt3()
    const at = { kind: 'version', version: 2n } as const
    expect([
      (await reader.snapshot(source)).timestamp,
      (await reader.resolve(source, { kind: 'latest' })).timestamp,
      (await reader.snapshot(source, { at })).timestamp,
    ]).toEqual([700, 700, 102])
  })

  it('belong to every version where nothing says since when', async () => {
    const opened = openTable()
    const configuration = { 'delta.enableInCommitTimestamps': 'true' }
    await opened.table.commit(
      info(50),
      deltaProtocol(),
      deltaMetadata({ ...ID_AND_DAY, configuration }),
    )
    await opened.table.commit(info(60), deltaAdd('a'))
    expect(await resolved(opened, 55, 'before')).toBe('0@50')
  })

  it('must be there where they are searched', async () => {
    const opened = await enabledAt3()
    await opened.table.commit({ commitInfo: { operation: 'WRITE' } }, deltaAdd('f6'))
    expect(await resolved(opened, 9_999, 'after')).toBe('TABLE_CORRUPT')
  })
})
