import { open, unlink } from 'node:fs/promises'

/**
 * Writes a file that is not there yet. False where there is one; where the disk fails, nothing of it stays behind, for half a
 * file would be taken for one that somebody made.
 */
export async function createFile(
  path: string,
  { text, mode }: { readonly text: string; readonly mode: number },
): Promise<boolean> {
  const handle = await open(path, 'wx', mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') return undefined
    throw error
  })
  if (handle === undefined) return false
  try {
    await handle.writeFile(text)
  } catch (error) {
    await unlink(path).catch(() => undefined)
    throw error
  } finally {
    await handle.close()
  }
  return true
}
