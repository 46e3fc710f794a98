import { createSchema, type DataType } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { readTableConfig } from '../../src/config/table-config.js'
import { partitionColumns, readPartitionPath } from '../../src/pruning/partition-path.js'

const field = (name: string, type: DataType, id: number) => ({
  id,
  name,
  physicalName: name,
  type,
  nullable: true,
})

function valuesOf(
  path: string,
  columns: Readonly<Record<string, DataType>>,
  properties: Readonly<Record<string, string>> = {},
) {
  const all = {
    'hoodie.table.name': 't',
    'hoodie.table.type': 'COPY_ON_WRITE',
    'hoodie.table.version': '6',
    'hoodie.table.partition.fields': Object.keys(columns).join(','),
    ...properties,
  }
  const text = Object.entries(all).map(([key, value]) => `${key}=${value}`)
  const config = readTableConfig(text.join('\n'), 'hoodie.properties')
  const schema = createSchema(
    Object.entries(columns).map(([name, type], i) => field(name.replace(/:.*/, ''), type, i + 1)),
  )
  return readPartitionPath(path, partitionColumns(config, schema), config)
}

const hive = { 'hoodie.datasource.write.hive_style_partitioning': 'true' }
const encoded = { 'hoodie.datasource.write.partitionpath.urlencode': 'true' }
const value = (each: unknown) => ({ kind: 'value', value: each })
const unknown = { kind: 'unknown' }

describe('partition paths', () => {
  it.each([
    ['eu', { region: 'string' }, {}, [value('eu')]],
    ['region=eu', { region: 'string' }, hive, [value('eu')]],
    ['region=a%2Fb', { region: 'string' }, { ...hive, ...encoded }, [value('a/b')]],
    ['region=%252F', { region: 'string' }, { ...hive, ...encoded }, [value('%2F')]],
    ['region=a%2Fb', { region: 'string' }, hive, [value('a%2Fb')]],
    ['region=%C3%BC+%zz', { region: 'string' }, { ...hive, ...encoded }, [value('ü+%zz')]],
    ['region=ü', { region: 'string' }, { ...hive, ...encoded }, [value('ü')]],
    ['2026/01/05', { day: 'string' }, {}, [value('2026/01/05')]],
    [
      '2026/01/05',
      { day: 'date' },
      { 'hoodie.datasource.write.slash.separated.date.partitioning': 'true' },
      [value(20458)],
    ],
    ['day=2026-01-05/hour=7', { day: 'date', hour: 'int' }, hive, [value(20458), value(7)]],
    ['10/300', { byte: 'int', short: 'int' }, {}, [value(10), value(300)]],
    ['-5', { n: 'long' }, {}, [value(-5n)]],
    ['true', { flag: 'boolean' }, {}, [value(true)]],
    ['1.50', { d: { kind: 'decimal', precision: 9, scale: 2 } }, {}, [value(150n)]],
    ['n=__HIVE_DEFAULT_PARTITION__', { n: 'int' }, hive, [value(null)]],
    [
      's=__HIVE_DEFAULT_PARTITION__',
      { s: 'string' },
      hive,
      [{ kind: 'interval', lower: '', upper: '' }],
    ],
  ] as const)('%s of %j: %j', (path, columns, properties, expected) => {
    expect(valuesOf(path, columns, properties)).toEqual(expected)
  })

  it.each([
    ['too few segments', 'eu', { a: 'string', b: 'string' }, {}],
    ['too many segments', 'a/b/c', { a: 'string', b: 'string' }, {}],
    ['no name where there should be one', 'eu', { region: 'string' }, hive],
    ['another name', 'other=eu', { region: 'string' }, hive],
    ['no number', 'x', { n: 'int' }, {}],
    ['a number out of range', '2147483648', { n: 'int' }, {}],
    ['no date', '2026-02-30', { d: 'date' }, {}],
    ['a floating point number, which is printed in several ways', '1.0', { d: 'double' }, {}],
    [
      'a key generator of somebody else',
      'eu',
      { r: 'string' },
      { 'hoodie.table.keygenerator.class': 'com.example.Keys' },
    ],
  ] as const)('knows nothing from %s', (_, path, columns, properties) => {
    expect(valuesOf(path, columns, properties)).toEqual(Object.keys(columns).map(() => unknown))
  })

  const keygen = (more: Readonly<Record<string, string>>) => ({
    'hoodie.table.keygenerator.type': 'TIMESTAMP',
    'hoodie.keygen.timebased.output.dateformat': 'yyyy/MM/dd',
    'hoodie.keygen.timebased.timestamp.type': 'EPOCHMILLISECONDS',
    'hoodie.keygen.timebased.timezone': 'UTC',
    ...more,
  })
  const day = 86_400_000n

  it.each([
    ['milliseconds', 'long', {}, { lower: 20458n * day, upper: 20459n * day - 1n }],
    [
      'seconds',
      'long',
      { 'hoodie.keygen.timebased.timestamp.type': 'UNIX_TIMESTAMP' },
      { lower: 20458n * 86400n, upper: 20459n * 86400n - 1n },
    ],
    [
      'a clock whose zone is not recorded',
      'long',
      { 'hoodie.keygen.timebased.timezone': '' },
      { lower: 20458n * day - 57_600_000n, upper: 20459n * day - 1n + 57_600_000n },
    ],
  ] as const)('reads the interval of %s that a time-based key names', (_, type, more, bounds) => {
    expect(valuesOf('2026/01/05', { at: type }, keygen(more))).toEqual([
      { kind: 'interval', ...bounds },
    ])
  })

  it.each([
    [
      'a format that does not begin with the year',
      { 'hoodie.keygen.timebased.output.dateformat': 'dd/MM/yyyy' },
    ],
    ['date strings', { 'hoodie.keygen.timebased.timestamp.type': 'DATE_STRING' }],
    ['no recorded type', { 'hoodie.keygen.timebased.timestamp.type': '' }],
  ])('knows nothing from %s', (_, more) => {
    expect(valuesOf('2026/01/05', { at: 'long' }, keygen(more))).toEqual([unknown])
  })

  it('reads each column of a custom key generator by its type', () => {
    const properties = {
      ...keygen({}),
      'hoodie.table.keygenerator.type': 'CUSTOM',
      'hoodie.keygen.timebased.output.dateformat': 'yyyyMMdd',
    }
    expect(
      valuesOf('eu/20260105', { 'region:SIMPLE': 'string', 'at:TIMESTAMP': 'long' }, properties),
    ).toEqual([value('eu'), { kind: 'interval', lower: 20458n * day, upper: 20459n * day - 1n }])
  })

  it('has no partition columns under a key generator without any', () => {
    const none = {
      'hoodie.table.keygenerator.class': 'org.apache.hudi.keygen.NonpartitionedKeyGenerator',
    }
    expect(valuesOf('', { region: 'string' }, none)).toEqual([])
  })
})
