import { createHash } from 'node:crypto'
import { type DataFile, type Value, type WritableJson, writeJson } from '@spillway/core'
import { quickOr } from '@spillway/testkit'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { partitionFields } from '../../src/capabilities/partition-fields.js'
import { deltaLines } from '../../src/lines/encode-delta.js'
import { parquetLines } from '../../src/lines/encode-parquet.js'
import type { LineOptions, WireFile } from '../../src/lines/line-options.js'
import { dataFile, deltaTable, field, otherTable } from '../support/tables.js'

// What lines have in common is written once and kept: here they come in any order, and each is held against one that is
// written from nothing.

function tableWith(day: string) {
  return deltaTable({
    fields: [
      field(1, 'id', 'long'),
      field(2, day, 'date', 'col-2'),
      field(3, 'name', 'string'),
      field(4, 'raw', 'binary'),
    ],
    partitionColumns: [day, 'name', 'raw'],
  })
}

const BYTES = Uint8Array.of(0, 34, 128, 255)

/** Values of the three columns, and how an answer spells them. */
const DAYS = [
  [null, null],
  [20456, '2026-01-03'],
  [-1, '1969-12-31'],
] as const
const NAMES = [
  [null, null],
  ['', ''],
  ['a', 'a'],
  ['\u0000\n"\\\u007f', '\u0000\n"\\\u007f'],
  ['é😀', 'é😀'],
] as const
const RAWS = [
  [null, null],
  [BYTES, '\u0000"\u0080\u00ff'],
  [BYTES.slice(0, 1), '\u0000'],
] as const

interface Odd {
  readonly signed: WireFile
  /** By field id. */
  readonly spelled: ReadonlyMap<number, string | null>
}

const SPELLED_MAPS = [
  new Map<string, string | null>(),
  new Map([['col-2', null]]),
  ...spelledMaps(),
]

function spelledMaps() {
  return NAMES.flatMap(([, name]) => [
    new Map([
      ['name', name],
      ['col-2', '2026-01-03'],
      ['raw', ''],
    ]),
    new Map([
      ['name', name],
      ['col-2', '2026-01-03'],
      ['raw', ''],
    ]),
  ])
}

const pathText = fc.oneof(
  fc.constantFrom('part-0.parquet', 'a b/c+d%20.parquet', `q'u"o\\te`, '', 'é/😀', 'x'.repeat(300)),
  fc.string({ unit: 'binary', maxLength: 20 }),
)

const STATS = [
  undefined,
  '',
  '{}',
  '{"numRecords":10,"minValues":{"s":"é\\"\\n"}}',
  '{"numRecords":1,"maxValues":{"s":"x\ufffd"}}',
  '{"numRecords":1,"maxValues":{"s":"x\\uFFFd"}}',
  '{"numRecords":1,"maxValues":{"s":"\\u00e9","t":"\ufffdx"}}',
  'no JSON "at all"\\',
]

const anyFacts = fc.record({
  path: pathText,
  url: fc.oneof(
    pathText,
    pathText.map(text => `https://host/${Buffer.from(text).toString('hex')}?X=%20`),
  ),
  size: fc.constantFrom(0, 573, 2 ** 31, 2 ** 53 - 1),
  expiresAt: fc.constantFrom(1767403600000, 1767403601000),
  listing: fc.constantFrom(undefined, undefined, 2, 3),
  specId: fc.constantFrom(0, 0, 0, 7),
  day: fc.constantFrom(...DAYS),
  name: fc.constantFrom(...NAMES),
  raw: fc.constantFrom(...RAWS),
  constant: fc.constantFrom(undefined, undefined, null, 'const'),
  recorded: fc.constantFrom(undefined, ...SPELLED_MAPS),
  stats: fc.constantFrom(...STATS),
  row: fc.constantFrom(undefined, undefined, 5n, 2n ** 60n),
  tags: fc.constantFrom(undefined, undefined, new Map([['t"', 'é\n']])),
})

type Facts = typeof anyFacts extends fc.Arbitrary<infer Value> ? Value : never

/** A file, and one beside it that differs in a single fact. */
const neighbours = fc
  .tuple(
    anyFacts,
    anyFacts,
    fc.constantFrom('specId', 'day', 'name', 'raw', 'constant', 'recorded'),
  )
  .map(([a, b, fact]) => [oddFile(a), oddFile({ ...a, [fact]: b[fact as keyof Facts] })])

