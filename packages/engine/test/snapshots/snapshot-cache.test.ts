import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Snapshot, TableError } from '@spillway/core'
import { expect, it } from 'vitest'
import { createEngine } from '../../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner } from '../support/table.js'

function setUp(options: { freshnessMs?: number; maxBytes?: number } = {}) {
  const reader = scriptedReader({ files: [dataFile('a')], version: 4n })
  const time = { now: 1000 }
  const engine = createEngine({
    readers: [reader],
    signers: [scriptedSigner()],
    clock: () => time.now,
    ...(options.maxBytes && { cache: { maxBytes: options.maxBytes } }),
    freshnessMs: options.freshnessMs ?? 100,
  })
  return { engine, reader, time, source: { location: LOCATION, format: 'delta' } as const }
}

it('answers from memory while fresh, and refreshes from what it had after', async () => {
  const { engine, reader, time, source } = setUp()
  await engine.snapshot(source)
  await engine.snapshot(source)
  time.now += 100
  await engine.snapshot(source)
  expect(reader.calls).toEqual(['snapshot latest', 'snapshot latest after 4'])
})

it('takes nothing for fresh by a clock that was set back', async () => {
  const { engine, reader, time, source } = setUp()
  for (const now of [1000, 1000, 10, 10]) {
    time.now = now
    await engine.resolve(source, { kind: 'latest' })
  }
  for (const now of [1000, 1000, 10, 10]) {
    time.now = now
    await engine.snapshot(source)
  }
  expect(reader.calls.map(call => call.replace(/ after 4$/, ''))).toEqual([
    'resolve latest',
    'resolve latest',
    'snapshot latest',
    'snapshot latest',
  ])
})

it('shares one load among callers that come at the same time', async () => {
  const { engine, reader, source } = setUp({ freshnessMs: 0 })
  await Promise.all([engine.snapshot(source), engine.snapshot(source), engine.snapshot(source)])
  expect(reader.calls).toEqual(['snapshot latest'])
})

it('answers an older version while it is fresh, and holds it against storage after', async () => {
  const { engine, reader, time, source } = setUp()
  const at = { kind: 'version', version: 2n } as const
  await engine.snapshot(source, at)
  await engine.snapshot(source, at)
  time.now += 60_000
  await engine.snapshot(source, at)
  expect(reader.calls).toEqual(['snapshot version 2', 'snapshot version 2 after 2'])
})

it('keeps no version that is too old to be answered', async () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { engine, time, source } = setUp()
  const open = async (version: bigint) =>
    new WeakRef(await engine.snapshot(source, { kind: 'version', version }))
  const old = await open(2n)
  time.now += 60_000
  const recent = await open(3n)
  await new Promise(resolve => setTimeout(resolve))
  collect()
  expect([old.deref(), recent.deref()?.version]).toEqual([undefined, 3n])
})

it('answers a version that is the fresh latest without another load', async () => {
  const { engine, reader, source } = setUp()
  await engine.snapshot(source)
  await engine.snapshot(source, { kind: 'version', version: 4n })
  expect(reader.calls).toEqual(['snapshot latest'])
})

it('loads one snapshot for every time that means one version', async () => {
  const { engine, reader, source } = setUp()
  for (const timestamp of [4000, 4001]) {
    await engine.snapshot(source, { kind: 'timestamp', timestamp, direction: 'before' })
  }
  expect(reader.calls).toEqual(['resolve timestamp', 'snapshot version 4', 'resolve timestamp'])
})

it('never answers from an older version than it has told', async () => {
  const { engine, reader, time, source } = setUp()
  await engine.snapshot(source)
  time.now += 200
  reader.table = { ...reader.table, version: 5n }
  expect((await engine.resolve(source)).version).toBe(5n)
  time.now -= 200
  expect((await engine.snapshot(source)).version).toBe(5n)
})

it('knows of a newer version that was asked for by its number', async () => {
  const { engine, reader, source } = setUp()
  await engine.snapshot(source)
  reader.table = { ...reader.table, version: 5n }
  await engine.snapshot(source, { kind: 'version', version: 5n })
  expect((await engine.resolve(source)).version).toBe(5n)
  expect((await engine.snapshot(source)).version).toBe(5n)
})

it('tells of a newer version that was asked for by its number where no snapshot is kept', async () => {
  const { engine, reader, source } = setUp()
  await engine.resolve(source)
  reader.table = { ...reader.table, version: 5n }
  await engine.snapshot(source, { kind: 'version', version: 5n })
  expect((await engine.resolve(source)).version).toBe(5n)
})

it('reads the latest version once for all who ask while it is fresh, and again after', async () => {
  const { engine, reader, time, source } = setUp()
  await Promise.all([engine.resolve(source), engine.resolve(source)])
  time.now += 99
  await engine.resolve(source)
  expect(reader.calls).toEqual(['resolve latest'])
  reader.table = { ...reader.table, version: 5n }
  time.now += 1
  expect((await engine.resolve(source)).version).toBe(5n)
  expect(reader.calls).toEqual(['resolve latest', 'resolve latest'])
})

it('never tells an older version than it has answered from', async () => {
  const { engine, reader, source } = setUp()
  await engine.resolve(source)
  reader.table = { ...reader.table, version: 5n }
  await engine.snapshot(source)
  expect((await engine.resolve(source)).version).toBe(5n)
})

it('reads the latest version of a forgotten table again', async () => {
  const { engine, reader, source } = setUp()
  await engine.resolve(source)
  engine.forget(source)
  await engine.resolve(source)
  expect(reader.calls).toEqual(['resolve latest', 'resolve latest'])
})

