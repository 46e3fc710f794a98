import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Field } from '@spillway/core'
import { parquetFooterFile } from '@spillway/testkit'

const columns = (count: number): readonly Field[] =>
  Array.from({ length: count }, (_, i) => {
    const name = `column ${i}`
    return { id: i + 1, name, physicalName: name, type: 'long', nullable: true }
  })

const FILES_OF_A_FOLDER = 100

/** A folder of Parquet files without a log, in folders of a partition column. */
export async function manyParquetFiles(folder: string, files: number): Promise<void> {
  const bytes = parquetFooterFile(columns(3), [{ rowCount: 10, columns: new Map() }])
  for (let from = 0; from < files; from += FILES_OF_A_FOLDER) {
    const part = join(folder, `part=${from / FILES_OF_A_FOLDER}`)
    await mkdir(part, { recursive: true })
    const names = Array.from({ length: Math.min(FILES_OF_A_FOLDER, files - from) }, (_, i) => i)
    await Promise.all(names.map(i => writeFile(join(part, `${i}.parquet`), bytes)))
  }
}

/** Two files of `count` columns, which lie in another order in the second. */
export async function wideParquetFiles(folder: string, count: number): Promise<void> {
  await mkdir(folder, { recursive: true })
  const all = columns(count)
  const group = [{ rowCount: 10, columns: new Map() }]
  await writeFile(join(folder, 'a.parquet'), parquetFooterFile(all, group))
  await writeFile(join(folder, 'b.parquet'), parquetFooterFile(all.toReversed(), group))
}
