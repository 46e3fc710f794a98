import { storedGzip } from './stored-gzip.js'
import { paddingOf, tarEnd, tarHeader } from './tar-entries.js'

/** A file that goes into an archive. */
export interface ArchivedFile {
  readonly path: string
  readonly size: number
  /** Its bytes, `size` of them. */
  read(): Promise<Uint8Array>
}

/** A `.tar.gz` of files in their order, one in memory at a time. Its bytes follow from the paths and the bytes of the files alone. */
export function filesArchive(files: readonly ArchivedFile[]): AsyncGenerator<Uint8Array> {
  return storedGzip(tarParts(files))
}

async function* tarParts(files: readonly ArchivedFile[]): AsyncGenerator<Uint8Array> {
  for (const { path, size, read } of files) {
    yield tarHeader(path, size)
    yield await read()
    yield paddingOf(size)
  }
  yield tarEnd()
}
