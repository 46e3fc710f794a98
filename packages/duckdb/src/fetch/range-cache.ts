import { createHash, randomBytes } from 'node:crypto'
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Lane } from '@spillway/core'
import type { ByteRange, ByteSource, RemoteObject, SizedObject, TakeBytes } from './byte-source.js'
import { BlockWriter, eachBlock, sizeOf, tagOfWhole } from './range-file.js'
import { isReplaced } from './range-response.js'

/** Ranges of files with a strong entity tag, kept on the disk across queries and processes. */
export interface RangeCache {
  /** `source` behind the cache; `namespace` tells providers and tables apart, whose file ids may be alike. */
  over(source: ByteSource, namespace: string): ByteSource
}

export interface RangeCacheOptions {
  readonly folder: string
  readonly maxBytes: number
}

const NAME = /^[0-9a-f]{64}\.range$/

/**
 * Each range that was asked for is a file of its own, named by a digest of what it is, complete when it has its name and
 * checked when it is read. The least recently used go when there are too many bytes; processes may share a folder.
 *
 * The id of a shared file is made of its path, where another file of the same size may be by now. So a range says the tag of
 * the file that it is of, and is used where the file has that tag still, which a scan asks once for each file.
 */
export async function rangeCache({ folder, maxBytes }: RangeCacheOptions): Promise<RangeCache> {
  await mkdir(folder, { recursive: true })
  const ranges = new RangeFolder(folder, { maxBytes, held: await bytesIn(folder) })
  return {
    over(source, namespace) {
      const isStill = sameTags(source)
      const read: ByteSource['read'] = async (object, range, take, signal) => {
        const length = range.end - range.start
        // Deletion vectors come without a size, and what will not fit is not worth writing.
        if (object.size === undefined || length <= 0 || length > maxBytes) {
          return source.read(object, range, take, signal)
        }
        const sized = { ...object, size: object.size }
        const path = join(folder, `${nameOf(namespace, object, range)}.range`)
        const tag = await tagOfWhole(path, length)
        if (tag !== undefined && (await isStill(sized, tag, signal)))
          return serve(path, range, take)
        return ranges.fetchInto(path, source, { object, range, take, signal })
      }
      return {
        read,
        tagOf: object => source.tagOf(object),
        check: (object, tag, signal) => source.check(object, tag, signal),
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

/** Whether objects have the tags that they had: ranges of one that are read at the same time share a request. */
function sameTags(source: ByteSource) {
  const checks = new Map<string, Promise<boolean>>()
  const asked = async (object: SizedObject, tag: string, signal: AbortSignal | undefined) => {
    try {
      await source.check(object, tag, signal)
      return true
    } catch (error) {
      if (isReplaced(error)) return false
      throw error
    }
  }
  return (object: SizedObject, tag: string, signal: AbortSignal | undefined): Promise<boolean> => {
    const known = source.tagOf(object)
    if (known !== undefined) return Promise.resolve(known === tag)
    const key = JSON.stringify([object.key, tag])
    const checking = checks.get(key) ?? asked(object, tag, signal).finally(() => checks.delete(key))
    checks.set(key, checking)
    return checking
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
      const written = await writer.end(source.tagOf(object))
      await file.close()
      if (written === undefined) await rm(temporary, { force: true })
      else await this.#keeping.run(() => this.#keep(temporary, path, written))
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

async function serve(path: string, { start, end }: ByteRange, take: TakeBytes): Promise<void> {
  const whole = await eachBlock(path, end - start, (bytes, at) => take(bytes, start + at))
  if (!whole) throw new Error(`the cache file ${path} changed while it was read`)
}
