import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { type DataFile, type DeleteFile, type DeletionVector, gt } from '@spillway/core'
import { describe, expect, it } from 'vitest'
import { vectorBytes } from '../src/merge-on-read/deletion-vector.js'
import { dataFile, field, identitySpec, rowFixture, snapshotOf } from './support/fixture.js'

const table = rowFixture()
const id = field('id', 'long', { id: 1 })
const snapshot = snapshotOf([id])

function framed(bitmap: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + 4 + bitmap.length + 4)
  const view = new DataView(bytes.buffer)
  bytes[0] = 1
  view.setUint32(1, bitmap.length)
  bytes.set(bitmap, 5)
  view.setUint32(5 + bitmap.length, crc32(bitmap))
  return bytes
}

function vectorFile(name: string, bytes: Uint8Array, cardinality: number): DeleteFile {
  const path = join(table.folder, name)
  writeFileSync(path, bytes)
  return {
    kind: 'deletion-vector',
    id: name,
    cardinality,
    bitmap: { path, offset: 5, length: bytes.length - 9 },
  }
}

function inline(
  positions: readonly number[],
  cardinality = positions.length,
): DeletionVector & { readonly bitmap: Uint8Array } {
  return { kind: 'deletion-vector', id: 'inline', cardinality, bitmap: vectorBytes(positions) }
}

async function tenRows(deletes: readonly DeleteFile[] = []): Promise<DataFile> {
  return { ...(await table.write('SELECT range AS id FROM range(10)')), deletes }
}

describe('deletion vectors', () => {
  it('are applied from the line and from a file, to their own data file alone', async () => {
    const stored = vectorFile('v.bin', framed(vectorBytes([0, 9])), 2)
    const files = [await tenRows([inline([1, 2])]), await tenRows(), await tenRows([stored])]
    const rows = table.read(files)
    expect(await rows.count(snapshot)).toBe(26n)
    expect(await rows.count(snapshot, gt('id', 7n))).toBe(5n)
    expect(await table.rows(snapshot, [files[2]!], { where: gt('id', 6n) })).toEqual([['7'], ['8']])
  })

  it.each([
    [
      'another magic number',
      () => inline([1], 1),
      (bytes: Uint8Array) => bytes.fill(7, 0, 4),
      /magic/,
    ],
    [
      'another cardinality',
      () => inline([1, 2], 3),
      (bytes: Uint8Array) => bytes,
      /3 rows are deleted, its bitmap 2/,
    ],
    ['a short bitmap', () => inline([1]), (bytes: Uint8Array) => bytes.subarray(0, 9), /roaring/],
  ])('with %s are corrupt', async (_, make, damage, message) => {
    const vector = make()
    const file = await tenRows([{ ...vector, bitmap: damage(vector.bitmap.slice()) }])
    await expect(table.read([file]).count(snapshot)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(message),
    })
  })

  it('of rows that their file does not have are corrupt', async () => {
    const file = await tenRows([inline([3, 10])])
    await expect(table.read([file]).count(snapshot)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringContaining('row 10 of a file is deleted, and the file has 10 rows'),
    })
  })

  it.each([
    ['a wrong checksum', (bytes: Uint8Array) => bytes.fill(0, bytes.length - 1), /checksum/],
    ['a wrong length', (bytes: Uint8Array) => bytes.fill(9, 4, 5), /header says/],
    [
      'its end cut off',
      (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 3),
      /expected \d+ bytes from byte \d+ on .* found \d+, twice/,
    ],
  ])('in a file with %s are corrupt', async (name, damage, message) => {
    const whole = framed(vectorBytes([1]))
    const vector = vectorFile(`${name}.bin`, whole, 1)
    vectorFile(`${name}.bin`, damage(whole.slice()), 1)
    await expect(table.read([await tenRows([vector])]).count(snapshot)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: expect.stringMatching(message),
    })
  })
})

async function positionDelete(rows: readonly (readonly [string, number])[]): Promise<DeleteFile> {
  const values = rows.map(([path, pos]) => `('${path}', ${pos}::BIGINT)`).join(', ')
  const file = await table.write(
    `SELECT * FROM (VALUES ${values}) t(p, q)`,
    ', FIELD_IDS {p: 2147483546, q: 2147483545}',
  )
  return { kind: 'position-delete', path: file.path, fileFormat: 'parquet', size: file.size }
}

