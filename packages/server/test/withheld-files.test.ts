import type { MemoryStore } from '@spillway/storage'
import {
  type DeltaFileOptions,
  deltaAdd,
  deltaCdc,
  deltaRemove,
  deltaTable,
} from '@spillway/testkit'
import { expect, it } from 'vitest'
import type { SharingServer } from '../src/index.js'
import { datedStore, LOCATION, serve } from './support/limited-server.js'
import { TOKEN } from './support/serve.js'

/** A file that is added beside granted ones, and removed a version later. */
interface Odd extends DeltaFileOptions {
  readonly path?: string
  readonly size?: number
}

/** Granted files, and `odd` beside them; without it, the table as it would be of the granted files alone. */
async function tableWith(odd: Odd | undefined): Promise<MemoryStore> {
  const store = datedStore()
  const table = deltaTable(store, LOCATION)
  await table.create({
    fields: [
      { name: 'id', type: 'long' },
      { name: 'region', type: 'string' },
      { name: 'amount', type: 'integer' },
      { name: 'day', type: 'date' },
    ],
    partitionColumns: ['region', 'amount', 'day'],
    configuration: { 'delta.enableChangeDataFeed': 'true' },
    readerFeatures: ['deletionVectors'],
  })
  const { path = 'secret-file', ...options } = odd ?? {}
  const beside = (...actions: readonly Readonly<Record<string, unknown>>[]) =>
    odd === undefined ? [] : actions
  await table.commit(
    { commitInfo: { timestamp: 1 } },
    deltaAdd('g1', GRANTED),
    ...beside(deltaAdd(path, options)),
  )
  await table.commit({ commitInfo: { timestamp: 1 } }, deltaAdd('g2', GRANTED))
  await table.commit(
    { commitInfo: { timestamp: 1 } },
    deltaAdd('g3', GRANTED),
    deltaCdc('_change_data/g3', GRANTED),
    ...beside(deltaRemove(path, options), deltaCdc(`_change_data/${path}`, options)),
  )
  return store
}

const GRANTED = {
  partitionValues: { region: 'a', amount: '1', day: '2020-01-01' },
  stats: { numRecords: 10, minValues: { id: 1 }, maxValues: { id: 9 } },
}

const PARQUET = 'responseformat=parquet'
const VECTORS = 'responseformat=delta;readerfeatures=deletionvectors'

const QUESTIONS: readonly (readonly [string, Readonly<Record<string, unknown>>?])[] = [
  ['/query', { version: 1 }],
  ['/query', { version: 1, maxFiles: 1 }],
  ['/query', { version: 2, maxFiles: 1 }],
  ['/query', { version: 2, limitHint: 1 }],
  ['/query', { version: 1, predicateHints: ['amount = 1', "day > '2019-01-01'"] }],
  ['/query', { version: 1, predicateHints: ["region = 'b'"] }],
  ['/query', { version: 1, predicateHints: ['id > 100'] }],
  ['/query', {}],
  ['/query', { startingVersion: 0 }],
  ['/query', { startingVersion: 3 }],
  ['/changes?startingVersion=0'],
  ['/changes?startingVersion=3'],
]

