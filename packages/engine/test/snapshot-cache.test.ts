import { expect, it } from 'vitest'
import { createEngine } from '../src/index.js'
import { dataFile, LOCATION, scriptedReader, scriptedSigner } from './table.js'

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

it('shares one load among callers that come at the same time', async () => {
  const { engine, reader, source } = setUp({ freshnessMs: 0 })
  await Promise.all([engine.snapshot(source), engine.snapshot(source), engine.snapshot(source)])
  expect(reader.calls).toEqual(['snapshot latest'])
})

it('keeps an older version for a time, and reads it again after', async () => {
  const { engine, reader, time, source } = setUp()
  const at = { kind: 'version', version: 2n } as const
  await engine.snapshot(source, at)
  await engine.snapshot(source, at)
  time.now += 60_000
  await engine.snapshot(source, at)
  expect(reader.calls).toEqual(['snapshot version 2', 'snapshot version 2'])
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