describe('position deletes', () => {
  const iceberg = snapshotOf([id], {
    format: 'iceberg',
    source: { location: `file://${table.folder}` },
  })

  it('remove rows once, however many delete files name them', async () => {
    const file = await table.write('SELECT range AS id FROM range(10)', ', FIELD_IDS {id: 1}')
    const first = await positionDelete([
      [file.path, 3],
      [file.path, 4],
      ['s3://other/x.parquet', 5],
    ])
    const second = await positionDelete([[file.path, 4]])
    const data = { ...file, deletes: [first, second] }
    expect(await table.read([data]).count(iceberg)).toBe(8n)
    expect(await table.rows(iceberg, [data], { where: gt('id', 2n), limit: 2 })).toEqual([
      ['5'],
      ['6'],
    ])
  })

  it('are of the files that the table says they mean, and else byte for byte', async () => {
    const file = await table.write('SELECT range AS id FROM range(10)', ', FIELD_IDS {id: 1}')
    const other = await positionDelete([
      ['/warehouse/t/data/p=1/a.parquet', 3],
      ['/elsewhere/data/p=1/a.parquet', 4],
    ])
    const recordedPath = 'hdfs://old:8020/warehouse/t/data/p=1/a.parquet'
    const match = async (paths: readonly string[]) =>
      new Map(paths.filter(path => path.startsWith('/warehouse')).map(path => [path, [0]]))
    const data = { ...file, recordedPath, deletes: [other] }
    expect(await table.read([data]).count(iceberg)).toBe(10n)
    const told = { ...data, deletes: [{ ...other, match } as DeleteFile] }
    expect(await table.read([told]).count(iceberg)).toBe(9n)
  })

  it('take their rows from every listing of a file that is listed twice', async () => {
    const file = await table.write('SELECT range AS id FROM range(10)', ', FIELD_IDS {id: 1}')
    const data = { ...file, deletes: [await positionDelete([[file.path, 3]])] }
    expect(await table.read([data, data]).count(iceberg)).toBe(18n)
    expect(await table.rows(iceberg, [data, data], { where: gt('id', 7n) })).toHaveLength(4)
  })

  it('of a format that is not Parquet are refused', async () => {
    const file = await tenRows([
      { kind: 'position-delete', path: '/d.orc', fileFormat: 'orc', size: 1 },
    ])
    await expect(table.read([file]).count(iceberg)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
      context: { fileFormat: 'orc' },
    })
  })
})

describe('equality deletes', () => {
  const name = field('name', 'string', { id: 2 })
  const dropped = 3
  const iceberg = snapshotOf([id, name], { format: 'iceberg' })
  const rows =
    "SELECT * FROM (VALUES (1::INTEGER, 'a', 7), (2, NULL, 8), (3, 'c', NULL)) t(i, n, d)"

  async function deleting(
    select: string,
    ids: string,
    fieldIds: readonly number[],
  ): Promise<DeleteFile> {
    const file = await table.write(select, `, FIELD_IDS ${ids}`)
    return {
      kind: 'equality-delete',
      path: file.path,
      fileFormat: 'parquet',
      size: file.size,
      fieldIds,
    }
  }

  it.each([
    ['a value', "SELECT 'a' AS n", '{n: 2}', [2], ['2', '3']],
    ['null', 'SELECT NULL::VARCHAR AS n', '{n: 2}', [2], ['1', '3']],
    [
      'two columns together',
      "SELECT 1::BIGINT AS x, 'c' AS n",
      '{x: 1, n: 2}',
      [2, 1],
      ['1', '2', '3'],
    ],
    ['a column dropped since', 'SELECT 8 AS q', '{q: 3}', [dropped], ['1', '3']],
    [
      'null of a column dropped since',
      'SELECT NULL::INTEGER AS q',
      '{q: 3}',
      [dropped],
      ['1', '2'],
    ],
    [
      'a column beside others that do not count',
      "SELECT 9 AS x, 'a' AS n",
      '{x: 1, n: 2}',
      [2],
      ['2', '3'],
    ],
  ] as const)('by %s', async (_, select, ids, fieldIds, left) => {
    const file = await table.write(rows, ', FIELD_IDS {i: 1, n: 2, d: 3}')
    const data = { ...file, deletes: [await deleting(select, ids, fieldIds)] }
    expect(await table.rows(iceberg, [data], { columns: ['id'] })).toEqual(left.map(each => [each]))
    expect(await table.read([data]).count(iceberg)).toBe(BigInt(left.length))
  })

  it.each([
    ['the negative zero', "'-0.0'::DOUBLE", ['0.0', '1.1', 'NaN', 'null']],
    ['zero', '0.0::DOUBLE', ['-0.0', '1.1', 'NaN', 'null']],
    ['a NaN', "'NaN'::DOUBLE", ['-0.0', '0.0', '1.1', 'null']],
    ['null', 'NULL::DOUBLE', ['-0.0', '0.0', '1.1', 'NaN']],
    ['a float widened to a double', "'1.1'::FLOAT::DOUBLE", ['-0.0', '0.0', 'NaN', 'null']],
    ['a float', "'-0.0'::FLOAT", ['0.0', '1.1', 'NaN', 'null']],
  ])(
    'by %s of a column of floats, of one within a struct and of a dropped one',
    async (_, value, left) => {
      const text = field('t', 'string', { id: 10 })
      const double = field('d', 'double', { id: 11 })
      const struct = field('s', { kind: 'struct', fields: [double] }, { id: 12 })
      const values = ['-0.0', '0.0', '1.1', 'NaN'].map(each => `('${each}', '${each}'::FLOAT)`)
      const from = `(VALUES ${values.join(', ')}, ('null', NULL::FLOAT)) v(t, d)`
      const top = await table.write(`SELECT t, d FROM ${from}`, ', FIELD_IDS {t: 10, d: 11}')
      const nested = await table.write(
        `SELECT t, {'d': d} AS s FROM ${from}`,
        ', FIELD_IDS {t: 10, s: {__duckdb_field_id: 12, d: 11}}',
      )
      const flat = await deleting(`SELECT ${value} AS d`, '{d: 11}', [11])
      const below = await deleting(
        `SELECT {'d': ${value}} AS s`,
        '{s: {__duckdb_field_id: 12, d: 11}}',
        [11],
      )
      const cases = [
        [top, [text, double], flat],
        [nested, [text, struct], below],
        // Of a dropped column nobody says that its floats were widened.
        ...(value.includes('1.1') ? [] : [[top, [text], flat] as const]),
      ] as const
      for (const [file, fields, each] of cases) {
        const data = { ...file, deletes: [each] }
        const snapshot = snapshotOf(fields, { format: 'iceberg' })
        const found = await table.rows(snapshot, [data], { columns: ['t'] })
        expect([...found].sort()).toEqual(left.map(text => [text]))
      }
    },
  )

  it('reach only the data files that list them, and columns a file lacks are null', async () => {
    const older = await table.write('SELECT 4::BIGINT AS i', ', FIELD_IDS {i: 1}')
    const newer = await table.write(rows, ', FIELD_IDS {i: 1, n: 2, d: 3}')
    const deletes = [await deleting('SELECT NULL::VARCHAR AS n', '{n: 2}', [2])]
    expect(await table.read([{ ...older, deletes }, newer]).count(iceberg)).toBe(3n)
  })

  it('see the partition value where the file does not hold the column', async () => {
    const file = await table.write('SELECT 4::BIGINT AS i', ', FIELD_IDS {i: 1}')
    const deletes = [await deleting("SELECT 'p' AS n", '{n: 2}', [2])]
    const partitioned = snapshotOf([id, name], {
      format: 'iceberg',
      partitionSpecs: identitySpec(name),
    })
    const files = [
      { ...file, partition: ['p'], deletes },
      {
        ...(await table.write('SELECT 5::BIGINT AS i', ', FIELD_IDS {i: 1}')),
        partition: ['q'],
        deletes,
      },
    ]
    expect(await table.rows(partitioned, files)).toEqual([['5', 'q']])
  })
})

