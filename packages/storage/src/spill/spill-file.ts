import { createHash, webcrypto } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import process from 'node:process'
import { nextTurn } from '@spillway/core'

/** A file is: magic, the length of the head, the head as JSON, padding, the content, and the SHA-256 of all of that. */
const MAGIC = 'spwyspl1'
const FIXED_BYTES = 16
const DIGEST_BYTES = 32
const ALIGNMENT = 8
/** Locations and paths are at most some kilobytes long. */
const MAX_HEAD_BYTES = 1024 ** 2
/** No batch is as large. */
const MAX_FILE_BYTES = 2 ** 31
/** Written and hashed in one go: a millisecond. */
const CHUNK_BYTES = 1024 ** 2

/** What a file says that it is. */
export interface SpillHead {
  /** The program that wrote it, and its version. */
  readonly maker: string
  readonly layout: string
  readonly table: string
  readonly object: string
}

/** Why a file is not believed. */
export class SpillFault extends Error {}

/** Bytes of a file with such a head and content. */
export function spillBytes(head: SpillHead, content: number): number {
  return padded(FIXED_BYTES + headBytes(head).length) + content + DIGEST_BYTES
}

/** Writes all of a new file, for nobody else on this machine; `path` must not be there. */
export async function writeSpill(
  path: string,
  head: SpillHead,
  pieces: readonly Uint8Array[],
): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    const hash = createHash('sha256')
    for (const bytes of chunksOf([startOf(head), ...pieces])) {
      hash.update(bytes)
      await writeAll(file, bytes)
    }
    await writeAll(file, hash.digest())
  } finally {
    await file.close()
  }
}

/**
 * The content of a file that was written for `head`; undefined where there is no file. Throws a `SpillFault` for any other: another's,
 * one that others may read or write, a link, a damaged one, one of another head.
 */
export async function readSpill(path: string, head: SpillHead): Promise<Uint8Array | undefined> {
  const file = await openOwn(path)
  if (file === undefined) return undefined
  try {
    const bytes = await readWhole(file)
    const start = startOf(head)
    const end = bytes.length - DIGEST_BYTES
    if (end < start.length || !start.every((byte, i) => byte === bytes[i])) {
      throw new SpillFault('it is of something else')
    }
    // A copy is hashed beside this thread, so that several files are at the same time.
    const digest = await webcrypto.subtle.digest('SHA-256', bytes.subarray(0, end))
    if (!Buffer.from(digest).equals(bytes.subarray(end))) throw new SpillFault('it is damaged')
    return bytes.subarray(start.length, end)
  } finally {
    await file.close()
  }
}

/** What opening says of links, and of what is no file. */
const NO_FILES: ReadonlySet<string> = new Set(['ELOOP', 'EMLINK', 'EISDIR', 'ENXIO'])

/** No link is followed, and nothing waited for that is no file. */
async function openOwn(path: string): Promise<FileHandle | undefined> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants
  try {
    return await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    // All else, such as too many open files, says nothing of what is there.
    throw NO_FILES.has(code) ? new SpillFault('it is no file', { cause: error }) : error
  }
}

async function readWhole(file: FileHandle): Promise<Uint8Array<ArrayBuffer>> {
  const found = await file.stat()
  if (!found.isFile()) throw new SpillFault('it is no file')
  if (!isOwn(found)) throw new SpillFault('it is not for this user alone')
  if (found.size > MAX_FILE_BYTES) throw new SpillFault('it is larger than any')
  // A buffer of its own: arrays lie within it, at multiples of eight bytes.
  const bytes = new Uint8Array(found.size)
  let at = 0
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, at)
    if (bytesRead === 0) throw new SpillFault('it is shorter than it was')
    at += bytesRead
  }
  return bytes
}

/** True for what belongs to this process's user, and to nobody else. */
export function isOwn({ uid, mode }: { readonly uid: number; readonly mode: number }): boolean {
  // Where there are no such owners, as on Windows, folders of a user are closed to others by themselves.
  return process.getuid === undefined || (uid === process.getuid() && (mode & 0o077) === 0)
}

function startOf(head: SpillHead): Uint8Array {
  const json = headBytes(head)
  const start = new Uint8Array(padded(FIXED_BYTES + json.length))
  start.set(new TextEncoder().encode(MAGIC))
  new DataView(start.buffer).setUint32(MAGIC.length, json.length, true)
  start.set(json, FIXED_BYTES)
  return start
}

function headBytes({ maker, layout, table, object }: SpillHead): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify({ maker, layout, table, object }))
  if (json.length > MAX_HEAD_BYTES) throw new SpillFault('its name is too long')
  return json
}

function* chunksOf(pieces: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += CHUNK_BYTES) {
      yield piece.subarray(at, at + CHUNK_BYTES)
    }
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at)).bytesWritten
  }
  await nextTurn()
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT
}