async function ask(
  server: SharingServer,
  [path, body]: (typeof QUESTIONS)[number],
  format: string,
): Promise<{ readonly status: number; readonly text: string }> {
  const response = await server.fetch(
    new Request(`http://x/delta-sharing/shares/s/schemas/x/tables/t${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'delta-sharing-capabilities': format },
      ...(body && { body: JSON.stringify(body) }),
    }),
  )
  const text = await response.text()
  return {
    status: response.status,
    text: text
      .replace(
        /"(nextPageToken|refreshToken)":"([^"]+)"/g,
        (_, name, sealed) => name + sealed.length,
      )
      // How large a whole table is, is told of whole tables alone.
      .replace(/^\{"metaData".*$/gm, line => line.replace(/,"(size|numFiles)":\d+/g, ''))
      .replace(/request id [-0-9a-f]+/, ''),
  }
}

function partitionValues(given: Readonly<Record<string, string | null>>): DeltaFileOptions {
  return { partitionValues: given, stats: { numRecords: 10 } }
}

const ELSEWHERE = partitionValues({ region: 'SECRET', amount: '1', day: '2020-01-01' })
const vector = (given: object) => ({
  ...ELSEWHERE,
  deletionVector: {
    storageType: 'p',
    pathOrInlineDv: 'secret.bin',
    offset: 1,
    sizeInBytes: 38,
    cardinality: 3,
    ...given,
  },
})

const WITHHELD: readonly (readonly [string, string, Odd])[] = [
  [
    'a value of another column that cannot be read',
    "region = 'a'",
    partitionValues({ region: 'SECRET', amount: 'secret-text', day: '2020-01-01' }),
  ],
  [
    'values of several columns that cannot be read',
    "region = 'a' AND amount < 5",
    partitionValues({ region: 'a', amount: 'secret-text', day: 'secret-day' }),
  ],
  [
    'a value of the granted column that cannot be read',
    "day >= '2020-01-01'",
    partitionValues({ region: 'SECRET', amount: '1', day: 'x-secret' }),
  ],
  [
    'a value of the granted column that cannot be read, beside a grant of all others',
    "NOT (day = '2021-01-01')",
    partitionValues({ region: 'SECRET', amount: '1', day: 'x-secret' }),
  ],
  [
    'a value of the granted column that cannot be read, beside a grant of nulls',
    'amount = 1 OR amount IS NULL',
    partitionValues({ region: 'SECRET', amount: 'secret-text', day: '2020-01-01' }),
  ],
  [
    'no value of the granted column, and a vector and statistics that cannot be read',
    "region = 'a'",
    {
      ...vector({ storageType: 'secret-type' }),
      partitionValues: { amount: '1', day: '2020-01-01' },
      stats: '{"numRecords":10,"minValues":{"id":"secret',
    },
  ],
  ['a vector of an unknown type', "region = 'a'", vector({ storageType: 'secret-type' })],
  ['a vector of no size', "region = 'a'", vector({ storageType: 'i', sizeInBytes: -3 })],
  [
    'a vector that is no Z85',
    "region = 'a'",
    vector({ storageType: 'i', pathOrInlineDv: '\u00e9secret123', sizeInBytes: 4 }),
  ],
  ['a vector at no place', "region = 'a'", vector({ offset: -1 })],
  ['a path outside the table', "region = 'a'", { ...ELSEWHERE, path: 'file:///secret/f' }],
  [
    'a remove without a size and outside the table',
    "region = 'a'",
    { ...ELSEWHERE, path: 'file:///secret/f', size: null as unknown as number },
  ],
]

it.each(WITHHELD)('a withheld file stops and tells nobody: %s', async (_, partitions, odd) => {
  const limited = serve(await tableWith(odd), partitions)
  const alone = serve(await tableWith(undefined))
  for (const question of QUESTIONS) {
    for (const format of [PARQUET, VECTORS]) {
      const found = await ask(limited, question, format)
      const expected = await ask(alone, question, format)
      expect([question, found]).toEqual([question, expected])
      expect(found.text).not.toMatch(/secret/i)
    }
  }
})

const UNREADABLE = partitionValues({ region: 'a', amount: 'y', day: '2020-01-01' })

it('a granted file that cannot be told about is refused, whatever is asked, as a table of its own would be', async () => {
  const limited = serve(await tableWith(UNREADABLE), "region = 'a'")
  const whole = serve(await tableWith(UNREADABLE))
  for (const question of QUESTIONS) {
    const found = await ask(limited, question, VECTORS)
    expect([question, found]).toEqual([question, await ask(whole, question, VECTORS)])
    // From the third version on it is gone, and its remove is there.
    if (question[1] && Object.keys(question[1]).length === 0) continue
    expect(found.text).toMatch(/"y\\" of column amount is no int/)
    expect(found.status).toBe(400)
  }
})

it('changes that do not say of which partition are refused to whoever has some of them, without a name', async () => {
  const store = await tableWith(undefined)
  const path = `${LOCATION}/_delta_log/00000000000000000004.json`
  const remove = { remove: { path: 'secret-file', dataChange: true, deletionTimestamp: 1 } }
  await store.put(path, new TextEncoder().encode(`${JSON.stringify(remove)}\n`))
  const found = await ask(serve(store, "region = 'a'"), ['/changes?startingVersion=3'], VECTORS)
  expect([found.status, /secret/.test(found.text)]).toEqual([400, false])
  expect(found.text).toMatch(/without the partition values of its file/)
})
