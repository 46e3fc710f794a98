import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import {
  copyFile,
  type FileHandle,
  link,
  mkdir,
  open,
  rename,
  stat,
  unlink,
} from 'node:fs/promises'
import { hostname } from 'node:os'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { makerTag, throwIfCancelled } from '@spillway/core'
import { codeOf, localError } from './local-error.js'
import { type LocalRoots, localPath } from './local-path.js'

/** Names of writes under way, with who writes: never listed. */
const UNFINISHED = /^\.spillway-(?:[0-9a-f]{16}-\d+-)?[0-9a-f]{24}\.tmp$/

export function isUnfinished(name: string): boolean {
  return UNFINISHED.test(name)
}

/** Written beside its place and moved there whole: a reader sees all of it or nothing. */
export async function putFile(
  roots: LocalRoots,
  uri: string,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  options: { ifAbsent?: boolean | undefined; signal?: AbortSignal | undefined },
): Promise<boolean> {
  throwIfCancelled(options.signal)
  let unfinished: string | undefined
  try {
    const path = await localPath(roots, uri)
    if (options.ifAbsent === true && (await exists(path))) return false
    unfinished = join(dirname(path), unfinishedName())
    await writeAll(await openNew(unfinished), bytes, options.signal)
    if (options.ifAbsent === true) return await moveIfAbsent(unfinished, path)
    await rename(unfinished, path)
    return true
  } catch (error) {
    throw localError(error, uri)
  } finally {
    if (unfinished !== undefined) await unlink(unfinished).catch(() => undefined)
  }
}

function unfinishedName(): string {
  const maker = makerTag({ host: hostname(), self: process })
  return `.spillway-${maker}-${randomBytes(12).toString('hex')}.tmp`
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined
}

const ATTEMPTS = 10

/** A folder that somebody removes as it is empty is made again. */
async function openNew(path: string): Promise<FileHandle> {
  for (let attempt = 1; ; attempt++) {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 })
    try {
      // Rows of tables: for nobody else on this machine.
      return await open(path, 'wx', 0o600)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || attempt >= ATTEMPTS) throw error
    }
  }
}

async function writeAll(
  file: FileHandle,
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    if (bytes instanceof Uint8Array) await file.writeFile(bytes)
    else {
      for await (const chunk of bytes) {
        throwIfCancelled(signal)
        await file.writeFile(chunk)
      }
    }
    throwIfCancelled(signal)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** A hard link fails where the name is taken, which renaming does not. */
async function moveIfAbsent(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'].includes(codeOf(error))) throw error
  }
  // File systems without hard links: not whole at once, but still never over another.
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}
