import { type FileHandle, open, rm } from 'node:fs/promises'
import type { TakeBytes } from './byte-source.js'

/** A file on this disk of the same length as a remote one, with holes for what was not fetched. */
export interface LocalFile {
  readonly path: string
  /** Writes bytes where they lie in the remote file. */
  readonly take: TakeBytes
  /** Makes the file end with `tail` from `offset` on. */
  endWith(tail: Uint8Array, offset: number): Promise<void>
  close(): Promise<void>
  remove(): Promise<void>
}

export async function createLocalFile(path: string, size: number): Promise<LocalFile> {
  const handle = await open(path, 'w+')
  await handle.truncate(size)
  return localFile(path, handle)
}

function localFile(path: string, handle: FileHandle): LocalFile {
  let closed = false
  const close = async () => {
    if (!closed) await handle.close()
    closed = true
  }
  return {
    path,
    take: (bytes, offset) => writeAll(handle, bytes, offset),
    async endWith(tail, offset) {
      await handle.truncate(offset)
      await writeAll(handle, tail, offset)
    },
    close,
    async remove() {
      await close()
      await rm(path, { force: true })
    },
  }
}

async function writeAll(handle: FileHandle, bytes: Uint8Array, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await handle.write(
      bytes,
      written,
      bytes.length - written,
      offset + written,
    )
    written += bytesWritten
  }
}
