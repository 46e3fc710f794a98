import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { TableError } from '@spillway/core'
import { diskError, linkRefused, shown } from './destination.js'

const { O_RDONLY, O_RDWR, O_CREAT } = constants
/** A pipe would wait for its other end for ever; a link leads elsewhere. Windows knows neither flag. */
const CAREFULLY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)

/** Opens, or makes, a file of our own to be written: no link, and nothing that has another name elsewhere. */
export async function openOwn(place: string, path: string): Promise<FileHandle> {
  const handle = await openCarefully(place, path, O_RDWR | O_CREAT)
  const { nlink } = await handle.stat()
  if (nlink === 1) return handle
  await handle.close()
  throw linkRefused(path)
}

/** Opens a file to be read. A link, a pipe, a device and a folder are refused by their name. */
export function openPlain(place: string, path: string): Promise<FileHandle> {
  return openCarefully(place, path, O_RDONLY)
}

/** Makes a file of our own hold `text` and nothing else. */
export async function writeOwn(place: string, path: string, text: string): Promise<void> {
  const handle = await openOwn(place, path)
  try {
    const bytes = Buffer.from(text)
    await handle.writeFile(bytes)
    // Last: who reads meanwhile what has the same beginning finds no less than was there.
    await handle.truncate(bytes.length)
  } catch (error) {
    throw diskError(error, path)
  } finally {
    await handle.close()
  }
}

/** All of a plain file that has no more than `maxBytes`; undefined where nothing is there. */
export async function readOwn(
  place: string,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): Promise<Buffer | undefined> {
  let handle: FileHandle
  try {
    handle = await openPlain(place, path)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw error
  }
  try {
    return await readBounded(handle, { path, maxBytes })
  } finally {
    await handle.close()
  }
}

/** What is in an open file, which somebody may be writing to. */
export async function readBounded(
  handle: FileHandle,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): Promise<Buffer> {
  const { size } = await handle.stat()
  if (size > maxBytes) throw notOurs(path, `a file of ${size} bytes`)
  const bytes = Buffer.alloc(size)
  for (let at = 0; at < size; ) {
    const { bytesRead } = await handle.read(bytes, at, size - at, at)
    if (bytesRead === 0) return bytes.subarray(0, at)
    at += bytesRead
  }
  return bytes
}

async function openCarefully(place: string, path: string, flags: number): Promise<FileHandle> {
  let handle: FileHandle
  try {
    handle = await open(place, flags | CAREFULLY, 0o666)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ELOOP') throw linkRefused(path)
    // A pipe that nobody reads, a socket, a folder.
    if (code === 'ENXIO' || code === 'EISDIR') throw notOurs(path, 'something else')
    throw diskError(error, path)
  }
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw notOurs(path, 'something else')
}

function isAbsent(error: unknown): boolean {
  return ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT'
}

function notOurs(path: string, found: string): TableError {
  return new TableError(
    'CONFLICT',
    `a file ${shown(path)} that a download made is expected, found ${found} there: remove it`,
    { context: { path } },
  )
}