describe('a file that is listed twice', () => {
  it('has its rows twice, each with the deletes of its own listing', async () => {
    const file = await table.write("SELECT range AS id, 'x' AS name FROM range(3)")
    const name = field('name', 'string')
    const two = snapshotOf([id, name])
    const twice = [file, { ...file, deletes: [inline([0])] }]
    expect(await table.rows(two, twice)).toEqual([
      ['0', 'x'],
      ['1', 'x'],
      ['2', 'x'],
      ['1', 'x'],
      ['2', 'x'],
    ])
    expect(await table.read(twice).count(two)).toBe(5n)
    expect(await table.read([file, file, file]).count(two, gt('id', 0n))).toBe(6n)
    const both = [inline([0])]
    const deleted = { ...file, deletes: both }
    expect(await table.read([deleted, deleted]).count(two)).toBe(4n)
  })
})

describe('log files', () => {
  const key = field('k', 'string')
  const value = field('v', { kind: 'struct', fields: [field('a', 'int')] })

  it('replace, remove and add rows', async () => {
    const base = await table.write(
      "SELECT 'k' || range AS k, {'a': range::INTEGER} AS v FROM range(4)",
    )
    const merged = snapshotOf([key, value], {
      format: 'hudi',
      async *mergedLogs() {
        yield [
          { recordKey: 'k1', position: 1n, row: ['k1', [10]] },
          { recordKey: 'k2', position: 2n },
        ]
        yield [{ recordKey: 'k9', row: ['k9', null] }]
      },
    })
    const file = { ...base, logFiles: [{ path: '/x.log', size: 1 }] }
    expect(await table.rows(merged, [file])).toEqual([
      ['k0', { a: 0 }],
      ['k3', { a: 3 }],
      ['k1', { a: 10 }],
      ['k9', null],
    ])
    expect(await table.read([file]).count(merged, gt(['v', 'a'], 2n))).toBe(2n)
  })

  it('without a merge are refused', async () => {
    const file = dataFile('/none.parquet', { logFiles: [{ path: '/x.log', size: 1 }] })
    await expect(table.read([file]).count(snapshotOf([key]))).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })
})
