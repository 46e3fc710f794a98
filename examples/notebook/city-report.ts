import { writeFile } from 'node:fs/promises'
import { DuckDBInstance } from '@duckdb/node-api'
import { attachShare } from '@spillway/duckdb'
import { type Answer, type Cell, reportPage, runCell } from './report.js'

// A notebook, read from top to bottom: each cell says what it wants to know, asks in SQL and draws the answer.

const CELLS: readonly Cell[] = [
  {
    title: 'Trips a day',
    text: 'All days, so no file can be left out. Two columns are read; of files larger than these, only theirs are fetched.',
    sql: 'SELECT day::VARCHAR, count(trip_id) FROM city.public.trips GROUP BY day ORDER BY day',
    unit: 'trips',
    chart: 'bars',
  },
  {
    title: 'Long trips on a weekend, by station',
    text: 'The filter goes to the provider, who leaves out every file of other days; the join happens here.',
    sql: `SELECT s.station || ' (' || s.docks || ')', count(*)
FROM city.public.trips t JOIN city.public.stations s USING (station)
WHERE t.day BETWEEN DATE '2026-03-07' AND DATE '2026-03-08' AND t.distance_km > 20
GROUP BY ALL ORDER BY 2 DESC`,
    unit: 'trips longer than 20 km, by station (docks)',
    chart: 'bars',
  },
  {
    title: 'How warm the hours of the day were',
    text: 'A folder of Parquet files at the provider; here a table like the others.',
    sql: `SELECT hour::VARCHAR || ':00', avg(celsius)
FROM city.public.weather WHERE day >= DATE '2026-03-08' GROUP BY hour ORDER BY hour`,
    unit: 'degrees Celsius, mean of a week',
    chart: 'line',
  },
]

/** Answers every cell through the share and writes the page. */
export async function writeCityReport(profile: string, path: string): Promise<readonly Answer[]> {
  const instance = await DuckDBInstance.create()
  const connection = await instance.connect()
  const share = await attachShare(connection, profile)
  try {
    const answers: Answer[] = []
    for (const cell of CELLS) answers.push(await runCell(share, cell))
    await writeFile(path, reportPage('Two weeks of bicycle trips', answers))
    return answers
  } finally {
    await share.close()
    connection.closeSync()
    instance.closeSync()
  }
}
