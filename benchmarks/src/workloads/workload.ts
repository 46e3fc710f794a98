import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { BUCKET } from '../store/objects.js'
import { writeDeltaWorkload } from './delta-workload.js'
import { writeHudiWorkload } from './hudi-workload.js'
import { writeIcebergWorkload } from './iceberg-workload.js'
import { writeParquetWorkload } from './parquet-workload.js'
import { askedOf, isIdeal, type Layout, nameOf, type Shape, sqlOf } from './shape.js'

export type WorkloadFormat = 'delta' | 'iceberg' | 'hudi' | 'parquet'

export interface Workload {
  readonly format: WorkloadFormat
  readonly shape: Shape
  readonly files: number
}

/** What contenders are told, in the file `jobs/{name}.json`. */
export interface Job {
  readonly format: WorkloadFormat
  readonly shape: Shape
  readonly files: number
  /** `s3://lake/{name}`. */
  readonly location: string
  readonly where: string
  readonly from: number
  readonly to: number
  readonly bucket: number | null
  /** The names of the files that have what is asked for, by their keys alone. */
  readonly ideal: readonly string[]
}

const SEED = 20_260_101

/** The folder that the simulated store shows. */
export function lakeOf(data: string): string {
  return join(data, BUCKET)
}

/** Makes the table where it is not there yet; the path of its job. */
export async function prepareWorkload(data: string, workload: Workload): Promise<string> {
  const { format, shape, files } = workload
  const name = `${format}-${shape}-${files}`
  const job = join(data, 'jobs', `${name}.json`)
  if (existsSync(job)) return job
  const path = join(lakeOf(data), name)
  const draft = `${path}.draft`
  for (const folder of [path, draft]) await rm(folder, { recursive: true, force: true })
  await mkdir(draft, { recursive: true })
  const layout: Layout = { shape, files, seed: SEED }
  const location = `s3://${BUCKET}/${name}`
  await write(format, { draft, location, layout })
  await rename(draft, path)
  await mkdir(join(data, 'jobs'), { recursive: true })
  await writeFile(job, JSON.stringify(jobOf(workload, location, layout)))
  return job
}

function jobOf(workload: Workload, location: string, layout: Layout): Job {
  const asked = askedOf(layout)
  const ideal: string[] = []
  for (let file = 0; file < layout.files; file++) {
    if (isIdeal(layout, asked, file)) ideal.push(nameOf(file))
  }
  const { from, to, bucket = null } = asked
  return { ...workload, location, where: sqlOf(asked), from, to, bucket, ideal }
}

interface Target {
  readonly draft: string
  readonly location: string
  readonly layout: Layout
}

function write(format: WorkloadFormat, { draft, location, layout }: Target): Promise<void> {
  switch (format) {
    case 'delta':
      return writeDeltaWorkload(draft, layout)
    case 'iceberg':
      return writeIcebergWorkload(draft, location, layout)
    case 'hudi':
      return writeHudiWorkload(draft, layout)
    case 'parquet':
      return writeParquetWorkload(draft, layout)
  }
}
