import { HOLDS_NULLS, HOLDS_VALUES, type Snapshot } from '@spillway/core'
import { deltaAdd, deltaCdc, deltaRemove } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { allFiles } from '../support/all-files.js'
import { failure, openTable } from '../support/open-table.js'

const AMOUNTS = {
  fields: [
    { name: 'Amount', type: 'decimal(4,2)' },
    { name: 'kind', type: 'string' },
    { name: 'id', type: 'long' },
  ],
  partitionColumns: ['AMOUNT', 'kind'],
}

async function partitions(snapshot: Snapshot) {
  const files = await allFiles(snapshot)
  return files.map(({ recordedPath, partition, delta }) => [
    recordedPath,
    partition,
    Object.fromEntries(delta!.partitionValues),
  ])
}

describe('partitions of a table', () => {
  it('are keyed and listed as the schema spells them, however each writer did', async () => {
    const { reader, source, table } = openTable()
    await table.create(AMOUNTS)
    await table.commit(
      deltaAdd('a', { partitionValues: { amount: '1.5', kind: 'x' } }),
      deltaAdd('b', { partitionValues: { AMOUNT: '2', Kind: 'y', other: 'z' } }),
      deltaAdd('c', { partitionValues: { Amount: ' 3.005', KIND: null } }),
      deltaAdd('d', { partitionValues: {} }),
    )
    const snapshot = await reader.snapshot(source)
    expect(await partitions(snapshot)).toEqual([
      ['a', [150n, 'x'], { Amount: '1.50', kind: 'x' }],
      ['b', [200n, 'y'], { Amount: '2.00', kind: 'y' }],
      ['c', [301n, null], { Amount: '3.01', kind: null }],
      ['d', [null, null], { Amount: null, kind: null }],
    ])
    expect(JSON.parse(snapshot.deltaActions!.metaData).partitionColumns).toEqual(['Amount', 'kind'])
  })

  it('of names that differ in case alone are told apart', async () => {
    const { reader, source, table } = openTable()
    const fields = ['p', 'P'].map(name => ({ name, type: 'long' }))
    await table.create({ fields, partitionColumns: ['P', 'p'] })
    await table.commit(
      deltaAdd('a', { partitionValues: { p: '1', P: '2' } }),
      deltaAdd('b', { partitionValues: { p: '3' } }),
    )
    expect((await allFiles(await reader.snapshot(source))).map(file => file.partition)).toEqual([
      [2n, 1n],
      [null, 3n],
    ])
  })

  it('leave a metaData action as it was written where nothing is to be mended', async () => {
    const { reader, source, table } = openTable()
    await table.create({
      ...AMOUNTS,
      partitionColumns: ['Amount', 'kind'],
      createdTime: 1_767_398_400_000,
    })
    const { deltaActions } = await reader.snapshot(source)
    const log = await reader.snapshot(source)
    expect(deltaActions).toEqual(log.deltaActions)
    expect(deltaActions?.metaData).toContain('"createdTime":1767398400000')
  })

  it('of the empty text are null, and kept for whoever reads the text', async () => {
    const { reader, source, table } = openTable()
    await table.create({ ...AMOUNTS, partitionColumns: ['kind'] })
    await table.commit(deltaAdd('a', { partitionValues: { kind: '' } }))
    const snapshot = await reader.snapshot(source)
    const { batch } = await snapshot.files.handles[0]!.load()
    expect(batch.stats.columns.get(2)![0]!.holds).toEqual(Uint8Array.of(HOLDS_NULLS | HOLDS_VALUES))
    expect(await partitions(snapshot)).toEqual([['a', [null], { kind: '' }]])
  })

  const unreadable = {
    code: 'TABLE_CORRUPT',
    message: 'the partition value "0.-1" of column Amount is no decimal(4,2): file bad',
  }

  it('that nobody can read are refused when their files are loaded, whatever is asked', async () => {
    const { reader, source, table } = openTable()
    await table.create(AMOUNTS)
    await table.commit(
      deltaAdd('good', { partitionValues: { amount: '1', kind: 'x' } }),
      deltaAdd('bad', { partitionValues: { amount: '0.-1', kind: 'x' } }),
    )
    const [handle] = (await reader.snapshot(source)).files.handles
    const { unreadable: found, files } = await handle!.load()
    const refused = Array.from(found?.rows ?? [], row => found?.refusal(row))
    expect(refused).toEqual([expect.objectContaining(unreadable)])
    expect(await failure(files(found!.rows))).toEqual(unreadable)
  })

  it('are no reason to refuse once their file is gone', async () => {
    const { reader, source, table } = openTable()
    await table.create(AMOUNTS)
    const partitionValues = { amount: '0.-1', kind: 'x' }
    await table.commit(deltaAdd('bad', { partitionValues }), deltaAdd('good'), deltaAdd('more'))
    await table.commit(deltaRemove('bad', { partitionValues }))
    const snapshot = await reader.snapshot(source)
    expect((await allFiles(snapshot)).map(file => file.recordedPath)).toEqual(['good', 'more'])
    expect(snapshot.files.mayRefuse).toBe(false)
  })

  it('are known to be unreadable before the batch that has them is loaded', async () => {
    const { reader, source, table } = openTable()
    await table.create(AMOUNTS)
    await table.commit(deltaAdd('a'), deltaAdd('b'), deltaAdd('c'))
    const previous = await reader.snapshot(source)
    await table.commit(deltaAdd('bad', { partitionValues: { Amount: '0.-1' } }))
    const { files } = await reader.snapshot(source, { previous })
    expect([files.handles.length, files.mayRefuse]).toEqual([2, true])
  })

  it('of changes are read alike', async () => {
    const { reader, source, table } = openTable()
    await table.create({ ...AMOUNTS, configuration: { 'delta.enableChangeDataFeed': 'true' } })
    await table.commit(deltaCdc('c', { partitionValues: { AMOUNT: '1e0', KIND: '' } }))
    await table.commit(deltaCdc('bad', { partitionValues: { amount: '0.-1' } }))
    const range = { kind: 'feed', startVersion: 1n, endVersion: 2n } as const
    const sets = reader.changes!(source, range)[Symbol.asyncIterator]()
    const [change] = (await sets.next()).value!.changes
    expect([change!.file.partition, [...change!.file.delta!.partitionValues]]).toEqual([
      [100n, null],
      [
        ['Amount', '1.00'],
        ['kind', ''],
      ],
    ])
    expect(await failure(sets.next())).toEqual(unreadable)
  })
})
