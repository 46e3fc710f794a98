import type { ChangeRange, ChangeSet } from '@spillway/core'
import { deltaAdd, deltaCdc, deltaMetadata, deltaRemove, deltaVersion } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { failure, ID_AND_DAY, LOCATION, openTable } from '../support/open-table.js'

const FEED = { ...ID_AND_DAY, configuration: { 'delta.enableChangeDataFeed': 'true' } }
const DAY = { partitionValues: { day: '2024-01-02' } }
const vector = (offset: number) => ({
  storageType: 'u',
  pathOrInlineDv: 'ab^-aqEH.-t@S}K{vb[*k^',
  offset,
  sizeInBytes: 36,
  cardinality: offset,
})

async function changes(
  { reader, source }: ReturnType<typeof openTable>,
  range: Partial<ChangeRange> = {},
): Promise<ChangeSet[]> {
  const sets: ChangeSet[] = []
  const whole = { startVersion: 0n, endVersion: 99n, kind: 'feed' as const, ...range }
  for await (const set of reader.changes!(source, whole)) sets.push(set)
  return sets
}

const brief = (sets: readonly ChangeSet[]) =>
  sets.map(set => [
    Number(set.version),
    set.changes.map(
      ({ action, file }) =>
        `${action} ${file.recordedPath}${file.deletes.map(each => ` less ${each.kind === 'deletion-vector' ? each.cardinality : '?'}`).join('')}`,
    ),
  ])

describe('the change data feed', () => {
  it('prefers recorded change files, and else gives what changed data', async () => {
    const opened = openTable()
    await opened.table.create(FEED)
    await opened.table.commit(deltaAdd('a', DAY), deltaAdd('b', DAY))
    await opened.table.commit(
      deltaRemove('a', DAY),
      deltaAdd('c', DAY),
      deltaCdc('_change_data/x', DAY),
    )
    await opened.table.commit(
      deltaRemove('b', { ...DAY, dataChange: false }),
      deltaAdd('d', { ...DAY, dataChange: false }),
    )
    await opened.table.commit(deltaRemove('c', DAY))
    expect(brief(await changes(opened))).toEqual([
      [0, []],
      [1, ['add a', 'add b']],
      [2, ['cdc _change_data/x']],
      [3, []],
      [4, ['remove c']],
    ])
    expect(
      brief(await changes(opened, { kind: 'files', startVersion: 2n, endVersion: 3n })),
    ).toEqual([
      [2, ['remove a', 'add c']],
      [3, []],
    ])
  })

  it('gives both sides of a vector that changed', async () => {
    const opened = openTable()
    await opened.table.create({ ...FEED, readerFeatures: ['deletionVectors'] })
    await opened.table.commit(deltaAdd('a', { ...DAY, deletionVector: vector(1) }))
    await opened.table.commit(
      deltaAdd('a', { ...DAY, deletionVector: vector(2) }),
      deltaRemove('a', { ...DAY, deletionVector: vector(1) }),
    )
    expect(brief(await changes(opened, { startVersion: 2n }))).toEqual([
      [2, ['add a less 2', 'remove a less 1']],
    ])
  })

  it('describes files under the metadata in force, physical names included', async () => {
    const opened = openTable()
    const mapped = (name: string, id: number) => ({
      name,
      type: 'long',
      metadata: { 'delta.columnMapping.id': id, 'delta.columnMapping.physicalName': `col-${id}` },
    })
    const options = {
      fields: [mapped('a', 1), mapped('p', 2)],
      partitionColumns: ['p'],
      readerFeatures: ['columnMapping'],
      configuration: { 'delta.columnMapping.mode': 'name', 'delta.enableChangeDataFeed': 'true' },
    }
    await opened.table.create(options)
    await opened.table.commit(deltaAdd('f', { partitionValues: { 'col-2': '7' } }))
    await opened.table.commit(
      deltaMetadata({ ...options, fields: [mapped('renamed', 1), mapped('p', 2)] }),
      deltaRemove('f', { partitionValues: { 'col-2': '7' } }),
    )
    const sets = await changes(opened)
    expect(sets.map(set => set.metadata?.schema.fields.map(field => field.name))).toEqual([
      ['a', 'p'],
      undefined,
      ['renamed', 'p'],
    ])
    expect(sets.flatMap(set => set.changes.map(({ file }) => file.partition))).toEqual([[7n], [7n]])
  })

  it('times commits by themselves where they say, by their files where not', async () => {
    const opened = openTable()
    const configuration = { ...FEED.configuration, 'delta.enableInCommitTimestamps': 'true' }
    await opened.table.create(FEED)
    await opened.table.commit(
      { commitInfo: { inCommitTimestamp: 77 } },
      deltaMetadata({
        ...FEED,
        configuration: {
          ...configuration,
          'delta.inCommitTimestampEnablementVersion': '1',
          'delta.inCommitTimestampEnablementTimestamp': '77',
        },
      }),
    )
    expect((await changes(opened)).map(set => set.timestamp)).toEqual([1_000, 77])
  })

  it('finds the size of a file whose remove does not say it', async () => {
    const opened = openTable()
    await opened.table.create(FEED)
    await opened.store.put(`${LOCATION}/a`, new Uint8Array(123))
    await opened.table.commit({ remove: { path: 'a', dataChange: true, ...DAY } })
    const [, set] = await changes(opened)
    expect(set?.changes.map(({ file }) => file.size)).toEqual([123])
  })

  it.each<
    [
      string,
      (table: ReturnType<typeof openTable>) => Promise<unknown>,
      Partial<ChangeRange>,
      string,
      RegExp,
    ]
  >([
    [
      'a feed that is off',
      ({ table }) => table.create(ID_AND_DAY),
      {},
      'INVALID_REQUEST',
      /not enabled in version 0/,
    ],
    [
      'a feed that was off for a while',
      async ({ table }) => {
        await table.create(FEED)
        await table.commit(deltaMetadata(ID_AND_DAY))
        await table.commit(deltaMetadata(FEED))
      },
      {},
      'INVALID_REQUEST',
      /not enabled in version 1/,
    ],
    [
      'an end before the start',
      ({ table }) => table.create(FEED),
      { startVersion: 2n, endVersion: 1n },
      'INVALID_REQUEST',
      /is empty/,
    ],
    [
      'a start after the latest version',
      ({ table }) => table.create(FEED),
      { startVersion: 1n },
      'INVALID_REQUEST',
      /after the latest/,
    ],
    [
      'commits that are gone',
      async ({ table, store }) => {
        await table.create(FEED)
        await table.commit(deltaAdd('a', DAY))
        await table.commit(deltaAdd('b', DAY))
        await store.delete(`${LOCATION}/_delta_log/${deltaVersion(1)}.json`)
      },
      {},
      'INVALID_REQUEST',
      /version 1 is no longer there/,
    ],
    [
      'a remove without partition values',
      async ({ table }) => {
        await table.create(FEED)
        await table.commit({ remove: { path: 'a', dataChange: true, size: 1 } })
      },
      {},
      'UNSUPPORTED_FEATURE',
      /partition values/,
    ],
  ])('refuses %s', async (_, prepare, range, code, message) => {
    const opened = openTable()
    await prepare(opened)
    const failed = await failure(changes(opened, range))
    expect([failed.code, failed.message]).toEqual([code, expect.stringMatching(message)])
  })
})

