import { type Field, type ObjectStore, throwIfCancelled } from '@spillway/core'
import { type ParquetFooter, parquetFields, readParquetFooter } from '@spillway/encoding'
import type { ListedFile } from './table-location.js'

/** What is kept of a file's footer. */
export interface FileFacts {
  readonly identity: string
  readonly footer: ParquetFooter
  readonly fields: readonly Field[]
}

const CONCURRENCY = 16

/** Footers of all files: the schema is all of theirs. Those of files that `known` has are not read again. */
export async function readFacts(
  store: ObjectStore,
  files: readonly ListedFile[],
  known: ReadonlyMap<string, FileFacts>,
  signal?: AbortSignal,
): Promise<readonly FileFacts[]> {
  const facts = new Array<FileFacts>(files.length)
  let next = 0
  const worker = async () => {
    while (next < files.length) {
      throwIfCancelled(signal)
      const index = next++
      const file = files[index]!
      const identity = identityOf(file)
      const before = known.get(file.path)
      facts[index] =
        before?.identity === identity ? before : await factsOf(store, file, identity, signal)
    }
  }
  await Promise.all(Array.from({ length: Math.min(CONCURRENCY, files.length) }, worker))
  return facts
}

export function identityOf({ size, lastModified, etag }: ListedFile): string {
  return `${size} ${lastModified} ${etag ?? ''}`
}

async function factsOf(
  store: ObjectStore,
  file: ListedFile,
  identity: string,
  signal?: AbortSignal,
): Promise<FileFacts> {
  const footer = await readParquetFooter(store, file, signal)
  return { identity, footer, fields: parquetFields(footer) }
}

/** Index of a footer's leaf by the names on the way to it; undefined where the file lacks it. */
export function leafOfPath(footer: ParquetFooter, names: readonly string[]): number | undefined {
  const at = footer.leaves.findIndex(
    ({ path }) => path.length === names.length && path.every((name, i) => name === names[i]),
  )
  return at < 0 ? undefined : at
}

/** True where no column of the file begins the path: rows then hold null there. */
export function lacksColumn(footer: ParquetFooter, names: readonly string[]): boolean {
  return !footer.root.children.some(({ name }) => name === names[0])
}