function oddFile(facts: Facts): Odd {
  const { path, url, size, expiresAt, listing, specId, constant, recorded } = facts
  const partition: (Value | null)[] = [facts.day[0], facts.name[0], facts.raw[0]]
  const delta = { stats: facts.stats, tags: facts.tags, baseRowId: facts.row }
  const file: DataFile = {
    ...dataFile({ recordedPath: path, size, specId, partition }),
    ...(constant !== undefined && { constants: new Map<number, Value | null>([[3, constant]]) }),
    ...(recorded && { delta: { ...delta, partitionValues: recorded } }),
  }
  const isKnown = specId === 0
  const texts: (string | null)[] = [facts.day[1], facts.name[1], facts.raw[1]].map(text =>
    isKnown ? text : null,
  )
  if (constant !== undefined) texts[1] = constant
  const names = ['col-2', 'name', 'raw']
  const spelled = new Map(
    names.map((name, i) => [i + 2, recorded ? (recorded.get(name) ?? null) : texts[i]!]),
  )
  return { signed: { file, url, expiresAt, ...(listing && { listing }) }, spelled }
}

function idOf({ file, listing }: WireFile, algorithm: string): string {
  const text = listing === undefined ? file.recordedPath : `${file.recordedPath}\n${listing}`
  return createHash(algorithm).update(text).digest('hex')
}

/** What is written of a file of which nothing else is known. */
const WRITTEN = '{"numRecords":10,"tightBounds":false}'

function statsOf({ delta }: DataFile): string {
  const stats = delta?.stats
  return stats === undefined || /(\ufffd|\\u[fF]{3}[dD])"/.test(stats) ? WRITTEN : stats
}

const at = { version: 9007199254740993n, timestamp: 1767400000000 }

function isMapped({ metadata }: LineOptions): boolean {
  return metadata.schema.fields.some(({ name, physicalName }) => name !== physicalName)
}

function parquetReference({ signed, spelled }: Odd, options: LineOptions): string {
  const { file, url, expiresAt } = signed
  const values = options.partitionFields.map(({ id, name }) => [name, spelled.get(id)!] as const)
  const members: WritableJson = {
    url,
    id: idOf(signed, 'md5'),
    partitionValues: Object.fromEntries(values),
    size: file.size,
    stats: isMapped(options) ? WRITTEN : statsOf(file),
    ...options.at,
    expirationTimestamp: expiresAt,
  }
  return `${writeJson({ file: members })}\n`
}

function deltaReference({ signed, spelled }: Odd, options: LineOptions): string {
  const { file, url, expiresAt, listing } = signed
  const { metadata, partitionFields: fields } = options
  const named = fields.map(
    field =>
      [metadata.deltaActions ? field.name : field.physicalName, spelled.get(field.id)!] as const,
  )
  const { delta } = file
  const add = {
    path: listing === undefined ? url : `${url}#${listing}`,
    partitionValues: Object.fromEntries(delta?.partitionValues ?? named),
    size: file.size,
    modificationTime: file.modificationTime,
    dataChange: true,
    stats: statsOf(file),
    tags: delta?.tags && Object.fromEntries(delta.tags),
    baseRowId: delta?.baseRowId,
  }
  const members = {
    id: idOf(signed, 'sha256'),
    ...options.at,
    expirationTimestamp: expiresAt,
    deltaSingleAction: { add },
  }
  return `${writeJson({ file: members })}\n`
}

it.each([
  ['a Delta table', tableWith('col-2')],
  ['one whose columns are renamed', tableWith('day "d"')],
  ['a table of another format', otherTable('iceberg', tableWith('day "d"'))],
])('a line of %s is the same whatever lines came before it', (_, metadata) => {
  const shared = { metadata, partitionFields: partitionFields(metadata), asRecorded: true }
  const options = fc.constantFrom(undefined, at)
  fc.assert(
    fc.property(fc.array(neighbours, { minLength: 1, maxLength: 8 }), options, (pairs, at) => {
      // Each follows itself once: what is kept is then used, whatever came before.
      const sequence = pairs.flat().flatMap(file => [file, file])
      const parquet: LineOptions = { ...shared, idScheme: 'parquet', at }
      const line = parquetLines(parquet)
      const wanted = sequence.map(each => parquetReference(each, parquet))
      expect(sequence.map(({ signed }) => line('file', signed))).toEqual(wanted)
      const delta: LineOptions = { ...shared, idScheme: 'delta', at }
      const action = deltaLines(delta)
      const actions = sequence.map(each => deltaReference(each, delta))
      expect(sequence.map(({ signed }) => action('add', signed))).toEqual(actions)
    }),
    { numRuns: quickOr(100, 1000), seed: 20261201 },
  )
})