describe('changes across another partitioning', () => {
  const BY_ID = { ...FEED, partitionColumns: ['id'] }

  async function repartitioned() {
    const opened = openTable()
    await opened.table.create(FEED)
    await opened.table.commit(deltaAdd('a', DAY))
    await opened.table.commit(
      deltaMetadata(BY_ID),
      deltaRemove('a', DAY),
      deltaAdd('b', { partitionValues: { id: '1' } }),
    )
    await opened.table.commit(deltaAdd('c', { partitionValues: { id: '2' } }))
    return opened
  }

  const refusal = {
    code: 'INVALID_REQUEST',
    message:
      'these changes are not available: version 2 changed what the table is partitioned by; ask for the changes before it, or after it',
  }

  it.each([
    [0n, 3n],
    [1n, 2n],
    [2n, 2n],
    [2n, 3n],
  ])('are refused from %i to %i', async (startVersion, endVersion) => {
    const opened = await repartitioned()
    expect(await failure(changes(opened, { startVersion, endVersion }))).toEqual(refusal)
  })

  it('are there before it and after it', async () => {
    const opened = await repartitioned()
    const before = await changes(opened, { endVersion: 1n })
    const after = await changes(opened, { startVersion: 3n })
    expect([brief(before), brief(after)]).toEqual([
      [
        [0, []],
        [1, ['add a']],
      ],
      [[3, ['add c']]],
    ])
  })

  it('are not what a new property of the table makes', async () => {
    const opened = openTable()
    await opened.table.create(FEED)
    await opened.table.commit(deltaAdd('a', DAY))
    const configuration = { ...FEED.configuration, other: 'property' }
    await opened.table.commit(deltaMetadata({ ...FEED, configuration }), deltaRemove('a', DAY))
    expect(brief(await changes(opened)).at(-1)).toEqual([2, ['remove a']])
  })
})
