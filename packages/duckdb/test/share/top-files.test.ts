import type { AnswerHeader } from '@spillway/client'
import type { Field } from '@spillway/core'
import { planScan } from '@spillway/planner'
import type { DeltaFileAction } from '@spillway/protocol'
import { quickOr, Random } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { sharedPath, snapshotOf } from '../../src/share/shared-log.js'
import { type TopRows, topFiles } from '../../src/share/top-files.js'

/** How a value of a type is written in statistics; numbers of the smallest unit are what is compared. */
const TYPES = {
  long: (value: bigint) => Number(value),
  'decimal(9,2)': (value: bigint) => Number(value) / 100,
  date: (value: bigint) => new Date(Number(value) * 86_400_000).toISOString().slice(0, 10),
  // Cut to milliseconds, before 1970 too.
  timestamp: (value: bigint) => new Date(Math.floor(Number(value) / 1000)).toISOString(),
} as const
type TypeName = keyof typeof TYPES

interface Rows {
  readonly values: readonly (bigint | null)[]
  readonly deleted: ReadonlySet<number>
}

interface Table {
  readonly files: readonly Rows[]
  readonly adds: readonly DeltaFileAction[]
  readonly header: AnswerHeader
  readonly field: Field
}

function headerOf(type: TypeName, partitionColumns: readonly string[]): AnswerHeader {
  const features = ['deletionVectors']
  const fields = [
    { name: 'k', type, nullable: true, metadata: {} },
    { name: 'v', type: 'long', nullable: true, metadata: {} },
  ]
  const deltaMetadata = {
    id: 'a',
    format: { provider: 'parquet' },
    schemaString: JSON.stringify({ type: 'struct', fields }),
    partitionColumns,
    configuration: {},
  }
  return {
    protocol: {
      kind: 'deltaProtocol',
      protocol: {
        minReaderVersion: 3,
        minWriterVersion: 7,
        readerFeatures: features,
        writerFeatures: features,
      },
    },
    metaData: { kind: 'deltaMetaData', metaData: { deltaMetadata } },
  } as AnswerHeader
}

async function randomTable(random: Random): Promise<Table> {
  const type = random.pick(Object.keys(TYPES) as TypeName[])
  const isPartition = random.chance(0.2)
  const spread = random.pick([3, 20, 3000])
  const files: Rows[] = []
  const adds: DeltaFileAction[] = []
  const count = random.integer(1, 8)
  for (let i = 0; i < count; i++) {
    const rows = fileRows(random, {
      at: BigInt(random.integer(0, spread - 1)),
      spread: random.pick([0, 2, spread]),
      isPartition,
    })
    files.push(rows)
    adds.push(addOf(rows, i, { random, type, isPartition }))
  }
  const header = headerOf(type, isPartition ? ['k'] : [])
  const { schema } = await snapshotOf(header)
  return { files, adds, header, field: schema.find(['k'])![0]! }
}

interface FileOptions {
  readonly at: bigint
  readonly spread: number
  readonly isPartition: boolean
}

function fileRows(random: Random, { at, spread, isPartition }: FileOptions): Rows {
  const nulls = random.pick([0, 0, 0.2, 1])
  const value = () => (random.chance(nulls) ? null : at + BigInt(random.integer(0, spread)) - 5n)
  const length = random.integer(0, 7)
  const one = value()
  const values = Array.from({ length }, () => (isPartition ? one : value()))
  const deletes = random.pick([0, 0, 0.5])
  const deleted = new Set([...values.keys()].filter(() => random.chance(deletes)))
  return { values: length === 0 && isPartition ? [one] : values, deleted }
}

function addOf(
  { values, deleted }: Rows,
  index: number,
  { random, type, isPartition }: { random: Random; type: TypeName; isPartition: boolean },
): DeltaFileAction {
  const write = TYPES[type]
  const isTight = random.chance(0.5)
  const seen = values.filter((_, i) => !isTight || !deleted.has(i))
  const found = seen.filter(value => value !== null).sort((a, b) => (a < b ? -1 : 1))
  const slack = type === 'timestamp' ? 5000n : 1n
  const loosened = random.chance(0.3) ? slack * BigInt(random.integer(0, 3)) : 0n
  const hasBounds = random.chance(0.9) && found.length > 0 && !isPartition
  const stats = {
    ...(random.chance(0.9) && { numRecords: values.length }),
    ...(hasBounds && random.chance(0.9) && { minValues: { k: write(found[0]! - loosened) } }),
    ...(hasBounds && random.chance(0.9) && { maxValues: { k: write(found.at(-1)! + loosened) } }),
    ...(random.chance(0.9) && !isPartition && { nullCount: { k: seen.length - found.length } }),
    ...(deleted.size > 0 && { tightBounds: isTight }),
  }
  const [first = null] = values
  return {
    path: sharedPath(`files/${index}`),
    partitionValues: isPartition ? { k: first === null ? null : String(write(first)) } : {},
    size: 100,
    modificationTime: 0,
    dataChange: true,
    ...(random.chance(0.9) && { stats: JSON.stringify(stats) }),
    ...(deleted.size > 0 && {
      deletionVector: {
        storageType: 'p',
        pathOrInlineDv: sharedPath(`vector/${index}`),
        sizeInBytes: 10,
        cardinality: deleted.size,
      },
    }),
  } as DeltaFileAction
}

