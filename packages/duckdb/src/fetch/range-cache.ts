import { createHash, randomBytes } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Lane } from '@spillway/core'
import { crc32 } from '@spillway/encoding'
import type { ByteRange, ByteSource, RemoteObject, TakeBytes } from './byte-source.js'

/** Ranges of files, kept on the disk across queries and processes. */
export interface RangeCache {
  /** `source` behind the cache; `namespace` tells providers and tables apart, whose file ids may be alike. */
  over(source: ByteSource, namespace: string): ByteSource
}

export interface RangeCacheOptions {
  readonly folder: string
  readonly maxBytes: number
}

const COPY_BYTES = 1024 * 1024
/** Behind the bytes of each block of COPY_BYTES, its CRC-32. */
const CHECKSUM_BYTES = 4
const NAME = /^[0-9a-f]{64}\.range$/

/**
 * Each range that was asked for is a file of its own, named by a digest of what it is, complete when it has its name and
 * checked when it is read. The least recently used go when there are too many bytes; processes may share a folder.
 */
export async function rangeCache({ folder, maxBytes }: RangeCacheOptions): Promise<RangeCache> {
  await mkdir(folder, { recursive: true })
  const ranges = new RangeFolder(folder, { maxBytes, held: await bytesIn(folder) })
  return {
    over(source, namespace) {
      const read: ByteSource['read'] = async (object, range, take, signal) => {
        const length = range.end - range.start
        // Deletion vectors come without a size, and what will not fit is not worth writing.
        if (object.size === undefined || length <= 0 || length > maxBytes) {
          return source.read(object, range, take, signal)
        }
        const path = join(folder, `${nameOf(namespace, object, range)}.range`)
        if (await isWhole(path, length)) return serve(path, range, take)
        return ranges.fetchInto(path, source, { object, range, take, signal })
      }
      return {
        read,
        tagOf: object => source.tagOf(object),
        pin: (object, tag) => source.pin(object, tag),
        async bytes(object, range, signal) {
          const whole = new Uint8Array(range.end - range.start)
          const take: TakeBytes = (bytes, offset) => whole.set(bytes, offset - range.start)
          await read(object, range, take, signal)
          return whole
        },
      }
    },
  }
}

interface Reading {
  readonly object: RemoteObject
  readonly range: ByteRange
  readonly take: TakeBytes
  readonly signal: AbortSignal | undefined
}

/** The files of a cache, and how many bytes they have. */
class RangeFolder {
  readonly #folder: string
  readonly #maxBytes: number
  #held: number
  /** One file at a time gets its name and room is made for it: what is held is counted by one alone. */
  readonly #keeping = new Lane()

  constructor(
    folder: string,
    { maxBytes, held }: { readonly maxBytes: number; readonly held: number },
  ) {
    this.#folder = folder
    this.#maxBytes = maxBytes
    this.#held = held
  }

  async fetchInto(path: string, source: ByteSource, reading: Reading): Promise<void> {
    const { object, range, take, signal } = reading
    const temporary = `${path}.${randomBytes(6).toString('hex')}`
    const file = await open(temporary, 'w')
    try {
      const writer = new BlockWriter(file)
      const both: TakeBytes = async (bytes, offset) => {
        await writer.write(bytes)
        await take(bytes, offset)
      }
      await source.read(object, range, both, signal)
      const written = await writer.end()
      await file.close()
      await this.#keeping.run(() => this.#keep(temporary, path, written))
    } catch (error) {
      await file.close().catch(() => undefined)
      await rm(temporary, { force: true })
      throw error
    }
  }

  async #keep(temporary: string, path: string, bytes: number): Promise<void> {
    await rename(temporary, path)
    this.#held += bytes
    await this.#makeRoom()
  }

  async #makeRoom(): Promise<void> {
    if (this.#held <= this.#maxBytes) return
    const files: { readonly path: string; readonly size: number; readonly usedAt: number }[] = []
    for (const name of await readdir(this.#folder)) {
      if (!NAME.test(name)) continue
      const path = join(this.#folder, name)
      const found = await stat(path).catch(() => undefined)
      if (found !== undefined) files.push({ path, size: found.size, usedAt: found.mtimeMs })
    }
    this.#held = files.reduce((sum, { size }) => sum + size, 0)
    for (const { path, size } of files.sort((a, b) => a.usedAt - b.usedAt)) {
      if (this.#held <= this.#maxBytes) return
      await rm(path, { force: true })
      this.#held -= size
    }
  }
}

function nameOf(namespace: string, { key, size }: RemoteObject, { start, end }: ByteRange): string {
  const what = JSON.stringify([namespace, key, size, start, end])
  return createHash('sha256').update(what).digest('hex')
}

async function bytesIn(folder: string): Promise<number> {
  let held = 0
  for (const name of await readdir(folder)) held += (await sizeOf(join(folder, name))) ?? 0
  return held
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    found => found.size,
    () => undefined,
  )
}

/** Writes blocks of COPY_BYTES, each with its checksum. */
class BlockWriter {
  readonly #file: FileHandle
  #block = new Uint8Array(COPY_BYTES + CHECKSUM_BYTES)
  #filled = 0
  #written = 0

  constructor(file: FileHandle) {
    this.#file = file
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const part = bytes.subarray(at, at + COPY_BYTES - this.#filled)
      this.#block.set(part, this.#filled)
      this.#filled += part.length
      at += part.length
      if (this.#filled === COPY_BYTES) await this.#flush()
    }
  }

  /** Returns the length of the file. */
  async end(): Promise<number> {
    await this.#flush()
    return this.#written
  }

  async #flush(): Promise<void> {
    if (this.#filled === 0) return
    const checksum = crc32(this.#block.subarray(0, this.#filled))
    new DataView(this.#block.buffer).setUint32(this.#filled, checksum)
    const length = this.#filled + CHECKSUM_BYTES
    await this.#file.write(this.#block, 0, length, this.#written)
    this.#written += length
    this.#filled = 0
  }
}

/** True for a file of the right length whose every block has its checksum; another one is removed. */
async function isWhole(path: string, length: number): Promise<boolean> {
  const blocks = Math.ceil(length / COPY_BYTES)
  const size = await sizeOf(path)
  if (size === undefined) return false
  if (
    size === length + blocks * CHECKSUM_BYTES &&
    (await eachBlock(path, length, () => undefined))
  ) {
    await utimes(path, new Date(), new Date()).catch(() => undefined)
    return true
  }
  await rm(path, { force: true })
  return false
}

async function serve(path: string, { start, end }: ByteRange, take: TakeBytes): Promise<void> {
  const whole = await eachBlock(path, end - start, (bytes, at) => take(bytes, start + at))
  if (!whole) throw new Error(`the cache file ${path} changed while it was read`)
}

/** False at the first block that is not as it was written. */
async function eachBlock(path: string, length: number, take: TakeBytes): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return false
  try {
    const block = new Uint8Array(COPY_BYTES + CHECKSUM_BYTES)
    for (let at = 0, place = 0; at < length; at += COPY_BYTES) {
      const wanted = Math.min(COPY_BYTES, length - at)
      const { bytesRead } = await file.read(block, 0, wanted + CHECKSUM_BYTES, place)
      if (bytesRead !== wanted + CHECKSUM_BYTES) return false
      const bytes = block.subarray(0, wanted)
      if (crc32(bytes) !== new DataView(block.buffer).getUint32(wanted)) return false
      await take(bytes, at)
      place += wanted + CHECKSUM_BYTES
    }
    return true
  } finally {
    await file.close()
  }
}
