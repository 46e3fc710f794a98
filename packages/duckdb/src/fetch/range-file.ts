import { type FileHandle, open, rm, stat, utimes } from 'node:fs/promises'
import { crc32 } from '@spillway/encoding'
import type { ByteRange, TakeBytes } from './byte-source.js'

const COPY_BYTES = 1024 * 1024
/** Behind the bytes of each block of COPY_BYTES, its CRC-32. */
const CHECKSUM_BYTES = 4
/** Behind the blocks the tag, its CRC-32 and its length. */
const TRAILER_BYTES = 8
const MAX_TAG_BYTES = 1024

/** Writes blocks of COPY_BYTES, each with its checksum. */
export class BlockWriter {
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

  /** Returns the length of the file; undefined where there is no tag to keep it by. */
  async end(tag: string | undefined): Promise<number | undefined> {
    if (tag === undefined || tag.length > MAX_TAG_BYTES) return undefined
    await this.#flush()
    const bytes = trailerOf(tag)
    await this.#file.write(bytes, 0, bytes.length, this.#written)
    return this.#written + bytes.length
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

function trailerOf(tag: string): Uint8Array {
  const text = new TextEncoder().encode(tag)
  const bytes = new Uint8Array(text.length + TRAILER_BYTES)
  bytes.set(text)
  const view = new DataView(bytes.buffer)
  view.setUint32(text.length, crc32(text))
  view.setUint32(text.length + CHECKSUM_BYTES, text.length)
  return bytes
}

/** The tag of a file of the right length whose every block has its checksum; another one is removed. */
export async function tagOfWhole(path: string, length: number): Promise<string | undefined> {
  const size = await sizeOf(path)
  if (size === undefined) return undefined
  const blocks = Math.ceil(length / COPY_BYTES)
  const tag = await tagBehind(path, { start: length + blocks * CHECKSUM_BYTES, end: size })
  if (tag !== undefined && (await eachBlock(path, length, () => undefined))) {
    await utimes(path, new Date(), new Date()).catch(() => undefined)
    return tag
  }
  await rm(path, { force: true })
  return undefined
}

async function tagBehind(path: string, { start, end }: ByteRange): Promise<string | undefined> {
  const length = end - start
  if (length < TRAILER_BYTES || length > MAX_TAG_BYTES + TRAILER_BYTES) return undefined
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return undefined
  try {
    const bytes = new Uint8Array(length)
    await file.read(bytes, 0, length, start)
    const tag = new TextDecoder().decode(bytes.subarray(0, length - TRAILER_BYTES))
    return trailerOf(tag).every((byte, i) => byte === bytes[i]) ? tag : undefined
  } finally {
    await file.close()
  }
}

/** False at the first block that is not as it was written. */
export async function eachBlock(path: string, length: number, take: TakeBytes): Promise<boolean> {
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

export async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    found => found.size,
    () => undefined,
  )
}
