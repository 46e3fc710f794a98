import { readFile } from 'node:fs/promises'
import type { Predicate, Snapshot, TableReader } from '@spillway/core'
import { createBatchCache } from '@spillway/engine'
import { planScan } from '@spillway/planner'
import { parseSqlPredicate } from '@spillway/protocol'
import { s3Store } from '@spillway/storage/s3'
import type { Measured } from './measure.js'
import type { Job, WorkloadFormat } from './workloads/workload.js'

/** Any are taken. */
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a secret that opens nothing' }

type MakeReader = (options: Options) => TableReader

/** Loaded by who plans with them: the others would count as their memory. */
const READERS: Readonly<Record<WorkloadFormat, () => Promise<MakeReader>>> = {
  delta: async () => (await import('@spillway/delta')).deltaReader,
  iceberg: async () => (await import('@spillway/iceberg')).icebergReader,
  hudi: async () => (await import('@spillway/hudi')).hudiReader,
  parquet: async () => (await import('@spillway/parquet')).parquetTableReader,
}

interface Options {
  readonly store: ReturnType<typeof s3Store>
  readonly cache: ReturnType<typeof createBatchCache>
}

export async function readJob(path: string): Promise<Job> {
  return JSON.parse(await readFile(path, 'utf8')) as Job
}

/**
 * From nothing to the paths of all files that may have what is asked for, through the simulated store. Fails where a file
 * is missing that has it: `lost` is 0 for whoever answers at all.
 */
export async function planStored(job: Job, endpoint: string): Promise<Measured> {
  const store = s3Store({ endpoint, pathStyle: true, region: 'us-east-1', credentials })
  const { predicate } = parseSqlPredicate(job.where)
  const readerOf = await READERS[job.format]()
  const start = performance.now()
  const cache = createBatchCache({ maxBytes: 2 ** 31 })
  const location = job.format === 'parquet' ? `${job.location}/` : job.location
  const snapshot = await readerOf({ store, cache }).snapshot({ location })
  const kept = await keptPaths(snapshot, predicate)
  const ms = performance.now() - start
  const names = new Set(kept.map(nameIn))
  const lost = job.ideal.filter(name => !names.has(name.replace('.parquet', ''))).length
  if (lost > 0)
    throw new Error(`${lost} of ${job.ideal.length} files that have a match are missing`)
  return { ms: [ms], facts: { found: kept.length, ideal: job.ideal.length, lost } }
}

async function keptPaths(snapshot: Snapshot, predicate: Predicate) {
  const kept: string[] = []
  for await (const { files, selection } of planScan(snapshot, { predicate })) {
    for (const { path } of await files.files(selection)) kept.push(path)
  }
  return kept
}

/** `part-000000001`, wherever a format puts more behind it. */
function nameIn(path: string): string {
  return /part-\d{9}/.exec(path)?.[0] ?? path
}
