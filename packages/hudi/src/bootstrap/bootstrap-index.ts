import {
  budgetsOf,
  type ObjectStore,
  type ReadBudgets,
  Slices,
  TableError,
  type TableSource,
} from '@spillway/core'
import { HFile, openAvroFile, readAvroRows } from '@spillway/encoding'
import type { SourceFile } from '../file-groups/file-slices.js'
import { objectSource } from '../log-files/log-file.js'
import { entriesOf, textOf } from '../timeline/timeline-document.js'
import { sourcePath } from './source-path.js'

/** Which source file belongs to which skeleton. */
export interface BootstrapIndex {
  /** By file id, the source files of a partition's skeletons; undefined where the table has no index at all. */
  sourcesOf(
    partition: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, SourceFile> | undefined>
}

/** The instant of every bootstrap that wrote skeletons: files of it hold Hudi's own columns alone. */
export const SKELETON_INSTANT = '00000000000001'
const FOLDER = '.hoodie/.aux/.bootstrap/.partitions'

/** The HFile index that a bootstrap wrote, opened when it is first asked. */
export function bootstrapIndex(
  store: ObjectStore,
  root: string,
  source: TableSource,
): BootstrapIndex {
  let opening: Promise<readonly HFile[]> | undefined
  return {
    async sourcesOf(partition, signal) {
      opening ??= openIndex(store, `${root}/${FOLDER}/`)
      const files = await opening.catch(error => {
        opening = undefined
        throw error
      })
      if (files.length === 0) return undefined
      const found = new Map<string, SourceFile>()
      const slices = new Slices()
      const key = new TextEncoder().encode(`part=${partition}`)
      for (const file of files) {
        for await (const { value } of file.lookup([key], signal)) {
          for (const [id, each] of await readPartition(value, partition, budgetsOf(store))) {
            found.set(id, { ...each, path: sourcePath(source, each.path) })
            if (slices.isOver) await slices.pause()
          }
        }
      }
      return found
    },
  }
}

async function openIndex(store: ObjectStore, folder: string): Promise<readonly HFile[]> {
  const files: HFile[] = []
  for await (const file of store.list(folder)) {
    if (file.path.endsWith('.hfile')) files.push(await HFile.open(objectSource(store, file)))
  }
  return files
}

/** HoodieBootstrapPartitionMetadata, each value an Avro file of its own. */
async function readPartition(
  value: Uint8Array,
  partition: string,
  budgets: ReadBudgets,
): Promise<readonly (readonly [string, SourceFile])[]> {
  const where = `the bootstrap index of partition '${partition}'`
  const rows = await readAvroRows(await openAvroFile(value, where, budgets), row => {
    const files = entriesOf(entriesOf(row, where).get('fileIdToBootstrapFile'), where)
    return [...files].map(([id, status]) => [id, fileOf(entriesOf(status, where), where)] as const)
  })
  return rows.flat()
}

function fileOf(status: ReadonlyMap<string, unknown>, where: string): SourceFile {
  const path = textOf(entriesOf(status.get('path'), where).get('uri'))
  const size = Number(status.get('length') ?? Number.NaN)
  if (path !== undefined && Number.isSafeInteger(size) && size >= 0) return { path, size }
  throw new TableError('TABLE_CORRUPT', `${where} names a source file without its path or length`, {
    context: { path: path ?? '' },
  })
}
