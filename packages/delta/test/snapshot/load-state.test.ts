import { memoryStore } from '@spillway/storage'
import {
  type DeltaAction,
  deltaAdd,
  deltaMetadata,
  deltaProtocol,
  deltaRemove,
  deltaTable,
  deltaVersion,
  jsonLinesOf,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { allFiles } from '../support/all-files.js'
import { goldenLog } from '../support/golden-log.js'
import { counted, ID_AND_DAY, LOCATION, openTable, readerOf } from '../support/open-table.js'

async function paths(snapshot: Parameters<typeof allFiles>[0]): Promise<string[]> {
  return (await allFiles(snapshot)).map(file => file.recordedPath).sort()
}

describe('the next version', () => {
  it('costs a listing from the last commit, and the new commits', async () => {
    const { store, table } = openTable()
    const watched = counted(store)
    const { reader, source } = readerOf(watched.store)
    await table.create(ID_AND_DAY)
    for (let i = 0; i < 20; i++) await table.commit(deltaAdd(`f${i}`))
    const first = await reader.snapshot(source)
    await table.commit(deltaAdd('new'), deltaRemove('f3'))
    watched.calls.length = 0
    const second = await reader.snapshot(source, { previous: first })
    expect(watched.calls).toEqual([
      `list from ${deltaVersion(20)}.`,
      `get ${deltaVersion(21)}.json`,
    ])
    expect(await paths(second)).toEqual(
      [...(await paths(first)), 'new'].filter(path => path !== 'f3').sort(),
    )
  })

  it('is the same snapshot when nothing was committed', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    const first = await reader.snapshot(source)
    expect(await reader.snapshot(source, { previous: first })).toBe(first)
  })

  it('shares batches with the version before', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(...Array.from({ length: 50 }, (_, i) => deltaAdd(`f${i}`)))
    const first = await reader.snapshot(source)
    await table.commit(deltaAdd('new'))
    const second = await reader.snapshot(source, { previous: first })
    const [before, after] = await Promise.all(
      [first, second].map(each => each.files.handles[0]!.load()),
    )
    expect(after!.batch).toBe(before!.batch)
  })

  it('folds commits into few batches', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    let snapshot = await reader.snapshot(source)
    for (let i = 0; i < 100; i++) {
      await table.commit(deltaAdd(`f${i}`, { stats: { numRecords: i }, tags: { n: String(i) } }))
      snapshot = await reader.snapshot(source, { previous: snapshot })
    }
    const files = await allFiles(snapshot)
    expect(snapshot.files.handles.length).toBeLessThanOrEqual(8)
    expect(
      files.map(file => [file.recordedPath, file.recordCount, file.delta?.tags?.get('n')]),
    ).toEqual(Array.from({ length: 100 }, (_, i) => [`f${i}`, i, String(i)]))
  })

  it('is what loading it from nothing gives, whatever was added and removed', async () => {
    const { store, reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    let snapshot = await reader.snapshot(source)
    let seed = 7
    const next = (below: number) => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
      return (seed >>> 8) % below
    }
    for (let version = 1; version <= 60; version++) {
      const actions = Array.from({ length: 1 + next(4) }, () =>
        next(3) === 0 ? deltaRemove(`f${next(30)}`) : deltaAdd(`f${next(30)}`, { size: version }),
      )
      await table.commit(...actions)
      if (version % 3 === 0) snapshot = await reader.snapshot(source, { previous: snapshot })
    }
    const cold = await readerOf(store).reader.snapshot(source)
    const facts = async (each: typeof cold) =>
      (await allFiles(each)).map(file => `${file.recordedPath}=${file.size}`).sort()
    expect(await facts(snapshot)).toEqual(await facts(cold))
    expect([snapshot.version, snapshot.totals]).toEqual([cold.version, cold.totals])
  })

  it('subtracts from a checkpoint that nobody has loaded yet, and from one that was', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('x'))
    await table.checkpoint([
      deltaProtocol(),
      deltaMetadata(ID_AND_DAY),
      deltaAdd('a'),
      deltaAdd('b'),
      deltaAdd('c'),
    ])
    const first = await reader.snapshot(source)
    await table.commit(deltaRemove('a'))
    const second = await reader.snapshot(source, { previous: first })
    await table.commit(deltaRemove('b'), deltaAdd('a'))
    const third = await reader.snapshot(source, { previous: second })
    expect([await paths(third), await paths(second), await paths(first)]).toEqual([
      ['a', 'c'],
      ['b', 'c'],
      ['a', 'b', 'c'],
    ])
  })
})

