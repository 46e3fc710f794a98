import { compareValues, type DataFile, leafOf, type Value } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import {
  COMPARABLE_TYPES,
  fileIndex,
  filePath,
  icebergBytes,
  icebergManifest,
  keepingCache,
  type LogicalFile,
  type LogicalTable,
  type ManifestEntry,
  Random,
  randomTable,
  writeIcebergTable,
} from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { icebergReader } from '../../src/index.js'
import { randomMetrics } from '../support/random-metrics.js'
import {
  dataFile,
  filesOf,
  LOCATION,
  openTable,
  type SmallManifest,
  smallTable,
} from '../support/small-table.js'

const int = (value: number) => icebergBytes(value, 'int')
const long = (value: number) => icebergBytes(BigInt(value), 'long')

/** Metrics of the columns `id` and `part` of the small table: bounds, and nulls among ten rows. */
function metrics(
  columns: Readonly<Record<number, { at?: readonly Uint8Array[]; nulls?: number }>>,
) {
  const entries = Object.entries(columns).map(([id, column]) => [Number(id), column] as const)
  const bounded = entries.filter(([, { at }]) => at !== undefined)
  return {
    valueCounts: new Map(entries.map(([id]) => [id, 10])),
    nullCounts: new Map(
      entries.flatMap(([id, { nulls }]) => (nulls === undefined ? [] : [[id, nulls] as const])),
    ),
    lower: new Map(bounded.map(([id, { at }]) => [id, at![0]!])),
    upper: new Map(bounded.map(([id, { at }]) => [id, at!.at(-1)!])),
  } satisfies Partial<ManifestEntry>
}

/** Names of the equality deletes of a data file with `data` metrics beside one delete file with `deletes` metrics. */
async function applying(
  data: Partial<ManifestEntry>,
  deletes: Partial<ManifestEntry>,
  equalityIds: readonly number[] = [1],
): Promise<boolean> {
  const manifests: SmallManifest[] = [
    { entries: [{ ...dataFile('a.parquet', 1), ...data }] },
    {
      content: 'deletes',
      entries: [{ ...dataFile('e.parquet', 1), content: 2, equalityIds, ...deletes }],
    },
  ]
  const [file] = await filesOf(await openTable(await smallTable(manifests)))
  return file!.deletes.length === 1
}

const narrow = metrics({ 1: { at: [long(1), long(5)], nulls: 0 } })

describe('an equality delete file applies to a data file', () => {
  it.each<[string, Partial<ManifestEntry>, Partial<ManifestEntry>, boolean]>([
    ['where ranges meet', narrow, metrics({ 1: { at: [long(5), long(9)], nulls: 0 } }), true],
    ['not below its range', narrow, metrics({ 1: { at: [long(6), long(9)], nulls: 0 } }), false],
    ['not above its range', metrics({ 1: { at: [long(6)], nulls: 0 } }), narrow, false],
    ['without metrics', narrow, {}, true],
    [
      'with bounds from before the column was widened',
      narrow,
      metrics({ 1: { at: [int(6)], nulls: 0 } }),
      false,
    ],
    [
      'where both may hold nulls',
      metrics({ 1: { at: [long(1)], nulls: 1 } }),
      metrics({ 1: { at: [long(9)], nulls: 1 } }),
      true,
    ],
    [
      'where nobody counted nulls',
      metrics({ 1: { at: [long(1)] } }),
      metrics({ 1: { at: [long(9)] } }),
      true,
    ],
    ['not where it deletes nulls alone', narrow, metrics({ 1: { nulls: 10 } }), false],
    ['not where all rows are null', metrics({ 1: { nulls: 10 } }), narrow, false],
    [
      'with a bound on one side',
      narrow,
      { ...metrics({ 1: { nulls: 0 } }), lower: new Map([[1, long(2)]]) },
      true,
    ],
  ])('%s', async (_what, data, deletes, applies) => {
    const counted = { ...deletes, recordCount: 10 }
    expect(await applying(data, counted)).toBe(applies)
  })

  it('only where every column may be equal', async () => {
    const data = metrics({ 1: { at: [long(1)], nulls: 0 }, 2: { at: [int(1)], nulls: 0 } })
    const deletes = metrics({ 1: { at: [long(1)], nulls: 0 }, 2: { at: [int(2)], nulls: 0 } })
    expect(await applying(data, deletes, [1])).toBe(true)
    expect(await applying(data, deletes, [1, 2])).toBe(false)
  })

  it('only where the partition value may be equal', async () => {
    const deletes = metrics({ 2: { at: [int(2)], nulls: 0 } })
    expect(await applying({}, deletes, [2])).toBe(false)
  })

  it('with a count that only reading tells, unless it is ruled out', async () => {
    const table = (at: Uint8Array) =>
      smallTable([
        { entries: [{ ...dataFile('a.parquet', 1), ...narrow }] },
        {
          content: 'deletes',
          entries: [
            {
              ...dataFile('e.parquet', 1),
              content: 2,
              equalityIds: [1],
              ...metrics({ 1: { at: [at], nulls: 0 } }),
            },
          ],
        },
      ])
    const counts = async (at: Uint8Array) => {
      const { live, deletedCounts } = await (
        await openTable(await table(at))
      ).files.handles[0]!.load()
      return [...(await deletedCounts!(live))]
    }
    expect(await counts(long(3))).toEqual([Number.NaN])
    expect(await counts(long(7))).toEqual([0])
  })
})

