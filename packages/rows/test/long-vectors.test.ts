import type { DataFile, DeletionVector } from '@spillway/core'
import { turnsDuring } from '@spillway/testkit'
import { describe, expect, it } from 'vitest'
import { rowResolver } from '../src/index.js'
import { vectorBytes } from '../src/merge-on-read/deletion-vector.js'
import { field, rowFixture, snapshotOf } from './support/fixture.js'
import { longestHold } from './support/longest-hold.js'

const table = rowFixture()
const id = field('id', 'long', { id: 1 })
const snapshot = snapshotOf([id])
const iceberg = snapshotOf([id], { format: 'iceberg' })

function vector(bitmap: DeletionVector['bitmap'], cardinality: number, id = 'v'): DeletionVector {
  return { kind: 'deletion-vector', id, bitmap, cardinality }
}

/** Full containers, each a run: 14 bytes hold 65,536 positions. */
function fullRuns(containers: number): DeletionVector {
  const flags = (containers + 7) >> 3
  const fixed = 4 + 8 + 4 + 4 + flags
  const bytes = Buffer.alloc(fixed + containers * (4 + 4 + 6))
  bytes.writeUInt32LE(1681511377)
  bytes.writeBigUInt64LE(1n, 4)
  bytes.writeUInt32LE((12347 | ((containers - 1) << 16)) >>> 0, 16)
  bytes.fill(255, 20, 20 + flags)
  for (let i = 0; i < containers; i++) {
    bytes.writeUInt16LE(i, fixed + i * 4)
    bytes.writeUInt16LE(65535, fixed + i * 4 + 2)
    const run = fixed + containers * 8 + i * 6
    bytes.writeUInt16LE(1, run)
    bytes.writeUInt16LE(65535, run + 4)
  }
  return vector(bytes, containers * 65536)
}

describe('a vector of millions of positions', () => {
  it('is refused before one of them is taken in, where its file has fewer rows', async () => {
    const file = await table.write('SELECT range AS id FROM range(1000)')
    const lies: DataFile = { ...file, deletes: [fullRuns(1023)] }
    const before = process.memoryUsage().rss
    await expect(table.read([lies]).count(snapshot)).rejects.toMatchObject({
      code: 'TABLE_CORRUPT',
      message: 'row 67043327 of a file is deleted, and the file has 1000 rows',
      context: { path: file.path },
    })
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024)
  })

  it('is applied exactly, and lets others go on meanwhile', async () => {
    const file = await table.write('SELECT range AS id FROM range(2_000_000)')
    const positions = Float64Array.from({ length: 1_000_000 }, (_, i) => 2 * i)
    const deletes = [vector(vectorBytes(positions), positions.length)]
    const { hold, whole } = await longestHold(async () => {
      expect(await table.read([{ ...file, deletes }]).count(snapshot)).toBe(1_000_000n)
    })
    expect(hold).toBeLessThan(whole / 3)
  })
})

describe('pairs', () => {
  it('are appended as they are, of any size, from blocks of any length', async () => {
    const connection = await table.duckdb.connect()
    await connection.run('CREATE TEMP TABLE pairs (file BIGINT, pos BIGINT)')
    const appender = await connection.appender('pairs')
    const greatest = Number.MAX_SAFE_INTEGER
    await appender.append(7, [Float64Array.of(0, 2 ** 31, 2 ** 32 - 1), Float64Array.of()])
    await appender.append(8, [Float64Array.of(2 ** 32, 2 ** 52 + 1, greatest)])
    const many = Float64Array.from({ length: 100_000 }, (_, i) => 2 ** 33 + i)
    await appender.append(9, [many.subarray(0, 1), many.subarray(1)])
    appender.close()
    expect(await connection.all('SELECT * FROM pairs WHERE file < 9 ORDER BY pos')).toEqual([
      [7n, 0n],
      [7n, 2n ** 31n],
      [7n, 2n ** 32n - 1n],
      [8n, 2n ** 32n],
      [8n, 2n ** 52n + 1n],
      [8n, BigInt(greatest)],
    ])
    expect(
      await connection.all(
        'SELECT count(DISTINCT pos), min(pos), max(pos) FROM pairs WHERE file = 9',
      ),
    ).toEqual([[100_000n, 2n ** 33n, 2n ** 33n + 99_999n]])
    connection.close()
  })

  it('are appended in steps, until the request is cancelled', async () => {
    const connection = await table.duckdb.connect()
    await connection.run('CREATE TEMP TABLE pairs (file BIGINT, pos BIGINT)')
    const appender = await connection.appender('pairs')
    const block = Float64Array.from({ length: 65_536 }, (_, i) => i)
    const { turns } = await turnsDuring(() => appender.append(1, new Array(40).fill(block)))
    expect(turns).toBeGreaterThan(5)
    const cancelling = new AbortController()
    setImmediate(() => cancelling.abort())
    const endless = {
      *[Symbol.iterator]() {
        for (;;) yield block
      },
    }
    await expect(appender.append(2, endless, cancelling.signal)).rejects.toMatchObject({
      code: 'CANCELLED',
    })
    appender.close()
    connection.close()
  })
})

