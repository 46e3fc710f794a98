#!/usr/bin/env node
// What it costs that rows do not depend on footers in doubt: selective counts over one large file of many row groups.
// usage: selective.mjs [--engine DIST] [--rows 4000000] [--rounds 7]; DIST of another build tells before from after.
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

const packages = fileURLToPath(new URL('../../packages/', import.meta.url))
const { values: options } = parseArgs({
  options: {
    engine: { type: 'string', default: join(packages, 'rows/dist') },
    rows: { type: 'string', default: '4000000' },
    rounds: { type: 'string', default: '7' },
  },
})
const { duckDb, tableRows } = await import(
  pathToFileURL(join(resolve(options.engine), 'index.js')).href
)
const { createSchema, unknownStats } = await import(
  pathToFileURL(join(packages, 'core/dist/index.js')).href
)
const { localStore } = await import(pathToFileURL(join(packages, 'storage/dist/index.js')).href)

const folder = mkdtempSync(join(tmpdir(), 'spillway-selective-'))
const duckdb = duckDb({ threads: 2 })
const field = (id, name, type) => ({ id, name, physicalName: name, type, nullable: true })
const schema = createSchema([
  field(1, 'id', 'long'),
  field(2, 'x', 'double'),
  field(3, 's', 'string'),
])
const snapshot = {
  ...{ format: 'delta', tableId: 'a', version: 1n, timestamp: 0, schema },
  ...{ partitionSpecs: new Map(), properties: new Map(), features: new Set() },
  ...{ columnMatching: { by: 'name' }, deletes: 'delta-vectors', changeFeed: 'none' },
  ...{ partitionValues: 'metadata', modificationTimes: 'file' },
  ...{ native: { format: 'parquet' }, source: { location: folder } },
  files: { handles: [], summaries: unknownStats(0) },
}

const compare = (op, name, value, type) => ({
  ...{ kind: 'comparison', op, ref: { names: [name] } },
  value: { value, type },
})
const QUESTIONS = (rows, bloom) => [
  ['id = one', compare('eq', 'id', BigInt(rows >> 1), 'long')],
  [`x = one${bloom}`, compare('eq', 'x', rows / 4, 'double')],
  [`x < few${bloom}`, compare('lt', 'x', 100, 'double')],
  [`x > all but few${bloom}`, compare('gt', 'x', rows / 2 - 100, 'double')],
  ['s = one', compare('eq', 's', String(rows >> 1).padStart(12, '0'), 'string')],
]

try {
  const rows = Number(options.rows)
  for (const [bloom, cardinality] of [
    ['', rows],
    [' (bloom)', rows / 100],
  ]) {
    const path = join(folder, `${cardinality}.parquet`)
    const connection = await duckdb.connect()
    const step = rows / cardinality
    const x = step === 1 ? 'range / 2' : `(range // ${step}) * ${step} / 2`
    await connection.run(
      `COPY (SELECT range AS id, ${x} AS x, lpad(range::VARCHAR, 12, '0') AS s FROM range(${rows})) TO '${path}' (FORMAT parquet, ROW_GROUP_SIZE 20480)`,
    )
    connection.close()
    const file = {
      ...{ path, recordedPath: path, fileFormat: 'parquet', size: statSync(path).size },
      ...{ modificationTime: 0, specId: 0, partition: [], deletes: [], logFiles: [] },
      bounds: new Map(),
    }
    const table = tableRows({
      store: localStore(),
      duckdb,
      files: async function* () {
        yield [file]
      },
    })
    for (const [name, where] of QUESTIONS(rows, bloom)) {
      if (bloom !== '' && !name.endsWith(bloom)) continue
      const times = []
      let found
      for (let round = 0; round < Number(options.rounds); round++) {
        const start = performance.now()
        found = await table.count(snapshot, where)
        times.push(performance.now() - start)
      }
      times.sort((a, b) => a - b)
      console.log(
        `${name.padEnd(26)} ${String(found).padStart(8)} rows  ${times[times.length >> 1].toFixed(1)} ms`,
      )
    }
  }
} finally {
  await duckdb.close()
  rmSync(folder, { recursive: true, force: true })
}