it('tells the version of the snapshot it answers from while that is fresh', async () => {
  const { engine, reader, source } = setUp()
  await engine.snapshot(source)
  reader.table = { ...reader.table, version: 5n }
  expect((await engine.resolve(source)).version).toBe(4n)
})

it('lets the least recently used table go when the budget is spent', async () => {
  const { engine, reader } = setUp({ maxBytes: 150_000 })
  const source = (name: string) => ({ location: `file:///lake/${name}`, format: 'delta' }) as const
  for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await engine.snapshot(source(name))
  expect(reader.calls).toHaveLength(4)
})

it('reads a table that was forgotten anew', async () => {
  const { engine, reader, source } = setUp()
  await engine.snapshot(source)
  engine.forget(source)
  await engine.snapshot(source)
  expect(reader.calls).toEqual(['snapshot latest', 'snapshot latest'])
})

it('detects a format once', async () => {
  const { engine, reader } = setUp()
  await engine.snapshot({ location: LOCATION })
  await engine.snapshot({ location: LOCATION }, { kind: 'version', version: 1n })
  expect(reader.calls.filter(call => call === 'detect')).toHaveLength(1)
})

it('says which formats it looked for where it finds no table', async () => {
  const { engine } = setUp()
  await expect(engine.snapshot({ location: 'file:///elsewhere' })).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: 'no delta table was found at file:///elsewhere',
  })
})

it('says that there is no reader for a format', async () => {
  const { engine } = setUp()
  await expect(engine.snapshot({ location: LOCATION, format: 'hudi' })).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
  })
})

const GONE = new TableError('TABLE_CORRUPT', 'a listed log file is gone')
const ALL = { accepts: { features: new Set<string>(), inlineVectorBytes: 0 } }

/** A reader whose snapshots fail to give their files until they are read anew. */
function cleanedTable({ forGood = false, freshnessMs = 0 } = {}) {
  const set = setUp({ freshnessMs })
  const { engine, reader, source } = set
  let cleaned = false
  const olds = new WeakSet<Snapshot>()
  const scripted = reader.snapshot
  reader.snapshot = async (asked, options) => {
    const { previous } = options ?? {}
    const made = await scripted(asked, options)
    const old = previous === undefined ? !cleaned : olds.has(previous)
    const load = made.files.handles[0]!.load
    const handle = {
      ...made.files.handles[0]!,
      load: async () => {
        if (cleaned && (old || forGood)) throw GONE
        return load()
      },
    }
    const snapshot = { ...made, files: { ...made.files, handles: [handle] } }
    if (old) olds.add(snapshot)
    return snapshot
  }
  const filesOf = async (snapshot: Snapshot) => {
    let count = 0
    for await (const batch of engine.signedFiles(snapshot, ALL)) count += batch.length
    return count
  }
  return {
    ...set,
    clean: () => {
      cleaned = true
    },
    filesOf,
    ask: () => engine.retryStale(source, async () => filesOf(await engine.snapshot(source))),
  }
}

it.each([0, 100])(
  'reads storage once more when files of what it kept are gone (fresh %d ms)',
  async freshnessMs => {
    const { ask, clean, reader } = cleanedTable({ freshnessMs })
    expect(await ask()).toBe(1)
    clean()
    expect(await ask()).toBe(1)
    const loads = reader.calls.filter(call => call === 'snapshot latest')
    expect(loads).toHaveLength(2)
    expect(await ask()).toBe(1)
    expect(reader.calls.filter(call => call === 'snapshot latest')).toHaveLength(2)
  },
)

it('reads it once for all who began before, and again for each who begins later where that is of no use', async () => {
  const { ask, clean, reader } = cleanedTable({ freshnessMs: 1000 })
  await ask()
  clean()
  expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1])
  expect(reader.calls).toEqual(['snapshot latest', 'snapshot latest'])
  const broken = cleanedTable({ forGood: true })
  await broken.ask()
  broken.clean()
  for (let i = 0; i < 3; i++) await expect(broken.ask()).rejects.toBe(GONE)
  const loads = broken.reader.calls.filter(call => call === 'snapshot latest')
  // The first, one more for what was kept, and one for each who asks from then on.
  expect(loads.length).toBeLessThanOrEqual(5)
})

it('does not give again what broke off in the middle of an answer', async () => {
  const { engine, source, filesOf, clean, reader } = cleanedTable({ freshnessMs: 1000 })
  const snapshot = await engine.snapshot(source)
  clean()
  await expect(filesOf(snapshot)).rejects.toBe(GONE)
  expect(await filesOf(await engine.snapshot(source))).toBe(1)
  expect(reader.calls).toEqual(['snapshot latest', 'snapshot latest'])
})

it('loads anew what cannot be gone on from, and passes on what has other reasons', async () => {
  const { engine, reader, source, time } = setUp()
  await engine.snapshot(source)
  const scripted = reader.snapshot
  let failing: unknown = GONE
  reader.snapshot = async (asked, options) => {
    const made = await scripted(asked, options)
    if (options?.previous !== undefined) throw failing
    return made
  }
  time.now += 100
  expect((await engine.snapshot(source)).version).toBe(4n)
  expect(reader.calls).toEqual(['snapshot latest', 'snapshot latest after 4', 'snapshot latest'])
  time.now += 100
  failing = new TableError('STORAGE_UNAVAILABLE', 'slow down')
  await expect(engine.snapshot(source)).rejects.toBe(failing)
  const limited = engine.retryStale(source, () => engine.snapshot(source))
  await expect(limited).rejects.toBe(failing)
  expect(reader.calls).toHaveLength(5)
})
