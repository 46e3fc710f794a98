import { memoryStore } from '@spillway/storage'
import { quickOr, turnsDuring } from '@spillway/testkit'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FileAction } from '../../src/actions/actions.js'
import { LogFileReader } from '../../src/actions/read-log.js'
import { JsonCursor } from '../../src/json/json-cursor.js'
import { longStrings } from '../../src/json/long-strings.js'

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (bytes: Uint8Array | undefined) => bytes && new TextDecoder().decode(bytes)

interface Read {
  readonly path: string | undefined
  readonly stats: string | undefined
  readonly tags: string | undefined
}

/** What a log file says; an error as its text. */
async function read(file: Uint8Array, chunkBytes?: number) {
  const store = memoryStore({ objects: [['l.json', file]] })
  const files: Read[] = []
  const infos: unknown[] = []
  const sink = {
    file: ({ path, stats, tags }: FileAction) =>
      void files.push({ path: textOf(path), stats: textOf(stats), tags }),
    commitInfo: (info: unknown) => void infos.push(info),
  }
  const reader = new LogFileReader(store, chunkBytes === undefined ? {} : { chunkBytes })
  try {
    await reader.read((await store.head('l.json'))!, sink)
    return { files, infos: infos.length }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

const add = (fields: object) =>
  JSON.stringify({
    add: {
      path: 'a',
      partitionValues: {},
      size: 1,
      modificationTime: 1,
      dataChange: true,
      ...fields,
    },
  })

/** Statistics of very many columns, whose quotes are escaped in the log. */
const wide = JSON.stringify({
  numRecords: 3,
  minValues: Object.fromEntries(
    Array.from({ length: 60_000 }, (_, i) => [`column ${i}`, `"é${i}\n`]),
  ),
})

describe('a long string in a line of a log', () => {
  it('is read as it is, and others have turns meanwhile', async () => {
    const file = bytesOf(`${add({ stats: wide })}\n${add({ path: 'b' })}\n`)
    const { turns, value } = await turnsDuring(() => read(file))
    expect(value).toEqual({
      files: [
        { path: 'a', stats: wide, tags: undefined },
        { path: 'b', stats: undefined, tags: undefined },
      ],
      infos: 0,
    })
    expect(turns).toBeGreaterThan(2)
  })

  it.each([
    ['as one chunk', undefined],
    ['in chunks that end inside of it', 300_000],
  ])('is the same wherever it stands, %s', async (_, chunkBytes) => {
    const long = 'x'.repeat(400_000)
    const escaped = '\\"'.repeat(200_000)
    const lines = [
      add({ tags: { [long]: escaped, short: 'y' } }),
      JSON.stringify({ commitInfo: { operation: escaped, more: [long, { [escaped]: 1 }] } }),
      // A break between two tokens, as some writers make them.
      add({ stats: escaped }).replace(',"stats":', ',\n"stats":\n'),
      JSON.stringify({ unknown: { [long]: [escaped] } }),
      add({ path: long.slice(0, 1000), stats: long }),
    ]
    const file = bytesOf(`\ufeff${lines.join('\r\n')}`)
    const tags = JSON.stringify({ [long]: escaped, short: 'y' })
    expect(await read(file, chunkBytes)).toEqual({
      files: [
        { path: 'a', stats: undefined, tags },
        { path: 'a', stats: escaped, tags: undefined },
        { path: long.slice(0, 1000), stats: long, tags: undefined },
      ],
      infos: 1,
    })
  })

  it.each([
    [
      'an escape that there is none of',
      `{"add":{"path":"${'\\"'.repeat(200_000)}\\q"}}`,
      'unknown escape',
    ],
    ['a control character', `{"add":{"path":"${'x'.repeat(400_000)}\u0001"}}`, 'control character'],
    ['an end', `{"add":{"path":"a","stats":"${'x'.repeat(400_000)}`, 'ends in the middle'],
    [
      'an end after escapes',
      `{"add":{"path":"a","stats":"${'\\"'.repeat(200_000)}\\`,
      'ends in the middle',
    ],
    [
      'something broken beside it',
      `{"commitInfo":{"a":"${'x'.repeat(400_000)}","b":[1,}}`,
      /unbalanced|not JSON/,
    ],
    [
      'a word that JSON has none of beside it',
      `{"commitInfo":{"a":"${'x'.repeat(400_000)}","b":tru}}`,
      'expected true',
    ],
  ])('is refused for %s', async (_, line, message) => {
    const file = bytesOf(line)
    const found = await read(file)
    expect(found).toMatchObject({ error: expect.stringMatching(message) })
    expect((await read(file, 100_000)).error).toBe(found.error)
  })

  it('is what a cursor reads that knows of none', () => {
    const units = fc.constantFrom('x', '"', '\\', 'é', '\n', '\u{1f600}', '\u0000', '/')
    const strings = fc.array(
      fc.record({
        piece: fc.string({ unit: units, maxLength: 8 }),
        times: fc.constantFrom(1, 9_000, 20_000),
      }),
      { minLength: 1, maxLength: 5 },
    )
    fc.assert(
      fc.property(strings, parts => {
        const values = parts.map(({ piece, times }) => piece.repeat(times))
        const bytes = bytesOf(JSON.stringify(values))
        const steps = longStrings(bytes)
        let found = steps.next()
        while (!found.done) found = steps.next()
        const long = values.filter(text => JSON.stringify(text).length > 70_000)
        const isLong = bytes.length >= 256 * 1024
        expect(found.value.size).toBeGreaterThanOrEqual(isLong ? long.length : 0)
        const cursor = new JsonCursor(bytes).knows(found.value)
        const read: string[] = []
        for (let more = cursor.enterArray(); more; more = cursor.nextElement()) {
          read.push(cursor.readString())
        }
        expect(read.every((text, i) => text === values[i])).toBe(true)
        const whole = new JsonCursor(bytes).knows(found.value).rawWhole()
        expect(Buffer.compare(whole, bytes)).toBe(0)
      }),
      { seed: 20261130, numRuns: quickOr(10, 40) },
    )
  })
})
