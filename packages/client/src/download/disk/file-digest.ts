import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { throwIfCancelled } from '@spillway/core'
import { diskError, type Folder } from './destination.js'
import { openPlain } from './own-file.js'

const READ_BYTES = 1024 * 1024

/** The SHA-256 of a file as it lies in the folder, in lower-case hexadecimal. */
export async function digestOf(
  folder: Folder,
  path: string,
  {
    signal,
    onBytes,
  }: { readonly signal?: AbortSignal | undefined; readonly onBytes?: (count: number) => void } = {},
): Promise<string> {
  try {
    const handle = await openPlain(folder.place(basename(path)), path)
    try {
      const hash = createHash('sha256')
      const buffer = Buffer.allocUnsafe(READ_BYTES)
      for (;;) {
        throwIfCancelled(signal)
        const { bytesRead } = await handle.read(buffer, 0, READ_BYTES, null)
        if (bytesRead === 0) return hash.digest('hex')
        hash.update(buffer.subarray(0, bytesRead))
        onBytes?.(bytesRead)
      }
    } finally {
      await handle.close()
    }
  } catch (error) {
    throw diskError(error, path)
  }
}