describe('a vector that the server makes', () => {
  it('of a million positions is made without holding others up', async () => {
    const file = await table.write('SELECT range AS id FROM range(2_000_000)')
    const deletes = await table.write(
      `SELECT '${file.path.replaceAll("'", "''")}' AS file_path, range * 2 AS pos FROM range(1_000_000)`,
      ', FIELD_IDS {file_path: 2147483546, pos: 2147483545}',
    )
    const { path, size } = deletes
    const given: DataFile = {
      ...file,
      recordCount: 2_000_000,
      deletes: [{ kind: 'position-delete', path, size, fileFormat: 'parquet' }],
    }
    const resolver = rowResolver({ store: table.store, duckdb: table.duckdb })
    let made: DeletionVector | undefined
    const { hold, whole } = await longestHold(async () => {
      made = await resolver.toDeletionVector(iceberg, given)
    })
    const positions = Float64Array.from({ length: 1_000_000 }, (_, i) => 2 * i)
    expect(made?.cardinality).toBe(positions.length)
    expect(Buffer.from(made!.bitmap as Uint8Array).equals(vectorBytes(positions))).toBe(true)
    expect(hold).toBeLessThan(whole / 4)
  })

  it('is the one that the file has, where it has no other deletes', async () => {
    const file = await table.write('SELECT range AS id FROM range(1000)')
    const bitmap = vectorBytes([1, 998])
    const resolver = rowResolver({ store: table.store, duckdb: table.duckdb })
    const made = await resolver.toDeletionVector(snapshot, {
      ...file,
      deletes: [vector(bitmap, 2)],
    })
    expect(made).toMatchObject({ bitmap, cardinality: 2 })
    for (const lie of [vector(bitmap, 3), vector(vectorBytes([1, 1000]), 2), fullRuns(1023)]) {
      await expect(
        resolver.toDeletionVector(snapshot, { ...file, deletes: [lie] }),
      ).rejects.toMatchObject({ code: 'TABLE_CORRUPT' })
    }
  })
})

describe('the refusal of a vector', () => {
  it('shows neither an id of megabytes nor where a file lies', async () => {
    const file = await table.write('SELECT range AS id FROM range(10)')
    const long = vector(vectorBytes([1]), 2, 'x'.repeat(10_000_000))
    const path = `${table.folder}/team/dv.bin`
    const missing = vector({ path, offset: 5, length: 40 }, 1, 'pteam-dir/dv.bin@1')
    const refusals = await Promise.all(
      [long, missing].map(each =>
        table
          .read([{ ...file, deletes: [each] }])
          .count(snapshot)
          .then(String, error => error),
      ),
    )
    expect(refusals.map(({ code, message }) => [code, message])).toEqual([
      [
        'TABLE_CORRUPT',
        'a deletion vector is damaged: its metadata says 2 rows are deleted, its bitmap 1',
      ],
      ['TABLE_CORRUPT', 'a deletion vector is damaged: its file is not there'],
    ])
    expect(refusals.map(({ context }) => context)).toEqual([
      { vector: 'x'.repeat(200) },
      { vector: 'pteam-dir/dv.bin@1', path },
    ])
  })
})

it('rows of a long answer are taken in as they come, without holding others up', async () => {
  const connection = await table.duckdb.connect()
  let count = 0
  const { hold, whole } = await longestHold(async () => {
    count = (await connection.all('SELECT range, range::VARCHAR FROM range(400_000)')).length
  })
  expect(count).toBe(400_000)
  expect(hold).toBeLessThan(whole / 4)
  connection.close()
})
