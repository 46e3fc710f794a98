import { memoryStore } from '@spillway/storage'
import { keepingCache } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { icebergReader } from '../../src/index.js'
import { locateMetadata } from '../../src/metadata/locate.js'

const location = 's3://bucket/table'

/** A table whose metadata folder holds these names, with a hint. */
function folder(names: readonly string[], hint?: string) {
  const files = hint === undefined ? [] : [['version-hint.text', hint] as const]
  const objects = [...names.map(name => [name, '{}'] as const), ...files]
  return memoryStore({
    objects: objects.map(([name, text]) => [`${location}/metadata/${name}`, text] as const),
  })
}

function located(store: ReturnType<typeof folder>, more: { metadataFile?: string } = {}) {
  return locateMetadata({ location, ...more }, { store })
}

const A = '00000000-0000-4000-8000-00000000000a'
const B = '00000000-0000-4000-8000-00000000000b'

/** Requests of a store, those that are under way together in one list. */
function inRounds(store: ReturnType<typeof folder>) {
  const rounds: string[][] = []
  let underWay = 0
  const asked = async <T>(path: string, answer: () => Promise<T>): Promise<T> => {
    if (underWay++ === 0) rounds.push([])
    rounds[rounds.length - 1]!.push(path.slice(path.lastIndexOf('/') + 1))
    await new Promise(setImmediate)
    underWay--
    return answer()
  }
  const get: typeof store.get = (path, options) => asked(path, () => store.get(path, options))
  const head: typeof store.head = (path, signal) => asked(path, () => store.head(path, signal))
  return { rounds, store: { ...store, get, head } }
}

it('asks for a hinted version and all names of the next at once', async () => {
  const { rounds, store } = inRounds(folder(['v1.metadata.json'], '1'))
  expect(await located(store)).toBe(`${location}/metadata/v1.metadata.json`)
  expect(rounds).toEqual([
    ['version-hint.text'],
    [
      ...['v1.metadata.json', 'v2.metadata.json'],
      ...['v2.gz.metadata.json', 'v2.metadata.json.gz'],
    ],
  ])
})

describe('locateMetadata', () => {
  it.each<[string, readonly string[], string | undefined, string | undefined]>([
    ['the hinted version', ['v1.metadata.json', 'v2.metadata.json'], '2', 'v2.metadata.json'],
    [
      'what follows a stale hint',
      ['v1.metadata.json', 'v2.metadata.json', 'v3.metadata.json'],
      '1',
      'v3.metadata.json',
    ],
    ['a hinted compressed version', ['v1.gz.metadata.json'], '1\n', 'v1.gz.metadata.json'],
    ['the old name of compressed versions', ['v1.metadata.json.gz'], '1', 'v1.metadata.json.gz'],
    [
      'a hinted name',
      [`00001-${A}.metadata.json`, `00002-${B}.metadata.json`],
      `00001-${A}`,
      `00001-${A}.metadata.json`,
    ],
    [
      'the highest version after an empty hint',
      ['v1.metadata.json', 'v10.metadata.json', 'v9.metadata.json'],
      '',
      'v10.metadata.json',
    ],
    ['the highest version after a hint of none', ['v2.metadata.json'], '7', 'v2.metadata.json'],
    [
      'the highest version without a hint',
      ['v9.metadata.json', 'v10.gz.metadata.json'],
      undefined,
      'v10.gz.metadata.json',
    ],
    [
      'the highest number of a catalog',
      [`00002-${A}.metadata.json`, `00010-${B}.metadata.json`],
      undefined,
      `00010-${B}.metadata.json`,
    ],
    [
      'versions before catalog names',
      ['v1.metadata.json', `00010-${B}.metadata.json`],
      undefined,
      'v1.metadata.json',
    ],
    ['nothing where nothing is', ['snap-1.avro'], undefined, undefined],
  ])('finds %s', async (_what, names, hint, found) => {
    const path = found && `${location}/metadata/${found}`
    expect(await located(folder(names, hint))).toBe(path)
  })

  it('refuses to choose between two commits of one number', async () => {
    const store = folder([`00002-${A}.metadata.json`, `00002-${B}.metadata.json`])
    await expect(located(store)).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('takes the metadata file that the source names, relative to the table', async () => {
    const metadataFile = 'metadata/other.metadata.json'
    expect(await located(folder([]), { metadataFile })).toBe(`${location}/${metadataFile}`)
    const elsewhere = 's3://other/x.json'
    expect(await located(folder([]), { metadataFile: elsewhere })).toBe(elsewhere)
  })

  it('asks a catalog before it looks', async () => {
    const catalogPointer = { metadataFile: async () => 's3://bucket/table/metadata/c.json' }
    const store = folder(['v1.metadata.json'], '1')
    const path = await locateMetadata({ location }, { store, catalogPointer })
    expect(path).toBe('s3://bucket/table/metadata/c.json')
  })
})

it.each([
  's3://bucket/other/metadata/c.metadata.json',
  's3a://secret/c.metadata.json',
  '/etc/passwd',
])('does not follow a catalog out of the table: %s', async answer => {
  const store = memoryStore({ objects: [[answer, '{}']] })
  const catalogPointer = { metadataFile: async () => answer }
  const reader = icebergReader({ store, cache: keepingCache(), catalogPointer })
  await expect(reader.snapshot({ location })).rejects.toMatchObject({
    code: 'UNSUPPORTED_FEATURE',
    message: expect.stringContaining('auxiliaryLocations: ['),
  })
  await expect(reader.detect({ location })).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
})
