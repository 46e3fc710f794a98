import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TableFormat } from '@spillway/core'
import type { DuckDb } from '@spillway/rows'
import { writeDelta } from './write-delta.js'

/** A table of the demo, and what is worth knowing about it. */
export interface SampleTable {
  readonly name: string
  readonly format: TableFormat
  readonly location: string
  readonly note: string
  readonly rebase?: readonly { readonly from: string; readonly to: string }[] | undefined
}

const DAYS = 14
const FIRST_DAY = Date.parse('2026-03-01T00:00:00Z')
const TRIPS_PER_FILE = 1500
const STATIONS = ['Harbour', 'Old Mill', 'Museum', 'Station Square', 'University', 'Zoo']

/** Writes the sample tables into `folder`; the same bytes of data every time. */
export async function writeSampleTables(
  duckdb: DuckDb,
  folder: string,
): Promise<readonly SampleTable[]> {
  const connection = await duckdb.connect()
  const at = (name: string) => join(folder, name)
  try {
    await writeDelta(connection, { folder: at('trips'), ...tripsTable() })
    await writeDelta(connection, { folder: at('stations'), ...stationsTable() })
    await connection.run(
      `COPY (${WEATHER}) TO '${at('weather')}' (FORMAT parquet, PARTITION_BY (day))`,
    )
    // Tables that other engines wrote: their metadata names the folders that they were written in.
    await cp(SAMPLE_FOLDER, folder, { recursive: true })
  } finally {
    connection.close()
  }
  return sampleTables(at)
}

function sampleTables(at: (name: string) => string): readonly SampleTable[] {
  return [
    {
      name: 'trips',
      format: 'delta',
      location: at('trips'),
      note: 'partitioned by day, 20 rows deleted by a vector',
    },
    {
      name: 'stations',
      format: 'delta',
      location: at('stations'),
      note: 'a column renamed since its file was written',
    },
    {
      name: 'reviews',
      format: 'iceberg',
      location: at('reviews'),
      note: 'version 3, by Spark: rows deleted by Puffin vectors',
      rebase: [{ from: '/tmp/spillway-golden-iceberg/spark/db/spark-v3-deletion-vectors', to: '' }],
    },
    {
      name: 'accounts',
      format: 'hudi',
      location: at('accounts'),
      note: 'merge-on-read, by Spark: log files change its rows',
    },
    {
      name: 'weather',
      format: 'parquet',
      location: at('weather'),
      note: 'a folder of files, a subfolder a day',
    },
  ]
}

const SAMPLE_FOLDER = fileURLToPath(new URL('../../sample', import.meta.url))

const WEATHER = `SELECT DATE '2026-03-01' + i::INTEGER AS day, hour, (8 + 6 * sin(hour / 4.0) + i % 5)::DOUBLE AS celsius
  FROM range(${DAYS}) d(i), range(24) h(hour)`

function tripsTable() {
  const files = Array.from({ length: DAYS * 2 }, (_, i) => {
    const day = new Date(FIRST_DAY + Math.floor(i / 2) * 86_400_000).toISOString().slice(0, 10)
    const evening = i % 2 === 1
    return {
      path: `day=${day}/part-${evening ? 'evening' : 'morning'}.parquet`,
      partition: day,
      select: tripsOf(day, i),
      ...(i === 13 && { deleted: Array.from({ length: 20 }, (_unused, n) => n * 7) }),
    }
  })
  return {
    id: '6f1d3c1e-6c7b-4b1f-9c2a-000000000001',
    partitionColumn: 'day',
    columns: [
      { name: 'trip_id', type: 'long' },
      { name: 'started_at', type: 'timestamp' },
      { name: 'station', type: 'string' },
      { name: 'distance_km', type: 'double' },
      { name: 'fare', type: 'decimal(8,2)' },
      { name: 'day', type: 'date' },
    ],
    files,
  }
}

/** Half a day of trips. Numbers come from a hash, so that they look random and never change. */
function tripsOf(day: string, file: number): string {
  const start = `TIMESTAMPTZ '${day} ${file % 2 === 0 ? '06:00:00' : '14:00:00'}+00'`
  const random = (salt: number, below: number) =>
    `(hash(i * 31 + ${file * 7919 + salt}) % ${below})`
  const stations = STATIONS.map(name => `'${name}'`).join(', ')
  return `SELECT (${file * TRIPS_PER_FILE} + i)::BIGINT AS trip_id,
    ${start} + to_seconds((i * 19)::INTEGER) AS started_at,
    [${stations}][${random(1, STATIONS.length)}::INTEGER + 1] AS station,
    (${random(2, 2400)} / 100.0)::DOUBLE AS distance_km,
    (2.5 + ${random(2, 2400)} / 100.0 * 1.2)::DECIMAL(8,2) AS fare
    FROM range(${TRIPS_PER_FILE}) t(i)`
}

function stationsTable() {
  const rows = STATIONS.map((name, i) => `('${name}', ${(i + 1) * 12}, ${i % 2 === 0})`).join(', ')
  return {
    id: '6f1d3c1e-6c7b-4b1f-9c2a-000000000002',
    columns: [
      { name: 'station', type: 'string', physicalName: 'col-4f2a' },
      { name: 'docks', type: 'integer', physicalName: 'bike_stands' },
      { name: 'covered', type: 'boolean', physicalName: 'col-77b0' },
    ],
    files: [
      {
        path: 'part-0.parquet',
        select: `SELECT col0 AS "col-4f2a", col1::INTEGER AS bike_stands, col2 AS "col-77b0" FROM (VALUES ${rows})`,
      },
    ],
  }
}
