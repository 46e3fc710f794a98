import { constants, readlinkSync } from 'node:fs'
import { type FileHandle, lstat, open, realpath } from 'node:fs/promises'
import { codeOf } from './local-error.js'
import { checkReal, type LocalRoots, localPath } from './local-path.js'

// Without O_NONBLOCK, opening a named pipe would wait for a writer. Windows has neither of the two.
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)
const READ_NO_LINK = READ | (constants.O_NOFOLLOW ?? 0)

/**
 * Opens a file where the roots allow it. The real path is opened, and then what was opened is asked where it lies: a
 * folder that was swapped for a link in between leads nowhere.
 */
export async function openLocal(roots: LocalRoots, uri: string): Promise<FileHandle> {
  const path = await localPath(roots, uri)
  if (roots.limits.length === 0) return open(path, READ)
  const file = await openReal(path, uri, roots)
  try {
    await checkOpened(file, { roots, uri, path })
    return file
  } catch (error) {
    await file.close()
    throw error
  }
}

async function openReal(path: string, uri: string, roots: LocalRoots): Promise<FileHandle> {
  try {
    return await open(path, READ_NO_LINK)
  } catch (error) {
    // A link took the place of the file since: where it leads now decides.
    if (codeOf(error) !== 'ELOOP') throw error
    return open(await localPath(roots, uri), READ_NO_LINK)
  }
}

interface Opened {
  readonly roots: LocalRoots
  readonly uri: string
  /** The real path that was opened. */
  readonly path: string
}

async function checkOpened(file: FileHandle, { roots, uri, path }: Opened): Promise<void> {
  const real = pathOfOpen(file)
  if (real !== undefined) {
    if (real !== path) await checkReal(roots, uri, real)
    return
  }
  // Where a system does not tell where an open file lies, its path is resolved again: it must still be this very file.
  const again = await realpath(path)
  await checkReal(roots, uri, again)
  const [opened, found] = await Promise.all([
    file.stat({ bigint: true }),
    lstat(again, { bigint: true }),
  ])
  if (opened.ino !== found.ino || opened.dev !== found.dev) throw new ReplacedFile(path)
}

/** Another file came under the name while it was opened: never read, and worth another try. */
class ReplacedFile extends Error {
  readonly code = 'EAGAIN'

  constructor(path: string) {
    super(`${path} was replaced while it was opened`)
  }
}

/** Linux: of the file itself, wherever it was opened by. Memory of the kernel, so that no disk is waited for. */
function pathOfOpen(file: FileHandle): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const real = readlinkSync(openedAs(file))
    return real.startsWith('/') ? real : undefined
  } catch {
    return undefined
  }
}

/** A name of an open file in this process; Linux alone has one that opens it again. */
function openedAs(file: FileHandle): string {
  return `/proc/self/fd/${file.fd}`
}

/** Where other code opens `file` by: itself where there is a name for that, else the real path it was opened at. */
export async function nameOfOpen(
  file: FileHandle,
  roots: LocalRoots,
  uri: string,
): Promise<string> {
  return pathOfOpen(file) === undefined ? localPath(roots, uri) : openedAs(file)
}