async function kept({ adds, header, field }: Table, top: Omit<TopRows, 'field'>) {
  const table = await snapshotOf(header, adds)
  return topFiles(adds, { field, ...top }, async predicate => {
    const found = new Set<number>()
    for await (const { files, selection } of planScan(table, { predicate })) {
      for (const { path } of await files.files(selection)) found.add(Number(path.split('/').at(-1)))
    }
    return found
  })
}

/** True where `a` stands strictly before `b`. */
function isBefore(a: bigint | null, b: bigint | null, descending: boolean, nullsFirst: boolean) {
  if (a === null || b === null) return a === null ? nullsFirst && b !== null : !nullsFirst
  return descending ? a > b : a < b
}

function live({ values, deleted }: Rows): readonly (bigint | null)[] {
  return values.filter((_, i) => !deleted.has(i))
}

describe('files of the first rows', () => {
  it('hold all of them, of random tables, whatever is first among equal ones and nulls', async () => {
    const random = new Random(20_261_201)
    let dropped = 0
    for (let trial = 0; trial < quickOr(300, 15_000); trial++) {
      const table = await randomTable(random)
      const top = { descending: random.chance(0.5), rows: random.integer(1, 8) }
      const found = await kept(table, top)
      const rest = table.files.flatMap((file, i) => (found.has(i) ? live(file) : []))
      for (const [i, file] of table.files.entries()) {
        if (found.has(i)) continue
        dropped++
        for (const value of live(file)) {
          for (const nullsFirst of [false, true]) {
            const before = rest.filter(each => isBefore(each, value, top.descending, nullsFirst))
            const told = JSON.stringify({
              trial,
              ...top,
              value: String(value),
              nullsFirst,
              adds: table.adds,
            })
            expect(before.length, told).toBeGreaterThanOrEqual(top.rows)
          }
        }
      }
    }
    // Of some 1,350 files in the quick tier.
    expect(dropped).toBeGreaterThan(quickOr(60, 3000))
  })

  it('are all where nothing is counted, or too little', async () => {
    const header = headerOf('long', [])
    const { schema } = await snapshotOf(header)
    const field = schema.find(['k'])![0]!
    const add = (i: number, stats: object): DeltaFileAction =>
      ({
        path: sharedPath(`files/${i}`),
        partitionValues: {},
        size: 1,
        modificationTime: 0,
        dataChange: true,
        stats: JSON.stringify(stats),
      }) as DeltaFileAction
    const bounds = (low: number, high: number) => ({
      minValues: { k: low },
      maxValues: { k: high },
    })
    const whole = { numRecords: 5, nullCount: { k: 0 } }
    const keptOf = async (stats: readonly object[], rows = 5) => {
      const adds = stats.map((each, i) => add(i, each))
      return [...(await kept({ files: [], adds, header, field }, { descending: false, rows }))]
    }
    const second = { ...whole, ...bounds(10, 20) }
    expect(await keptOf([{ ...whole, ...bounds(1, 9) }, second])).toEqual([0])
    expect(await keptOf([{ ...whole, ...bounds(1, 10) }, second])).toEqual([0, 1])
    expect(await keptOf([{ ...whole, ...bounds(1, 9) }, second], 6)).toEqual([0, 1])
    expect(await keptOf([{ nullCount: { k: 0 }, ...bounds(1, 9) }, second])).toEqual([0, 1])
    expect(await keptOf([{ numRecords: 5, ...bounds(1, 9) }, second])).toEqual([0, 1])
    expect(await keptOf([{ numRecords: 5, nullCount: { k: 1 }, ...bounds(1, 9) }, second])).toEqual(
      [0, 1],
    )
    expect(await keptOf([{ ...whole, minValues: { k: 1 } }, second])).toEqual([0, 1])
    expect(
      await keptOf([
        { ...whole, ...bounds(1, 9) },
        { ...whole, maxValues: { k: 20 } },
      ]),
    ).toEqual([0, 1])
    expect(
      await keptOf([
        { ...whole, ...bounds(1, 9) },
        { ...second, nullCount: { k: 1 } },
      ]),
    ).toEqual([0, 1])
    expect(
      await keptOf([
        { ...whole, ...bounds(1, 9) },
        { ...second, nullCount: {} },
      ]),
    ).toEqual([0, 1])
  })
})
