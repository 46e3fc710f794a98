import { lstat, readdir, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { mapConcurrently } from '@spillway/core'

const SUFFIX = '.spill'
/** A file that is being written, or was by a process that has ended since. */
export const UNFINISHED = '.tmp'
const FINISHED_NAME = /^[0-9a-f]{64}\.spill$/
const UNFINISHED_NAME = /^[0-9a-f]{32}\.tmp$/
/** No file takes so long to write. */
const LEFT_OVER_MS = 3_600_000
const CONCURRENT_LOOKS = 16
/** Where there is too much, some more goes, so that not every file that comes has to make room. */
const LEAVES = 0.9

/** Which files a folder has, and which of them are let go. Files of other names are somebody else's. */
export class SpillBudget {
  readonly #folder: string
  readonly #maxBytes: number
  /** By path; insertion order is the order of last use. */
  readonly #files = new Map<string, number>()
  #bytes = 0

  constructor({ folder, maxBytes }: { readonly folder: string; readonly maxBytes: number }) {
    this.#folder = folder
    this.#maxBytes = maxBytes
  }

  get bytes(): number {
    return this.#bytes
  }

  pathOf(name: string): string {
    return join(this.#folder, `${name}${SUFFIX}`)
  }

  used(path: string, bytes: number): void {
    this.gone(path)
    this.#files.set(path, bytes)
    this.#bytes += bytes
  }

  gone(path: string): void {
    this.#bytes -= this.#files.get(path) ?? 0
    this.#files.delete(path)
  }

  /** Looks at the folder anew: other processes write and delete there too. */
  async scan(): Promise<void> {
    const names = await readdir(this.#folder)
    const found = await mapConcurrently(names, CONCURRENT_LOOKS, async name => {
      const path = join(this.#folder, name)
      const isFinished = FINISHED_NAME.test(name)
      if (!isFinished && !UNFINISHED_NAME.test(name)) return undefined
      const file = await lstat(path).catch(() => undefined)
      if (file === undefined) return undefined
      if (isFinished) return { path, bytes: file.size, usedAt: file.mtimeMs }
      if (Date.now() - file.mtimeMs > LEFT_OVER_MS) await unlink(path).catch(() => undefined)
      return undefined
    })
    this.#files.clear()
    this.#bytes = 0
    const files = found.filter(file => file !== undefined)
    files.sort((a, b) => a.usedAt - b.usedAt)
    for (const { path, bytes } of files) this.used(path, bytes)
  }

  /** Lets go of what was used least recently until `bytes` more have room. */
  async makeRoom(bytes: number): Promise<void> {
    if (this.#bytes + bytes <= this.#maxBytes) return
    await this.scan()
    if (this.#bytes + bytes <= this.#maxBytes) return
    for (const path of [...this.#files.keys()]) {
      if (this.#bytes + bytes <= this.#maxBytes * LEAVES) return
      await unlink(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error
      })
      this.gone(path)
    }
  }
}