describe('a checkpoint that many commits are over before anybody loads it', () => {
  it('is less what each of them named, the long ones too', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('x'))
    const names = Array.from({ length: 200 }, (_, i) => `old${i}`)
    await table.checkpoint([
      deltaProtocol(),
      deltaMetadata(ID_AND_DAY),
      ...names.map(name => deltaAdd(name)),
    ])
    let snapshot = await reader.snapshot(source)
    const gone = new Set<string>()
    for (let i = 0; i < 24; i++) {
      const removed = [names[i * 3]!, names[i * 5]!]
      for (const name of removed) gone.add(name)
      // Two that name more files than are merged.
      const others = Array.from({ length: i % 12 === 5 ? 50_000 : 0 }, (_, j) => `never${i}-${j}`)
      await table.commit(...[...removed, ...others].map(name => deltaRemove(name)))
      snapshot = await reader.snapshot(source, { previous: snapshot })
    }
    expect(await paths(snapshot)).toEqual(names.filter(name => !gone.has(name)).sort())
  })
})

describe('a checkpoint that is mostly dead', () => {
  it('gives way to a newer one, and is kept while there is none', async () => {
    const store = memoryStore({ objects: goldenLog('checkpoint-without-log') })
    const watched = counted(store)
    const { reader, source } = readerOf(watched.store)
    const first = await reader.snapshot(source)
    const before = await allFiles(first)
    const log = async (version: bigint, suffix: string, actions: readonly DeltaAction[]) => {
      const path = `${LOCATION}/_delta_log/${deltaVersion(Number(version))}${suffix}`
      await store.put(path, new TextEncoder().encode(jsonLinesOf(actions)))
    }
    const removes = before.map(file => deltaRemove(file.recordedPath))
    await log(first.version + 1n, '.json', [...removes, deltaAdd('new')])
    const second = await reader.snapshot(source, { previous: first })
    expect(await paths(second)).toEqual(['new'])
    const checkpoint = '.checkpoint.00000000-0000-4000-8000-000000000001.json'
    const { protocol, metaData } = first.deltaActions!
    await log(first.version + 2n, '.json', [deltaAdd('newer')])
    await log(first.version + 2n, checkpoint, [
      { protocol: JSON.parse(protocol) },
      { metaData: JSON.parse(metaData) },
      deltaAdd('new'),
      deltaAdd('newer'),
    ])
    watched.calls.length = 0
    const third = await reader.snapshot(source, { previous: second })
    expect(await paths(third)).toEqual(['new', 'newer'])
    expect(watched.calls).toContain(`get ${deltaVersion(Number(first.version) + 2)}${checkpoint}`)
  })
})

describe('a table replaced in place', () => {
  it('is not served from the version before, whatever its own version is', async () => {
    for (const commits of [1, 2, 3, 4]) {
      const { store, clock, reader, source, table } = openTable()
      await table.create(ID_AND_DAY)
      await table.commit(deltaAdd('old'))
      await table.commit(deltaAdd('older'))
      const first = await reader.snapshot(source)
      for (const path of store.paths()) await store.delete(path)
      clock.now += 1
      const replaced = deltaTable(store, LOCATION)
      await replaced.create({ ...ID_AND_DAY, id: 'another' })
      for (let i = 1; i < commits; i++) await replaced.commit(deltaAdd(`new${i}`))
      const second = await reader.snapshot(source, { previous: first })
      expect([second.tableId, second.version, (await paths(second)).length]).toEqual([
        'another',
        BigInt(commits - 1),
        commits - 1,
      ])
      expect((await reader.resolve(source, { kind: 'latest' })).version).toBe(BigInt(commits - 1))
    }
  })

  it('is loaded anew when its id changes in a commit', async () => {
    const { reader, source, table } = openTable()
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('a'))
    const first = await reader.snapshot(source)
    await table.commit(deltaMetadata({ ...ID_AND_DAY, id: 'another' }))
    const second = await reader.snapshot(source, { previous: first })
    expect([second.tableId, await paths(second)]).toEqual(['another', ['a']])
  })
})

describe('polling', () => {
  it('costs one listing from the commit last seen', async () => {
    const { store, table, clock } = openTable()
    const watched = counted(store)
    const { reader, source } = readerOf(watched.store)
    await table.create(ID_AND_DAY)
    await table.commit(deltaAdd('a'))
    await reader.resolve(source, { kind: 'latest' })
    watched.calls.length = 0
    const again = await reader.resolve(source, { kind: 'latest' })
    expect([again, watched.calls]).toEqual([
      { version: 1n, timestamp: 1_001 },
      [`list from ${deltaVersion(1)}.`],
    ])
    clock.now = 2_000
    await table.commit(deltaAdd('b'))
    expect(await reader.resolve(source, { kind: 'latest' })).toEqual({
      version: 2n,
      timestamp: 2_000,
    })
  })
})
