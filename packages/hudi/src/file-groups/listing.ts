import type { ObjectStore } from '@spillway/core'
import { isExternalFile, parseFileName } from './file-name.js'
import type { ListedFile } from './file-slices.js'

/** Where a table's files are: its partitions, and the files of each, whichever slice they belong to. */
export interface Listing {
  readonly kind: 'storage' | 'metadata'
  /** Paths relative to the table, in order; '' is the table's own folder. */
  readonly partitions: readonly string[]
  /** How many files these partitions hold, at most, where that is known without reading more. */
  fileCount?(partitions: readonly string[]): number
  files(
    partitions: readonly string[],
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, readonly ListedFile[]>>
}

const AFTER_EVERYTHING = '\u{10ffff}'

/** Lists the table's folder. Partitions are the folders that hold files: their marker files can be missing. */
export async function listStorage(
  store: ObjectStore,
  root: string,
  signal?: AbortSignal,
): Promise<Listing> {
  const folders = new Map<string, ListedFile[]>()
  for await (const file of listOutsideHoodie(store, `${root}/`, signal)) {
    const slash = file.relative.lastIndexOf('/')
    const folder = slash < 0 ? '' : file.relative.slice(0, slash)
    const name = file.relative.slice(slash + 1)
    const files = folders.get(folder)
    if (files === undefined) folders.set(folder, [{ name, size: file.size }])
    else files.push({ name, size: file.size })
  }
  // A folder without a file of Hudi's naming is no partition, whatever else lies there.
  const isPartition = (folder: string) =>
    folders
      .get(folder)!
      .some(({ name }) => parseFileName(name) !== undefined || isExternalFile(name))
  return {
    kind: 'storage',
    partitions: [...folders.keys()].filter(isPartition).sort(),
    fileCount: partitions =>
      partitions.reduce((sum, partition) => sum + (folders.get(partition)?.length ?? 0), 0),
    async files(partitions) {
      return new Map(partitions.map(partition => [partition, folders.get(partition) ?? []]))
    },
  }
}

/** Everything but `.hoodie/`, whose metadata table can be larger than the table: the listing jumps over it. */
async function* listOutsideHoodie(store: ObjectStore, root: string, signal?: AbortSignal) {
  const hidden = `${root}.hoodie/`
  const options = signal === undefined ? {} : { signal }
  let jump = false
  for await (const { path, size } of store.list(root, options)) {
    if (path.startsWith(hidden)) {
      jump = true
      break
    }
    yield { relative: path.slice(root.length), size }
  }
  if (!jump) return
  const after = `${hidden}${AFTER_EVERYTHING}`
  for await (const { path, size } of store.list(root, { startAfter: after, ...options })) {
    if (!path.startsWith(hidden)) yield { relative: path.slice(root.length), size }
  }
}

/** The files of one partition as its folder has them. */
export async function listFolder(
  store: ObjectStore,
  root: string,
  partition: string,
  signal?: AbortSignal,
): Promise<readonly ListedFile[]> {
  const folder = partition === '' ? `${root}/` : `${root}/${partition}/`
  const files: ListedFile[] = []
  for await (const { path, size } of store.list(folder, signal === undefined ? {} : { signal })) {
    const name = path.slice(folder.length)
    if (!name.includes('/')) files.push({ name, size })
  }
  return files
}
