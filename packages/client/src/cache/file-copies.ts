import { constants, existsSync } from 'node:fs'
import { copyFile as copyNamed, type FileHandle, open } from 'node:fs/promises'
import { throwIfCancelled } from '@spillway/core'

export const COPY_BYTES = 1024 * 1024

/** A file to be read; undefined where there is none: a link, a folder, a pipe, or nothing. */
export async function openEntry(place: string): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  try {
    // A pipe would wait for its writer for ever.
    const handle = await open(place, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
    return undefined
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'ENXIO', 'EISDIR', 'EACCES', 'EPERM'].includes(codeOf(error))) {
      return undefined
    }
    throw error
  }
}

/** Linux opens again what a process has open, by its number: names may lead elsewhere by now. */
const BY_NUMBER = process.platform === 'linux' && existsSync('/proc/self/fd')

/**
 * Makes a file share the bytes of another on the disk, as btrfs and XFS can: it takes no room and no time, and a change of one
 * is none of the other. False where the disk cannot, and the file is as it was.
 */
export async function cloneFile(source: FileHandle, target: FileHandle): Promise<boolean> {
  if (!BY_NUMBER) return false
  const { mode } = await target.stat()
  try {
    const [from, to] = [`/proc/self/fd/${source.fd}`, `/proc/self/fd/${target.fd}`]
    await copyNamed(from, to, constants.COPYFILE_FICLONE_FORCE)
    return true
  } catch {
    return false
  } finally {
    // A copy by name takes the mode along.
    await target.chmod(mode & 0o7777).catch(() => undefined)
  }
}

/** A clone, else all bytes of `source`, which has `size` of them. */
export async function copyFile(
  source: FileHandle,
  target: FileHandle,
  { size, signal }: { readonly size: number; readonly signal?: AbortSignal | undefined },
): Promise<void> {
  if (await cloneFile(source, target)) return
  const buffer = Buffer.allocUnsafe(Math.min(size, COPY_BYTES))
  for (let at = 0; at < size; ) {
    throwIfCancelled(signal)
    const { bytesRead } = await source.read(buffer, 0, Math.min(buffer.length, size - at), at)
    if (bytesRead === 0) throw new Error('a file was cut while it was copied')
    for (let wrote = 0; wrote < bytesRead; ) {
      const { bytesWritten } = await target.write(buffer, wrote, bytesRead - wrote, at + wrote)
      if (bytesWritten === 0) throw diskFull()
      wrote += bytesWritten
    }
    at += bytesRead
  }
}

function diskFull(): Error {
  return Object.assign(new Error('the disk is full'), { code: 'ENOSPC', syscall: 'write' })
}

function codeOf(error: unknown): string {
  return String((error as NodeJS.ErrnoException).code)
}
