import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { DEFAULT_BUDGETS } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { deltaVersion } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { LogFileReader } from '../../src/actions/read-log.js'
import { parseProtocol } from '../../src/schema/features.js'
import { longMetadata, parseMetadata } from '../../src/schema/metadata.js'
import { goldenLog } from '../support/golden-log.js'
import { LOCATION, openTable, readerOf } from '../support/open-table.js'

const protocol = parseProtocol('{"minReaderVersion":1,"minWriterVersion":2}')
const schemaString = JSON.stringify({
  type: 'struct',
  fields: [{ name: 'id', type: 'long', nullable: true, metadata: {} }],
})

const settings = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, 'value']))

const actionOf = (configuration: object, more: object = {}) =>
  JSON.stringify({ id: 'set', schemaString, partitionColumns: [], configuration, ...more })

/** What is no JSON stands in the middle of the settings: whoever looked at more of them would find a broken document. */
const brokenBehind = (action: string) => action.replace('"p150000"', '}{"p150000"')

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail('nothing failed'),
    (error: unknown) => error,
  )

describe('a table of very many settings', () => {
  // It was a second and more of 300,000 in one piece.
  const many = brokenBehind(actionOf(settings(300_000)))

  it('is refused before they are looked at', async () => {
    expect(await failureOf(longMetadata(many, protocol, DEFAULT_BUDGETS))).toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('"configuration" of more than 10000 members'),
    })
  })

  it('is refused where its line is read', async () => {
    const store = memoryStore({ objects: [['l.json', `{"metaData":${many}}\n`]] })
    const file = (await store.head('l.json'))!
    const sink = { metadata: () => undefined }
    expect(await failureOf(new LogFileReader(store).read(file, sink))).toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('more than 10000 members'),
    })
  })

  it.each([
    ['in white space', `{ "metaData":${many}}`],
    ['beside another member', `{"metaData":${many},"commitInfo":{}}`],
    ['of an action that is not known', `{"settings":${many}}`],
  ])('is refused on a line that is no plain one: %s', async (_, line) => {
    const store = memoryStore({ objects: [['l.json', line]] })
    const file = (await store.head('l.json'))!
    const sink = { metadata: () => undefined }
    expect(await failureOf(new LogFileReader(store).read(file, sink))).toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })

  it('that has as many as are allowed is read', async () => {
    const json = actionOf(settings(10_000))
    const found = await longMetadata(json, protocol, DEFAULT_BUDGETS)
    expect(found.configuration.size).toBe(10_000)
    expect(found.configuration).toEqual(parseMetadata(json, protocol).configuration)
  })

  it('that has very many partition columns is refused', async () => {
    const partitionColumns = Array.from({ length: 10_001 }, () => 'id')
    const json = actionOf({}, { partitionColumns })
    await expect(longMetadata(json, protocol, DEFAULT_BUDGETS)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })
})

it('numbers of a long action are those of a short one', async () => {
  const configuration = { a: 1, b: true, c: null, e: 'x' }
  const exact = '"whole":12345678901234567890,"part":0.12345678901234567890,"power":1e3'
  const json = actionOf(configuration, { description: '-'.repeat(70_000) })
    .replace('"a":1', `"a":1,${exact}`)
    .replace('"id":', '"createdTime":12345678901234567890,"id":')
  const found = await longMetadata(json, protocol, DEFAULT_BUDGETS)
  expect({ ...found, schema: 0 }).toEqual({ ...parseMetadata(json, protocol), schema: 0 })
  expect(found.configuration.get('whole')).toBe('12345678901234567000')
})

/** The checkpoint of `checkpoint-classic` with 10,001 settings, all of one name, by pyarrow. */
const CHECKPOINT = fileURLToPath(new URL('../fixtures/many-settings.parquet', import.meta.url))

it('a checkpoint of very many settings is refused before they are put together', async () => {
  const { store } = openTable()
  const name = `${deltaVersion(4)}.checkpoint.parquet`
  for (const [path, bytes] of goldenLog('checkpoint-classic')) {
    // Without its commits: those of before the checkpoint would say the same.
    if (path.endsWith(name)) await store.put(path, readFileSync(CHECKPOINT))
    else if (Number(/(\d{20})\.json$/.exec(path)?.[1] ?? 0) > 4) await store.put(path, bytes)
  }
  expect(await store.head(`${LOCATION}/_delta_log/${name}`)).toBeDefined()
  const { reader, source } = readerOf(store)
  await expect(reader.snapshot(source)).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    message: expect.stringContaining('metaData.configuration of 10001 entries'),
  })
})
