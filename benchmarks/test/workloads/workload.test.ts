import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DuckDBInstance } from '@duckdb/node-api'
import { afterAll, describe, expect, it } from 'vitest'
import { planStored, readJob } from '../../src/plan-stored.js'
import { simulatedStore } from '../../src/store/s3-api.js'
import {
  askedOf,
  isIdeal,
  keysOf,
  type Layout,
  mixed,
  mixedSql,
} from '../../src/workloads/shape.js'
import { lakeOf, prepareWorkload, type Workload } from '../../src/workloads/workload.js'

const data = mkdtempSync(join(tmpdir(), 'spillway-workloads-'))
afterAll(() => rmSync(data, { recursive: true }))

const CALM = {
  ...{ seed: 1, medianMs: 0.1, p99Ms: 0.2, bytesPerSecond: 1e9 },
  ...{ concurrency: 64, pageSize: 1000, refused: 0 },
}

async function planned(workload: Workload) {
  const job = await readJob(await prepareWorkload(data, workload))
  const server = createServer(simulatedStore(lakeOf(data), CALM).listener)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    return await planStored(job, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

describe('a workload', () => {
  it('has the same numbers in JavaScript and in DuckDB', async () => {
    const connection = await (await DuckDBInstance.create(':memory:')).connect()
    const numbers = [0, 1, 2, 77, 65_537, 9_999_999]
    const columns = numbers.map(number => mixedSql(`${number}::BIGINT`, 20_260_101)).join(', ')
    const [found] = (await connection.runAndReadAll(`SELECT ${columns}`)).getRows()
    expect(found!.map(Number)).toEqual(numbers.map(number => mixed(number, 20_260_101)))
    connection.closeSync()
  })

  const all: Workload[] = (
    ['sorted', 'random', 'skewed', 'wide', 'partitions', 'deletes'] as const
  ).flatMap(shape => [
    { format: 'delta' as const, shape, files: 200 },
    { format: 'iceberg' as const, shape, files: 200 },
  ])
  const others: Workload[] = [
    { format: 'hudi', shape: 'random', files: 200 },
    { format: 'hudi', shape: 'partitions', files: 100 },
    { format: 'parquet', shape: 'skewed', files: 100 },
    { format: 'parquet', shape: 'partitions', files: 100 },
  ]
  it.each([...all, ...others])('is planned to the ideal: $format, $shape', async workload => {
    const { facts } = await planned(workload)
    expect(facts.ideal).toBeGreaterThan(0)
    expect(facts).toEqual({ found: facts.ideal, ideal: facts.ideal, lost: 0 })
  })

  it('fails where a file is missing that has a match', async () => {
    const job = await readJob(await prepareWorkload(data, { ...all[0]!, files: 200 }))
    const server = createServer(simulatedStore(lakeOf(data), CALM).listener)
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const more = { ...job, ideal: [...job.ideal, 'part-000000000.parquet'] }
    await expect(planStored(more, endpoint)).rejects.toThrow('1 of 3 files that have a match')
    server.close()
    server.closeAllConnections()
  })

  it('counts the ideal by keys alone', () => {
    const layout: Layout = { shape: 'random', files: 1000, seed: 3 }
    const { from, to } = askedOf(layout)
    const byHand = Array.from({ length: 1000 }, (_, i) => keysOf(layout, i)).filter(
      ({ low, high }) => low < to && high >= from,
    ).length
    const ideal = Array.from({ length: 1000 }, (_, i) => isIdeal(layout, { from, to }, i))
    expect(ideal.filter(Boolean)).toHaveLength(byHand)
    expect(() => keysOf({ ...layout, files: 10 }, 0)).toThrow('expected 100 to 42949672 files')
  })
})
