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
/** How long it may not be known what other processes write. */
const KNOWN_FOR_MS = 60_000
/** Where there is too much, some more goes, so that not every file that comes has to make room. */
const LEAVES = 0.9

/** As fine as the times of files are. */
const now = () => performance.timeOrigin + performance.now()

/** Which files a folder has, and which of them are let go. Files of other names are somebody else's. */
export class SpillBudget {
  readonly #folder: string
  readonly #maxBytes: number
  /** By path; insertion order is the order of last use. */
  readonly #files = new Map<string, { readonly bytes: number; readonly usedAt: number }>()
  #bytes = 0
  #scannedAt = 0

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

  used(path: string, bytes: number, usedAt = now()): void {
    this.gone(path)
    this.#files.set(path, { bytes, usedAt })
    this.#bytes += bytes
  }

  gone(path: string): void {
    this.#bytes -= this.#files.get(path)?.bytes ?? 0
    this.#files.delete(path)
  }

  /** Looks at the folder anew: other processes write and delete there too. */
  async scan(): Promise<void> {
    const began = now()
    this.#scannedAt = began
    const names = await readdir(this.#folder)
    const found = await mapConcurrently(names, CONCURRENT_LOOKS, name => this.#look(name))
    const files = new Map<string, { bytes: number; usedAt: number }>()
    for (const file of found) if (file !== undefined) files.set(file.path, file)
    // What this process used may not be written there yet, and what it wrote meanwhile was not listed.
    for (const [path, { bytes, usedAt }] of this.#files) {
      const listed = files.get(path)
      if (listed !== undefined) listed.usedAt = Math.max(listed.usedAt, usedAt)
      else if (usedAt >= began) files.set(path, { bytes, usedAt })
    }
    this.#files.clear()
    this.#bytes = 0
    const inOrder = [...files].sort(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [path, { bytes, usedAt }] of inOrder) this.used(path, bytes, usedAt)
  }

  /** A file of this folder; one that was never finished is deleted in its time. */
  async #look(name: string) {
    const path = join(this.#folder, name)
    const isFinished = FINISHED_NAME.test(name)
    if (!isFinished && !UNFINISHED_NAME.test(name)) return undefined
    const file = await lstat(path).catch(() => undefined)
    if (file === undefined) return undefined
    if (isFinished) return { path, bytes: file.size, usedAt: file.mtimeMs }
    if (Date.now() - file.mtimeMs > LEFT_OVER_MS) await unlink(path).catch(() => undefined)
    return undefined
  }

  /** Lets go of what was used least recently until `bytes` more have room. */
  async makeRoom(bytes: number): Promise<void> {
    const isKnown = now() - this.#scannedAt < KNOWN_FOR_MS
    if (isKnown && this.#bytes + bytes <= this.#maxBytes) return
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
