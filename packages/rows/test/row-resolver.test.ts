import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  type DataFile,
  type DataType,
  type DeleteFile,
  type DeletionVector,
  type LogRecord,
  type SplitSlice,
  TableError,
} from '@spillway/core'
import { readParquetFooter } from '@spillway/encoding'
import { memoryStore } from '@spillway/storage'
import { afterAll, describe, expect, it } from 'vitest'
import { cleanStaging, rowResolver } from '../src/index.js'
import { readVector, vectorBytes } from '../src/merge-on-read/deletion-vector.js'
import { dataFile, field, rowFixture, snapshotOf } from './support/fixture.js'

const table = rowFixture()
const REAL = fileURLToPath(new URL('../../../test/fixtures/real/parquet/', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'spillway-staging-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const staging = { store: table.store, location: `file://${folder}` }
const resolver = rowResolver({ store: table.store, duckdb: table.duckdb, staging })
const id = field('id', 'long', { id: 1 })
const iceberg = snapshotOf([id], { format: 'iceberg' })

function vector(positions: readonly number[]): DeleteFile {
  return {
    kind: 'deletion-vector',
    id: 'v',
    cardinality: positions.length,
    bitmap: vectorBytes(positions),
  }
}

async function withAllDeletes(): Promise<DataFile> {
  const data = await table.write('SELECT range AS id FROM range(100000)', ', FIELD_IDS {id: 1}')
  const positions = await table.write(
    `SELECT '${data.path}' AS file_path, range AS pos FROM range(70000, 70003)`,
    ', FIELD_IDS {file_path: 2147483546, pos: 2147483545}',
  )
  const equal = await table.write(
    'SELECT unnest([5, 99999, 123456])::BIGINT AS id',
    ', FIELD_IDS {id: 1}',
  )
  return {
    ...data,
    deletes: [
      { kind: 'position-delete', path: positions.path, fileFormat: 'parquet', size: 1 },
      { kind: 'equality-delete', path: equal.path, fileFormat: 'parquet', size: 1, fieldIds: [1] },
    ],
  }
}

describe('toDeletionVector', () => {
  it('puts position and equality deletes into one vector', async () => {
    const found = await resolver.toDeletionVector(iceberg, await withAllDeletes())
    if (found.kind !== 'deletion-vector') throw new Error('expected a vector')
    expect(found.cardinality).toBe(5)
    expect([...(await readVector(table.store, found))]).toEqual([5, 70000, 70001, 70002, 99999])
  })

  it('reads no data where deletes name positions themselves', async () => {
    const data = await withAllDeletes()
    const gone = {
      ...data,
      path: `${data.path} is not there`,
      recordCount: 100000,
      deletes: [data.deletes[0]!, vector([3, 70001])],
    }
    const found = await resolver.toDeletionVector(iceberg, {
      ...gone,
      deletes: [vector([3, 70001])],
    })
    expect([...(await readVector(table.store, found))]).toEqual([3, 70001])
    await expect(
      resolver.toDeletionVector(iceberg, { ...gone, recordCount: 70001 }),
    ).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
  })

  it('resolves once what is asked again, as long as there is room', async () => {
    const file = await withAllDeletes()
    const alone = rowResolver({ store: table.store, duckdb: table.duckdb })
    const first = await alone.toDeletionVector(iceberg, file)
    expect(await alone.toDeletionVector(iceberg, file)).toBe(first)
    const small = rowResolver({ store: table.store, duckdb: table.duckdb, keptVectorBytes: 1 })
    expect(await small.toDeletionVector(iceberg, file)).not.toBe(
      await small.toDeletionVector(iceberg, file),
    )
  })

  it('resolves a file once for every snapshot that has it with the same deletes', async () => {
    const file = await withAllDeletes()
    const first = await resolver.toDeletionVector(iceberg, file)
    const later = { ...file, modificationTime: file.modificationTime + 60_000 }
    expect(await resolver.toDeletionVector({ ...iceberg, version: 99n }, later)).toBe(first)
  })

  it('gives the same vector for the same deletes', async () => {
    const file = await withAllDeletes()
    const twice = [
      await resolver.toDeletionVector(iceberg, file),
      await resolver.toDeletionVector(iceberg, file),
    ]
    expect(twice[0]).toEqual(twice[1])
  })

  it('refuses what changes rows instead of removing them', async () => {
    const file = { ...(await table.write('SELECT 1 AS id')), logFiles: [{ path: '/l', size: 1 }] }
    await expect(resolver.toDeletionVector(iceberg, file)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })
})

describe('checkPaths', () => {
  const position = async (paths: readonly string[]) => {
    const named = paths.map(path => `('${path}', 0)`).join(', ')
    const { path } = await table.write(
      `SELECT * FROM (VALUES ${named}) t(file_path, pos)`,
      ', FIELD_IDS {file_path: 2147483546, pos: 2147483545}',
    )
    return { kind: 'position-delete', path, fileFormat: 'parquet', size: 1 } as const
  }
  const files = [{ recordedPath: 'a' }, { recordedPath: 'b' }]

  it('asks the table what each path means, once read', async () => {
    const asked: (readonly string[])[] = []
    const match = async (paths: readonly string[]) => {
      asked.push([...paths].sort())
      return new Map()
    }
    const named = { ...(await position(['a', 'x', 'a'])), match }
    await resolver.checkPaths(iceberg, named, files)
    await table.store.delete(named.path)
    await resolver.checkPaths(iceberg, named, files)
    expect(asked).toEqual([
      ['a', 'x'],
      ['a', 'x'],
    ])
  })

  it('fails where the table cannot tell', async () => {
    const match = () => Promise.reject(new TableError('UNSUPPORTED_FEATURE', 'either'))
    const unclear = resolver.checkPaths(iceberg, { ...(await position(['x'])), match }, files)
    await expect(unclear).rejects.toMatchObject({ code: 'UNSUPPORTED_FEATURE' })
  })
})

describe('toVectorFile', () => {
  it('puts a vector into a file that readers of Delta understand, once', async () => {
    const long = vector(Array.from({ length: 30_000 }, (_, i) => 3 * i)) as DeletionVector
    const stored = await resolver.toVectorFile(long)
    expect(await resolver.toVectorFile(long)).toEqual(stored)
    if (stored.bitmap instanceof Uint8Array) throw new Error('expected a file')
    const { bytes } = (await table.store.get(stored.bitmap.path))!
    expect([bytes[0], stored.bitmap.offset, bytes.length]).toEqual([1, 5, stored.bitmap.length + 9])
    const read = await readVector(table.store, stored)
    expect([read.cardinality, read.has(89_997), read.has(89_998)]).toEqual([30_000, true, false])
    const disk = stored.bitmap.path.slice('file://'.length)
    utimesSync(disk, 1000, 1000)
    const options = { location: staging.location, olderThanMs: 3_600_000, now: Date.now() }
    expect(await cleanStaging(table.store, options)).toBe(1)
  })
})

describe('splitSlice', () => {
  const key = field('k', 'string')
  const logs = (records: readonly LogRecord[]) => {
    let merges = 0
    const snapshot = snapshotOf([key], {
      format: 'hudi',
      tableId: JSON.stringify(records, (_, value) =>
        typeof value === 'bigint' ? `${value}` : value,
      ),
      async *mergedLogs() {
        merges++
        yield records
      },
    })
    return { snapshot, merges: () => merges }
  }
  const slice = async () => ({
    ...(await table.write("SELECT 'k' || range AS k FROM range(3)")),
    logFiles: [{ path: '/l', size: 1 }],
    bounds: new Map([[key.id, { lower: 'k0', upper: 'k9', nullCount: 0 }]]),
  })
  const rowsOf = (files: readonly (DataFile | undefined)[]) =>
    table.rows(
      snapshotOf([key]),
      files.filter(file => file !== undefined),
    )
  const withVector = ({ base }: SplitSlice) =>
    base && { ...base.file, deletes: base.vector === undefined ? [] : [base.vector] }

  it('is the base file less a vector, and a small file of what the logs made', async () => {
    const { snapshot } = logs([
      { recordKey: 'k0', position: 0n },
      { recordKey: 'k1', position: 1n, row: ['new 1'] },
      { recordKey: 'k7', row: ['k7'] },
    ])
    const file = await slice()
    const split = (await resolver.splitSlice(snapshot, file))!
    expect(split.base).toMatchObject({
      file: { path: file.path, size: file.size, recordCount: 3, logFiles: [] },
      vector: { cardinality: 2 },
    })
    expect(split.changed).toMatchObject({ recordCount: 2, deletes: [], logFiles: [] })
    expect(split.changed!.path).toMatch(/\/[0-9a-f]{2}\/[0-9a-f]{64}\.parquet$/)
    // The slice's bounds are of base and logs together, and its counts of neither.
    expect([split.base!.file.bounds.size, split.changed!.bounds.size]).toEqual([0, 0])
    expect(await rowsOf([withVector(split), split.changed])).toEqual([['k2'], ['new 1'], ['k7']])
  })

  it('is merged once, whoever asks later', async () => {
    const { snapshot, merges } = logs([{ recordKey: 'k1', position: 1n, row: ['once'] }])
    const file = await slice()
    const first = await resolver.splitSlice(snapshot, file)
    const other = rowResolver({ store: table.store, duckdb: table.duckdb, staging })
    expect(await other.splitSlice(snapshot, file)).toEqual(first)
    expect(merges()).toBe(1)
  })

  it('needs neither staging nor a small file where logs only delete', async () => {
    const alone = rowResolver({ store: table.store, duckdb: table.duckdb })
    const { snapshot, merges } = logs([{ recordKey: 'k1', position: 1n }])
    const file = await slice()
    for (const each of [alone, alone, resolver]) {
      const split = (await each.splitSlice(snapshot, file))!
      expect(split).not.toHaveProperty('changed')
      expect(await rowsOf([withVector(split)])).toEqual([['k0'], ['k2']])
    }
    expect(merges()).toBe(2)
    const changing = logs([{ recordKey: 'k1', position: 1n, row: ['changed'] }])
    expect(await alone.splitSlice(changing.snapshot, file)).toBeUndefined()
  })

  it('leaves out a base file without a row, and what never was one', async () => {
    const all = [0n, 1n, 2n].map(position => ({ recordKey: `k${position}`, position }))
    expect(await resolver.splitSlice(logs(all).snapshot, await slice())).toEqual({})
    const only = { ...(await slice()), path: '/l', fileFormat: 'hudi-log' as const }
    const split = (await resolver.splitSlice(
      logs([{ recordKey: 'n', row: ['n'] }]).snapshot,
      only,
    ))!
    expect(split).not.toHaveProperty('base')
    expect(await rowsOf([split.changed])).toEqual([['n']])
    const untouched = await resolver.splitSlice(
      logs([{ recordKey: 'x', row: ['x'] }]).snapshot,
      await slice(),
    )
    expect(untouched!.base).not.toHaveProperty('vector')
  })
})

describe('toCompleteFile', () => {
  it('writes exactly the live rows under the names and types of the table', async () => {
    const day = field('day', 'date')
    const nested = field('s p', {
      kind: 'struct',
      fields: [field('in', 'long', { physicalName: 'p9' })],
    })
    const snapshot = snapshotOf(
      [
        field('id', 'long', { physicalName: 'c1' }),
        nested,
        field('level', 'int', { initialDefault: 3 }),
        day,
      ],
      {
        partitionSpecs: new Map([
          [
            0,
            {
              id: 0,
              fields: [
                { id: 1000, sourceIds: [day.id], name: 'day', transform: { kind: 'identity' } },
              ],
            },
          ],
        ]),
      },
    )
    const file = {
      ...(await table.write(
        'SELECT range::INTEGER AS c1, {\'p9\': range::INTEGER} AS "s p" FROM range(4)',
      )),
      partition: [19358],
      deletes: [vector([0, 3])],
      bounds: new Map([[1, { lower: 0n, upper: 3n, nullCount: 0 }]]),
      delta: { partitionValues: new Map([['day', '2023-01-01']]), stats: '{"numRecords":4}' },
    }
    const complete = await resolver.toCompleteFile(snapshot, {
      ...file,
      physicalName: 0,
    } as DataFile)
    expect(complete).toMatchObject({
      recordCount: 2,
      deletes: [],
      delta: { partitionValues: new Map([['day', '2023-01-01']]) },
      bounds: new Map([[1, { lower: 0n, upper: 3n }]]),
    })
    expect(complete.delta).not.toHaveProperty('stats')
    const plain = snapshotOf([
      field('id', 'long'),
      field('s p', { kind: 'struct', fields: [field('in', 'long')] }),
      field('level', 'int'),
      field('day', 'date'),
    ])
    expect(await table.rows(plain, [complete])).toEqual([
      ['1', { in: '1' }, 3, '2023-01-01'],
      ['2', { in: '2' }, 3, '2023-01-01'],
    ])
  })

  it('writes a UUID as the binary that recipients are told it is', async () => {
    const file = await table.write("SELECT '00112233-4455-6677-8899-aabbccddeeff'::UUID AS u")
    const complete = await resolver.toCompleteFile(snapshotOf([field('u', 'uuid')]), file)
    const bytes = Buffer.from('00112233445566778899aabbccddeeff', 'hex').toString('base64')
    expect(await table.rows(snapshotOf([field('u', 'binary')]), [complete])).toEqual([[bytes]])
    expect(await table.rows(snapshotOf([field('u', 'binary')]), [file])).toEqual([[bytes]])
  })

  it('writes nanoseconds as microseconds, with and without a zone, below columns too', async () => {
    const file = dataFile(`${REAL}nanos-nested/table/a.parquet`)
    const columns = (plain: DataType, zoned: DataType) => [
      field('s', { kind: 'struct', fields: [field('t', plain), field('z', zoned)] }),
      field('l', { kind: 'list', element: field('element', plain) }),
      field('m', { kind: 'map', key: field('key', 'string'), value: field('value', zoned) }),
    ]
    const nanos = snapshotOf(columns('timestamp_ns', 'timestamptz_ns'))
    const complete = await resolver.toCompleteFile(nanos, file)
    const footer = await readParquetFooter(table.store, complete)
    expect([...new Set(footer.leaves.map(({ type }) => type))]).toEqual([
      'timestamp',
      'timestamptz',
      'string',
    ])
    const micros = snapshotOf(columns('timestamp', 'timestamptz'))
    const moment = '2024-01-01T00:00:00.000001'
    expect(await table.rows(micros, [complete])).toEqual([
      [{ t: moment, z: `${moment}Z` }, [moment, null, moment], [{ key: 'k', value: `${moment}Z` }]],
      [null, null, []],
    ])
  })

  it('is refused where a moment in it is no whole number of microseconds', async () => {
    const file = await table.write("SELECT [TIMESTAMP_NS '2024-01-01 00:00:00.000000001'] AS l")
    const element = field('element', 'timestamp_ns')
    const snapshot = snapshotOf([field('l', { kind: 'list', element })])
    await expect(resolver.toCompleteFile(snapshot, file)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
    const found = await resolver.cutNanos(snapshot, file, [3])
    expect(found).toEqual(new Map([[3, 1_704_067_200_000_000_001n]]))
  })

  it('is looked at again for such moments where it was written anew', async () => {
    const file = await table.write("SELECT TIMESTAMP_NS '2024-01-01' AS t")
    const snapshot = snapshotOf([field('t', 'timestamp_ns')])
    expect(await resolver.cutNanos(snapshot, file, [1])).toEqual(new Map())
    const bytes = readFileSync(file.path)
    const known = Buffer.from(new BigInt64Array([1_704_067_200_000_000_000n]).buffer)
    bytes.writeBigInt64LE(1_704_067_200_000_000_007n, bytes.indexOf(known))
    writeFileSync(file.path, bytes)
    const anew = { ...file, modificationTime: 1 }
    expect([...(await resolver.cutNanos(snapshot, anew, [1])).values()]).toEqual([
      1_704_067_200_000_000_007n,
    ])
  })

  it('writes UUIDs as binary under structs, lists and maps too, nulls as nulls', async () => {
    const uuid = "'00112233-4455-6677-8899-aabbccddeeff'::UUID"
    const file = await table.write(
      `SELECT [${uuid}, NULL] AS l, {'f': [{'u': ${uuid}}]} AS s, MAP{'k': ${uuid}} AS m
       UNION ALL SELECT NULL, NULL, NULL`,
    )
    const columns = (type: DataType) => [
      field('l', { kind: 'list', element: field('element', type) }),
      field('s', {
        kind: 'struct',
        fields: [
          field('f', {
            kind: 'list',
            element: field('element', { kind: 'struct', fields: [field('u', type)] }),
          }),
        ],
      }),
      field('m', { kind: 'map', key: field('key', 'string'), value: field('value', type) }),
    ]
    const complete = await resolver.toCompleteFile(snapshotOf(columns('uuid')), file)
    const bytes = Buffer.from('00112233445566778899aabbccddeeff', 'hex').toString('base64')
    expect(await table.rows(snapshotOf(columns('binary')), [complete])).toEqual([
      [[bytes, null], { f: [{ u: bytes }] }, [{ key: 'k', value: bytes }]],
      [null, null, null],
    ])
    const { leaves } = await readParquetFooter(table.store, complete)
    expect(leaves.map(({ logicalType }) => logicalType?.kind)).toEqual([
      undefined,
      undefined,
      'string',
      undefined,
    ])
  })

  it('is written once for the same rows, by however many ask', async () => {
    const file = await withAllDeletes()
    const before = readdirSync(folder, { recursive: true }).length
    const all = await Promise.all([1, 2, 3].map(() => resolver.toCompleteFile(iceberg, file)))
    const again = await rowResolver({
      store: table.store,
      duckdb: table.duckdb,
      staging,
    }).toCompleteFile(iceberg, file)
    expect(
      new Set(
        [...all, again].map(({ path, recordCount, size }) => `${path} ${recordCount} ${size}`),
      ).size,
    ).toBe(1)
    expect(all[0]!.recordCount).toBe(99995)
    expect(readdirSync(folder, { recursive: true }).length - before).toBeLessThanOrEqual(2)
  })

  it('is another file when the deletes or the schema are', async () => {
    const file = await table.write('SELECT range AS id FROM range(3)')
    const delta = snapshotOf([id])
    const paths = [
      await resolver.toCompleteFile(delta, { ...file, deletes: [vector([1])] }),
      await resolver.toCompleteFile(delta, { ...file, deletes: [vector([2])] }),
      await resolver.toCompleteFile(snapshotOf([{ ...id, name: 'number' }]), {
        ...file,
        deletes: [vector([1])],
      }),
    ]
    expect(new Set(paths.map(({ path }) => path)).size).toBe(3)
  })

  it('merges the logs of a slice', async () => {
    const key = field('k', 'string')
    const merged = snapshotOf([key], {
      format: 'hudi',
      async *mergedLogs() {
        yield [
          { recordKey: 'k0', position: 0n },
          { recordKey: 'k7', row: ['k7'] },
        ]
      },
    })
    const base = await table.write("SELECT 'k' || range AS k FROM range(2)")
    const complete = await resolver.toCompleteFile(merged, {
      ...base,
      logFiles: [{ path: '/l', size: 1 }],
    })
    expect(await table.rows(snapshotOf([key]), [complete])).toEqual([['k1'], ['k7']])
  })

  it('stops waiting when its caller goes away, and refuses types it cannot write', async () => {
    const file = await table.write('SELECT 1::BIGINT AS id')
    const gone = AbortSignal.abort()
    await expect(resolver.toCompleteFile(snapshotOf([id]), file, gone)).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    const variant = snapshotOf([field('v', { kind: 'opaque', name: 'variant' })])
    await expect(resolver.toCompleteFile(variant, file)).rejects.toMatchObject({
      code: 'UNSUPPORTED_FEATURE',
    })
  })

  it('is written to any store', async () => {
    const store = memoryStore()
    const remote = rowResolver({
      store: table.store,
      duckdb: table.duckdb,
      staging: { store, location: 's3://staging/rewritten/' },
    })
    const file = {
      ...(await table.write('SELECT range AS id FROM range(3)')),
      deletes: [vector([1])],
    }
    const first = await remote.toCompleteFile(snapshotOf([id]), file)
    const second = await remote.toCompleteFile(snapshotOf([id]), file)
    expect(first.path).toMatch(/^s3:\/\/staging\/rewritten\/[0-9a-f]{2}\/[0-9a-f]{64}\.parquet$/)
    expect([first.recordCount, second.recordCount]).toEqual([2, 2])
  })
})

describe('cleanStaging', () => {
  it('removes aged files of ours and nothing else', async () => {
    const file = await table.write('SELECT 1::BIGINT AS id')
    const { path } = await resolver.toCompleteFile(snapshotOf([id]), file)
    const disk = path.slice('file://'.length)
    writeFileSync(join(folder, 'notes.parquet'), 'mine')
    for (const each of [disk, join(folder, 'notes.parquet')]) utimesSync(each, 1000, 1000)
    const options = { location: staging.location, olderThanMs: 3_600_000, now: Date.now() }
    expect(await cleanStaging(table.store, options)).toBe(1)
    expect(await table.store.head(path)).toBeUndefined()
    expect(readdirSync(folder)).toContain('notes.parquet')
  })
})
