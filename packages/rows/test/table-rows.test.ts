import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { eq, gt } from '@spillway/core'
import { memoryStore } from '@spillway/storage'
import { describe, expect, it } from 'vitest'
import { tableRows } from '../src/index.js'
import { dataFile, field, identitySpec, rowFixture, snapshotOf } from './support/fixture.js'

const table = rowFixture()
const REAL = fileURLToPath(new URL('../../../test/fixtures/real/parquet/', import.meta.url))

describe('columns of a file become columns of the table', () => {
  it('finds columns by physical name, without case, and gives them their logical names', async () => {
    const file = await table.write('SELECT 1::BIGINT AS "COL-1", \'x\' AS col2')
    const snapshot = snapshotOf([
      field('id', 'long', { physicalName: 'col-1' }),
      field('name', 'string', { physicalName: 'col2' }),
    ])
    expect(await table.rows(snapshot, [file])).toEqual([['1', 'x']])
  })

  it('reads a missing column as its default, or null', async () => {
    const file = await table.write('SELECT 1::BIGINT AS id')
    const snapshot = snapshotOf([
      field('id', 'long'),
      field('level', 'int', { initialDefault: 7 }),
      field('note', 'string'),
    ])
    expect(await table.rows(snapshot, [file])).toEqual([['1', 7, null]])
  })

  it('takes partition columns from the metadata, typed, each file its own', async () => {
    const day = field('day', 'date')
    const id = field('id', 'long')
    const files = [
      { ...(await table.write('SELECT 1::BIGINT AS id')), partition: [0] },
      { ...(await table.write('SELECT 2::BIGINT AS id')), partition: [19358] },
      { ...(await table.write('SELECT 3::BIGINT AS id')), partition: [null] },
    ]
    const snapshot = snapshotOf([id, day], { partitionSpecs: identitySpec(day) })
    expect(await table.rows(snapshot, files)).toEqual([
      ['1', '1970-01-01'],
      ['2', '2023-01-01'],
      ['3', null],
    ])
    expect(await table.read(files).count(snapshot, eq('day', { value: 19358, type: 'date' }))).toBe(
      1n,
    )
  })

  it('keeps the sign of a zero that a partition says', async () => {
    const [x, id] = [field('x', 'float'), field('id', 'long')]
    const files = [-0, 0].map(async value => ({
      ...(await table.write('SELECT 1::BIGINT AS id')),
      partition: [value],
    }))
    const snapshot = snapshotOf([id, x], { partitionSpecs: identitySpec(x) })
    const found = await table.rows(snapshot, await Promise.all(files))
    const zeros = found.map(row => Object.is((row as readonly unknown[])[1], -0))
    expect(zeros.sort()).toEqual([false, true])
  })

  it('rebuilds structs, also in lists and maps, when fields were renamed, added and widened', async () => {
    const file = await table.write(
      "SELECT {'p1': 1::INTEGER, 'gone': 2} AS s, [{'p1': 3::INTEGER}, NULL] AS l, MAP{'k': {'p1': 4::INTEGER}} AS m",
    )
    const inner = () => ({
      kind: 'struct' as const,
      fields: [field('added', 'string'), field('x.y', 'long', { physicalName: 'p1' })],
    })
    const snapshot = snapshotOf([
      field('s', inner()),
      field('l', { kind: 'list', element: field('element', inner()) }),
      field('m', { kind: 'map', key: field('key', 'string'), value: field('value', inner()) }),
    ])
    const row = (value: string) => ({ added: null, 'x.y': value })
    expect(await table.rows(snapshot, [file])).toEqual([
      [row('1'), [row('3'), null], [{ key: 'k', value: row('4') }]],
    ])
    const where = gt(['s', 'x.y'], 0n)
    expect(await table.read([file]).count(snapshot, where)).toBe(1n)
  })

  it('keeps a null struct null where a field of it has a default', async () => {
    const file = await table.write("SELECT * FROM (VALUES ({'a': 1}), (NULL)) t(s)")
    const level = field('level', 'int', { initialDefault: 9 })
    const snapshot = snapshotOf([
      field('s', { kind: 'struct', fields: [field('a', 'int'), level] }),
    ])
    expect(await table.rows(snapshot, [file])).toEqual([[{ a: 1, level: 9 }], [null]])
    expect(await table.read([file]).count(snapshot, eq(['s', 'level'], 9n))).toBe(1n)
  })

  it.each([
    ['int as long', '1::INTEGER', 'long', '1'],
    ['float as double', '1.5::FLOAT', 'double', 1.5],
    ['date as timestamp', "DATE '2020-01-02'", 'timestamp', '2020-01-02T00:00:00.000000'],
    [
      'a smaller decimal',
      '1.5::DECIMAL(4,1)',
      { kind: 'decimal', precision: 20, scale: 3 },
      '1.500',
    ],
    ['an integer as decimal', '7::INTEGER', { kind: 'decimal', precision: 12, scale: 2 }, '7.00'],
    ['text without its mark', "encode('é')", 'string', 'é'],
    [
      'zoned time as UTC',
      "TIMESTAMPTZ '2020-01-01 00:00:00+02'",
      'timestamptz',
      '2019-12-31T22:00:00.000000Z',
    ],
    [
      'nanoseconds',
      "TIMESTAMP_NS '1969-12-31 23:59:59.999999999'",
      'timestamp_ns',
      '1969-12-31T23:59:59.999999999',
    ],
    [
      'a uuid',
      "'00112233-4455-6677-8899-aabbccddeeff'::UUID",
      'uuid',
      '00112233-4455-6677-8899-aabbccddeeff',
    ],
    ['binary', "'\\x00\\xFF'::BLOB", 'binary', 'AP8='],
    ['not a number', "'NaN'::DOUBLE", 'double', 'NaN'],
    ['a void column', '1', { kind: 'opaque', name: 'void' }, null],
  ] as const)('reads %s', async (_, sql, type, expected) => {
    const file = await table.write(`SELECT ${sql} AS v`)
    expect(await table.rows(snapshotOf([field('v', type)]), [file])).toEqual([[expected]])
  })

  it('reads nanoseconds as microseconds where they are whole, and refuses others', async () => {
    const snapshot = snapshotOf([field('v', 'timestamp'), field('w', 'int')])
    const whole = await table.write("SELECT TIMESTAMP_NS '1969-12-31 23:59:59.999999' AS v, 1 AS w")
    expect(await table.rows(snapshot, [whole])).toEqual([['1969-12-31T23:59:59.999999', 1]])
    for (const value of ['1969-12-31 23:59:59.999999999', '2024-01-01 00:00:00.000000500']) {
      const file = await table.write(
        `SELECT * FROM (VALUES (NULL, 0), (TIMESTAMP_NS '${value}', 1)) t(v, w)`,
      )
      await expect(table.rows(snapshot, [file])).rejects.toMatchObject({
        code: 'UNSUPPORTED_FEATURE',
        message: expect.stringContaining('no whole number of microseconds'),
      })
      expect(await table.rows(snapshot, [file], { columns: ['w'] })).toEqual([[0], [1]])
    }
  })

  it('reads zoned nanoseconds, of which DuckDB gives microseconds, where they are whole', async () => {
    const file = dataFile(`${REAL}nanos-zoned/table/a.parquet`)
    const fields = [field('id', 'long'), field('z', 'timestamptz_ns')]
    expect(await table.rows(snapshotOf(fields), [file])).toEqual([
      ['1', '2024-01-01T00:00:00.000001000Z'],
      ['2', null],
      ['3', '1969-12-31T23:59:59.999999000Z'],
      ['4', '2262-04-11T23:47:16.854775000Z'],
      ['5', '1677-09-21T00:12:43.145225000Z'],
    ])
  })

  it('refuses zoned nanoseconds that are not, but no column beside them', async () => {
    const bytes = readFileSync(`${REAL}nanos-zoned/table/a.parquet`)
    const at = bytes.indexOf(Buffer.from(new BigInt64Array([-1000n]).buffer))
    bytes.writeBigInt64LE(-1001n, at)
    const path = `${table.folder}/cut.parquet`
    writeFileSync(path, bytes)
    const file = dataFile(path)
    for (const type of ['timestamptz_ns', 'timestamptz'] as const) {
      const snapshot = snapshotOf([field('id', 'long'), field('z', type)])
      await expect(table.rows(snapshot, [file])).rejects.toMatchObject({
        code: 'UNSUPPORTED_FEATURE',
        message: expect.stringContaining('column z holds 1969-12-31T23:59:59.999998999Z'),
      })
      expect(await table.rows(snapshot, [file], { columns: ['id'] })).toHaveLength(5)
    }
  })

  it('copies files of other stores, within a limit', async () => {
    const store = memoryStore()
    const file = await table.write('SELECT range AS id FROM range(10)')
    await store.put('s3://b/x.parquet', (await table.store.get(file.path))!.bytes)
    const remote = { ...file, path: 's3://b/x.parquet' }
    const snapshot = snapshotOf([field('id', 'long')], { source: { location: 's3://b' } })
    const from = (maxCopiedBytes: number) =>
      tableRows({
        store,
        duckdb: table.duckdb,
        maxCopiedBytes,
        folder: table.folder,
        async *files() {
          yield [remote]
        },
      })
    expect(await from(1e6).count(snapshot, gt('id', 3n))).toBe(6n)
    expect(readdirSync(table.folder).filter(name => name.startsWith('spillway-'))).toEqual([])
    await expect(from(10).count(snapshot)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      context: { maxBytes: 10 },
    })
  })

  it('answers SQL over the rows that match', async () => {
    const file = await table.write("SELECT range AS c1, {'p': range} AS s FROM range(10)")
    const inner = field('in', 'long', { physicalName: 'p' })
    const snapshot = snapshotOf([
      field('id', 'long', { physicalName: 'c1' }),
      field('s', { kind: 'struct', fields: [inner] }),
    ])
    const rows = table.read([file])
    const answer = await rows.sql(snapshot, 'SELECT sum(id) AS total, max(s.in) AS top FROM t', {
      where: gt('id', 7n),
    })
    expect(answer).toEqual({ columns: ['total', 'top'], rows: [['17', '9']] })
    await expect(rows.sql(snapshot, 'SELECT nope FROM t')).rejects.toMatchObject({
      code: 'INVALID_REQUEST',
    })
  })

  it('stops when its caller goes away', async () => {
    const file = await table.write('SELECT range AS id FROM range(10)')
    const signal = AbortSignal.abort()
    const failing = table.read([file]).count(snapshotOf([field('id', 'long')]), undefined, signal)
    await expect(failing).rejects.toMatchObject({ code: 'CANCELLED' })
  })

  it('spells whole numbers and dates for a column that became text', async () => {
    const files = [
      await table.write("SELECT -7::BIGINT AS v, DATE '2026-01-05' AS d"),
      await table.write("SELECT 'x' AS v, 'y' AS d"),
    ]
    const snapshot = snapshotOf([field('v', 'string'), field('d', 'string')])
    expect(await table.rows(snapshot, files)).toEqual([
      ['-7', '2026-01-05'],
      ['x', 'y'],
    ])
  })

  it('refuses a type that no exact conversion leads to, naming both', async () => {
    const file = await table.write('SELECT 1.5::DOUBLE AS v')
    const failing = table.rows(snapshotOf([field('v', 'int')]), [file])
    await expect(failing).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      message: expect.stringContaining('column v is int in the table and DOUBLE in a file'),
    })
  })

  it('reads files of different schemas in one query', async () => {
    const files = [
      await table.write('SELECT 1::INTEGER AS id'),
      await table.write("SELECT 'x' AS note, 2::BIGINT AS id"),
    ]
    const snapshot = snapshotOf([field('id', 'long'), field('note', 'string')])
    expect(await table.rows(snapshot, files)).toEqual([
      ['1', null],
      ['2', 'x'],
    ])
    expect(await table.rows(snapshot, files, { limit: 1, columns: ['note'] })).toEqual([[null]])
    expect(await table.rows(snapshot, files, { limit: 0 })).toEqual([])
  })

  it('finds columns by field id where the table says so', async () => {
    const id = field('id', 'long', { id: 11 })
    const file = await table.write(
      'SELECT 5::BIGINT AS old, 6::BIGINT AS id',
      ', FIELD_IDS {old: 11, id: 12}',
    )
    const iceberg = snapshotOf([id], { format: 'iceberg' })
    expect(await table.rows(iceberg, [file])).toEqual([['5']])
    const delta = snapshotOf([id], { properties: new Map([['delta.columnMapping.mode', 'id']]) })
    expect(await table.rows(delta, [file])).toEqual([['5']])
    expect(await table.rows(snapshotOf([id]), [file])).toEqual([['6']])
  })

  it('finds columns of files without ids through the name mapping of the table', async () => {
    const file = await table.write("SELECT 5::BIGINT AS old, {'n': 6::BIGINT} AS s")
    const mapping = [
      { 'field-id': 1, names: ['id', 'old'] },
      { 'field-id': 2, names: ['s'], fields: [{ 'field-id': 3, names: ['n'] }] },
    ]
    const snapshot = snapshotOf(
      [
        field('id', 'long', { id: 1 }),
        field('s', { kind: 'struct', fields: [field('m', 'long', { id: 3 })] }, { id: 2 }),
      ],
      {
        format: 'iceberg',
        properties: new Map([['schema.name-mapping.default', JSON.stringify(mapping)]]),
      },
    )
    expect(await table.rows(snapshot, [file])).toEqual([['5', { m: '6' }]])
  })

  it('names the missing file', async () => {
    const file = await table.write('SELECT 1 AS v')
    const gone = { ...file, path: `${file.path}.gone` }
    await expect(table.read([gone]).count(snapshotOf([field('v', 'int')]))).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      context: { path: gone.path },
    })
  })
})
