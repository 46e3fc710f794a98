import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename } from 'node:path'
import { throwIfCancelled } from '@spillway/core'
import { diskError, type Folder } from './destination.js'

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
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0)
  try {
    const handle = await open(folder.place(basename(path)), flags)
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
