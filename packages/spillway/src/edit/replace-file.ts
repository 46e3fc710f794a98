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
      // Only who may give files away can, and only where it differs.
      await handle.chown(uid, gid).catch(() => undefined)
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
  const reason =
    code === 'EBUSY' ? 'it is mounted by itself: mount its folder instead' : `${code ?? cause}`
  return new TableError('INVALID_REQUEST', `the configuration cannot be replaced: ${reason}`, {
    context: { path: file },
    cause,
  })
}
