import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { duckDb } from '@spillway/rows'
import type { ServedTable } from '../load/server-process.js'

interface Sampler {
  writeSampleTables(
    duckdb: ReturnType<typeof duckDb>,
    folder: string,
  ): Promise<readonly (ServedTable & { readonly note: string })[]>
}

/** The tables of `spillway demo`: Delta with vectors, Iceberg with deletes, Hudi with logs, a folder of Parquet. */
export async function sampleTables(folder: string): Promise<readonly ServedTable[]> {
  const main = pathToFileURL(createRequire(import.meta.url).resolve('spillway'))
  const sampler = (await import(new URL('./demo/sample-tables.js', main).href)) as Sampler
  const duckdb = duckDb()
  try {
    const tables = await sampler.writeSampleTables(duckdb, folder)
    return tables.map(({ note: _, ...table }) => table)
  } finally {
    await duckdb.close()
  }
}