const seed = Number(process.env.SPILLWAY_SOUNDNESS_SEED ?? Date.now() % 2 ** 31)
const rounds = Number(process.env.SPILLWAY_TRIM_ROUNDS ?? 400)

describe('random equality deletes', () => {
  it(`are never ruled out where they delete a row (SPILLWAY_SOUNDNESS_SEED=${seed})`, async () => {
    const random = new Random(seed)
    let ruledOut = 0
    let idle = 0
    for (let round = 0; round < rounds; round++) {
      const table = randomTable({ types: COMPARABLE_TYPES, deletes: false }, random)
      if (table.columns.length === 0 || table.files.length < 2) continue
      const written = await writeTable(table, random)
      for (const file of await filesOf(await written.open())) {
        const listed = new Set(file.deletes.map(each => fileIndex((each as DeletePath).path)))
        const data = fileIndex(file.path)
        for (const [index, { ids, sequence }] of written.deletes) {
          const deletes =
            sequence > written.sequences.get(data)! &&
            meet(table.files[data]!, table.files[index]!, ids)
          if (deletes && !listed.has(index)) {
            expect.fail(`round ${round}: file ${index} deletes rows of file ${data} by ${ids}`)
          }
          if (!deletes) idle++
          if (!listed.has(index)) ruledOut++
        }
      }
    }
    // A reader that rules nothing out would be right as well.
    expect(ruledOut / idle).toBeGreaterThan(0.5)
  }, 300_000)
})

type DeletePath = Extract<DataFile['deletes'][number], { kind: 'equality-delete' }>

interface WrittenDelete {
  readonly ids: readonly number[]
  readonly sequence: number
}

/** The first half of the files as data, the rows of the others as equality deletes of some columns. */
async function writeTable(table: LogicalTable, random: Random) {
  const store = memoryStore()
  const half = Math.ceil(table.files.length / 2)
  const sequences = new Map<number, number>()
  const deletes = new Map<number, WrittenDelete>()
  const entries = table.files.map((file, index): ManifestEntry => {
    const sequence = random.integer(1, 4)
    const entry = {
      path: `${LOCATION}/data/${filePath(index)}`,
      partition: [],
      recordCount: file.rows.length,
      size: 100,
      sequenceNumber: sequence,
      ...randomMetrics(table, file, random),
    }
    if (index < half) {
      sequences.set(index, sequence)
      return entry
    }
    const first = leafOf(random.pick(table.columns)).id
    const second = leafOf(random.pick(table.columns)).id
    const ids = random.chance(0.7) || first === second ? [first] : [first, second]
    deletes.set(index, { ids, sequence })
    return { ...entry, content: 2, equalityIds: ids }
  })
  const manifests = []
  for (const content of ['data', 'deletes'] as const) {
    const some = content === 'data' ? entries.slice(0, half) : entries.slice(half)
    const path = `${LOCATION}/metadata/${content}.avro`
    const bytes = icebergManifest({ formatVersion: 3, content, entries: some })
    await store.put(path, bytes)
    const counts = { addedFiles: some.length, existingFiles: 0 }
    const sequenceNumber = content === 'data' ? 1 : 4
    manifests.push({ path, length: bytes.length, content, sequenceNumber, ...counts })
  }
  const { fields } = table.schema
  await writeIcebergTable(store, LOCATION, { formatVersion: 3, fields, manifests })
  const reader = icebergReader({ store, cache: keepingCache() })
  return { sequences, deletes, open: () => reader.snapshot({ location: LOCATION }) }
}

/** True where some row of the one equals some row of the other in all of `ids`. */
function meet(data: LogicalFile, deletes: LogicalFile, ids: readonly number[]): boolean {
  return data.rows.some(row =>
    deletes.rows.some(other =>
      ids.every(id => isEqual(row.get(id) ?? null, other.get(id) ?? null)),
    ),
  )
}

function isEqual(a: Value | null, b: Value | null): boolean {
  return a === null || b === null ? a === b : compareValues(a, b) === 0
}
