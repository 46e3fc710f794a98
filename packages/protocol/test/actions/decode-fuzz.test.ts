import { isTableError } from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { WireAction } from '../../src/actions/actions.js'
import { decodeLine } from '../../src/actions/decode.js'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }

const stats = '{"numRecords":1,"minValues":{"id":1}}'
const times = { version: 1, timestamp: 2, expirationTimestamp: 3 }
const file = { url: 'u', id: 'i', partitionValues: { a: 'b', c: null }, size: 4, stats, ...times }
const deletionVector = {
  storageType: 'p',
  pathOrInlineDv: 'v',
  offset: 1,
  sizeInBytes: 2,
  cardinality: 3,
}
const add = {
  path: 'u',
  partitionValues: { a: 'b' },
  size: 4,
  modificationTime: 5,
  dataChange: true,
  stats,
  deletionVector,
}
const table = {
  id: 'm',
  name: 'n',
  format: { provider: 'parquet', options: { a: 'b' } },
  schemaString: '{}',
  partitionColumns: ['a'],
  configuration: { x: 'y' },
  createdTime: 6,
}
const facts = { version: 1, size: 2, numFiles: 3, accessModes: ['url'] }

const VALID: readonly Json[] = [
  { protocol: { minReaderVersion: 1 } },
  {
    protocol: {
      deltaProtocol: { minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ['a'] },
    },
  },
  { metaData: { ...table, ...facts } },
  { metaData: { ...facts, deltaMetadata: table } },
  { file },
  { add: file },
  { cdf: file },
  { remove: file },
  { file: { id: 'i', deletionVectorFileId: 'd', ...times, deltaSingleAction: { add } } },
  { file: { id: 'i', ...times, deltaSingleAction: { remove: { ...add, deletionTimestamp: 9 } } } },
  { endStreamAction: { refreshToken: 'r', nextPageToken: 'p', minUrlExpirationTimestamp: 1 } },
  { endStreamAction: { errorMessage: 'm', httpStatusErrorCode: 503 } },
  { queryStatus: { queryId: 'q', status: 'pending' } },
]

/** What hostile and careless servers put where something else belongs. */
const odd: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json[]>(null, true, '', '5', '-1', '1e9', 'NaN', 0, -1, 1.5, 1e300, [], {}),
  fc.constantFrom<Json[]>('9007199254740993', { __proto__: null }, [[]], { a: { b: [] } }),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>,
)

const NAMES = ['__proto__', 'constructor', 'toString', 'delta_single_action', 'url', 'stats', 'add']

/** `value` with one of its members or items, at any depth, replaced, removed or renamed. */
function mutated(value: Json, change: Change): Json {
  const places = [...placesIn(value)]
  const place = places[change.place % places.length]
  // The whole of a line may have been taken away.
  if (place === undefined) return value
  const { at, key } = place
  const odd = structuredClone(change.odd)
  if (Array.isArray(at)) at[Number(key)] = odd
  else {
    const before = at[key]!
    if (change.kind !== 'replace') delete at[key]
    if (change.kind === 'replace') at[key] = odd
    if (change.kind === 'rename') {
      Object.defineProperty(at, change.name, {
        value: before,
        enumerable: true,
        writable: true,
        configurable: true,
      })
    }
  }
  return value
}

function* placesIn(value: Json): Generator<{ at: Json[] | { [key: string]: Json }; key: string }> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    yield { at: value, key }
    yield* placesIn(inner)
  }
}

interface Change {
  readonly place: number
  readonly kind: 'replace' | 'remove' | 'rename'
  readonly name: string
  readonly odd: Json
}

const change: fc.Arbitrary<Change> = fc.record({
  place: fc.nat(40),
  kind: fc.constantFrom('replace' as const, 'remove' as const, 'rename' as const),
  name: fc.constantFrom(...NAMES),
  odd,
})

/** What readers do with an action: nothing of it may be another type than the interfaces say. */
function use(action: WireAction): void {
  const numbers: (number | bigint | undefined)[] = []
  if (action.kind === 'deltaFile') {
    const { id, version, timestamp, expirationTimestamp, deltaSingleAction } = action.file
    const { add, remove, cdc } = deltaSingleAction
    const { path, partitionValues = {}, size, stats, deletionVector } = (add ?? remove ?? cdc)!
    numbers.push(timestamp, expirationTimestamp, size, deletionVector?.cardinality)
    if (version !== undefined) BigInt(version)
    for (const value of Object.values(partitionValues)) value?.slice(1)
    void [id.slice(1), path.slice(1), stats?.slice(1), deletionVector?.pathOrInlineDv.slice(1)]
  } else if ('file' in action) {
    const { url, id, partitionValues, size, stats, version, timestamp } = action.file
    numbers.push(size, timestamp, action.file.expirationTimestamp)
    if (version !== undefined) BigInt(version)
    for (const value of Object.values(partitionValues)) value?.slice(1)
    void [url.slice(1), id.slice(1), stats?.slice(1)]
  } else if ('metaData' in action) {
    const { metaData } = action
    const {
      id,
      schemaString,
      partitionColumns,
      configuration = {},
      createdTime,
    } = action.kind === 'deltaMetaData' ? action.metaData.deltaMetadata : action.metaData
    numbers.push(metaData.numFiles, metaData.size, createdTime)
    for (const text of [...partitionColumns, ...Object.values(configuration)]) text.slice(1)
    void [id.slice(1), schemaString.slice(1)]
  } else if (action.kind === 'deltaProtocol') {
    numbers.push(action.protocol.minReaderVersion)
    action.protocol.readerFeatures?.map(feature => feature.toLowerCase())
  } else if (action.kind === 'protocol') numbers.push(action.protocol.minReaderVersion)
  else if (action.kind === 'endStreamAction') {
    const { refreshToken, nextPageToken, errorMessage } = action.end
    numbers.push(action.end.minUrlExpirationTimestamp, action.end.httpStatusErrorCode)
    void [refreshToken?.slice(1), nextPageToken?.slice(1), errorMessage?.slice(1)]
  } else void [action.status.queryId.slice(1), action.status.status?.slice(1)]
  for (const number of numbers) if (number !== undefined) expect(Number(number)).not.toBeNaN()
}

it('gives an action or a typed error, whatever a line holds', () => {
  const lines = fc
    .tuple(fc.constantFrom(...VALID), fc.array(change, { maxLength: 3 }))
    .map(([valid, changes]) => changes.reduce(mutated, structuredClone(valid)))
    .map(value => JSON.stringify(value))
  let decoded = 0
  let refused = 0
  fc.assert(
    fc.property(lines, fc.nat(), fc.boolean(), (whole, cut, isCut) => {
      const line = isCut ? whole.slice(0, cut % (whole.length + 1)) : whole
      try {
        const action = decodeLine(line, 3)
        decoded++
        if (action !== undefined) use(action)
      } catch (error) {
        if (!isTableError(error)) throw error
        refused++
        expect(error.code).toBe('TABLE_CORRUPT')
        expect(error.context.line).toBe(3)
      }
    }),
    { numRuns: quickOr(1250, 5000), seed: 12 },
  )
  expect(Math.min(decoded, refused)).toBeGreaterThan(quickOr(100, 500))
})
