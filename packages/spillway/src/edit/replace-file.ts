import { randomUUID } from 'node:crypto'
import { open, readFile, rename, stat, unlink } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { TableError } from '@spillway/core'

/**
 * Puts `text` in place of the file's, whole and at once, with the mode and owner that it has. False, and nothing is done, where
 * it does not hold `expected` any more.
 */
export async function replaceFile(
  file: string,
  { expected, text }: { readonly expected: string; readonly text: string },
): Promise<boolean> {
  const { mode, uid, gid } = await stat(file)
  const whole = join(dirname(file), `.${basename(file)}.${randomUUID()}`)
  try {
    const handle = await open(whole, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      const made = await handle.stat()
      // A server that runs as somebody else would not read what belongs to us.
      if (made.uid !== uid || made.gid !== gid) await handle.chown(uid, gid)
      await handle.chmod(mode & 0o7777)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if ((await readFile(file, 'utf8')) !== expected) return false
    await rename(whole, file)
    return true
  } catch (cause) {
    throw notReplaced(file, cause)
  } finally {
    await unlink(whole).catch(() => undefined)
  }
}

function notReplaced(file: string, cause: unknown): TableError {
  const { code } = cause as NodeJS.ErrnoException
  const reason = REASONS[code ?? ''] ?? reasonOf(cause)
  return new TableError('INVALID_REQUEST', `the configuration cannot be replaced: ${reason}`, {
    context: { path: file },
    cause,
  })
}

const REASONS: Readonly<Record<string, string>> = {
  EBUSY: 'it is mounted by itself: mount its folder instead',
  EPERM: 'it belongs to another user or group: run this as its owner',
}

/** Why a file cannot be written, in words where there are any. */
export function reasonOf(cause: unknown): string {
  const { code } = cause as NodeJS.ErrnoException
  return DISK[code ?? ''] ?? `${code ?? cause}`
}

const DISK: Readonly<Record<string, string>> = {
  EDQUOT: 'the disk is full',
  EFBIG: 'files may not become as large',
  ENOSPC: 'the disk is full',
  EROFS: 'it lies on a disk that cannot be written',
}
