import { createHash, randomBytes } from 'node:crypto'
import { lstatSync, mkdirSync } from 'node:fs'
import { rename, unlink, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { type BatchSpill, type SpillKey, TableError } from '@spillway/core'
import { SpillBudget, UNFINISHED } from './spill-budget.js'
import { isOwn, readSpill, SpillFault, spillBytes, writeSpill } from './spill-file.js'

type SpillEvent = 'spill.hit' | 'spill.miss' | 'spill.dropped' | 'spill.written'

interface SpillFolderOptions {
  /** A folder of this machine, made where it is missing. Nothing else should be kept in it. */
  readonly folder: string
  /** Bytes of all files together. What was used least recently goes first. */
  readonly maxBytes: number
  /** The program and its version: what another one wrote is not read, since it may have decoded otherwise. */
  readonly maker: string
  /** Counted by whoever watches: what was read, was not there, was deleted since it did not hold, and was written. */
  readonly onEvent?: (event: SpillEvent) => void
  /** Told of what could not be written, read or deleted; nothing but time is lost by it. */
  readonly onProblem?: (error: unknown) => void
}

interface SpillStats {
  readonly hits: number
  readonly misses: number
  /** Files that did not hold what they should, and were deleted. */
  readonly dropped: number
  readonly written: number
  /** Bytes in the folder, as far as this process knows. */
  readonly bytes: number
}

export interface SpillFolder extends BatchSpill {
  stats(): SpillStats
  /** Resolves when all has been written that was to be. */
  written(): Promise<void>
  /** Writes no more than what has been begun. */
  close(): Promise<void>
}

interface Waiting {
  readonly key: SpillKey
  readonly pieces: readonly Uint8Array[]
  readonly bytes: number
}

/** What waits to be written is held in memory meanwhile, and mostly by its table too. */
const MAX_WAITING_BYTES = 512 * 1024 ** 2
/** After a failure, such as a full disk, nothing is written for so long. */
const PAUSE_MS = 60_000

/**
 * Opens a folder for decoded parts of tables. Refuses, as `INVALID_REQUEST`, one that belongs to somebody else, that others may look
 * into, or that is a link: what is read from it is believed when it is whole.
 */
export function spillFolder(options: SpillFolderOptions): SpillFolder {
  const { folder } = options
  const found = opened(folder)
  if (!found.isDirectory()) throw refused(folder, 'it is no folder')
  if (!isOwn(found)) {
    const mode = (found.mode & 0o777).toString(8)
    throw refused(folder, `it has mode ${mode}: \`chmod 700\` it, or name one that is new`)
  }
  return new LocalSpillFolder(options)
}

function opened(folder: string) {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    return lstatSync(folder)
  } catch (error) {
    const { code = 'it cannot be made' } = error as NodeJS.ErrnoException
    throw refused(folder, code)
  }
}

function refused(folder: string, why: string): TableError {
  const expected = "expected a folder of this process's user that nobody else may look into"
  return new TableError('INVALID_REQUEST', `the cache folder ${folder}: ${expected}; ${why}`)
}

class LocalSpillFolder implements SpillFolder {
  readonly #options: SpillFolderOptions
  readonly #budget: SpillBudget
  /** Ends when it is known what is there. */
  readonly #looked: Promise<void>
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  #writing: Promise<void> | undefined
  /** What is written anew must not go with what was dropped. */
  #dropping: Promise<void> | undefined
  #pausedUntil = 0
  #closed = false
  readonly #events: Record<SpillEvent, number> = {
    'spill.hit': 0,
    'spill.miss': 0,
    'spill.dropped': 0,
    'spill.written': 0,
  }

  constructor(options: SpillFolderOptions) {
    this.#options = options
    this.#budget = new SpillBudget(options)
    this.#looked = this.#budget.scan().catch(error => options.onProblem?.(error))
  }

  async read(key: SpillKey): Promise<Uint8Array | undefined> {
    const path = this.#pathOf(key)
    try {
      const content = await readSpill(path, this.#headOf(key))
      this.#event(content === undefined ? 'spill.miss' : 'spill.hit')
      if (content !== undefined) {
        this.#touch(path, spillBytes(this.#headOf(key), content.length))
      }
      return content
    } catch (error) {
      this.#event('spill.miss')
      if (error instanceof SpillFault) this.drop(key)
      else this.#options.onProblem?.(error)
      return undefined
    }
  }

  /** Other processes see that it was used, and later ones. */
  #touch(path: string, bytes: number): void {
    this.#budget.used(path, bytes)
    const now = new Date()
    utimes(path, now, now).catch(() => undefined)
  }

  drop(key: SpillKey): void {
    this.#event('spill.dropped')
    const path = this.#pathOf(key)
    this.#budget.gone(path)
    const gone = unlink(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') this.#options.onProblem?.(error)
    })
    this.#dropping = Promise.all([this.#dropping, gone]).then(() => undefined)
  }

  write(key: SpillKey, pieces: readonly Uint8Array[]): void {
    const bytes = this.#bytesOf(key, pieces)
    const isTooMuch =
      bytes > this.#options.maxBytes || this.#waitingBytes + bytes > MAX_WAITING_BYTES
    if (this.#closed || isTooMuch || Date.now() < this.#pausedUntil) return
    this.#waiting.push({ key, pieces, bytes })
    this.#waitingBytes += bytes
    this.#writing ??= this.#writeAll()
  }

  /** Of a key that is longer than any head: more than there is room for. */
  #bytesOf(key: SpillKey, pieces: readonly Uint8Array[]): number {
    const content = pieces.reduce((sum, { length }) => sum + length, 0)
    try {
      return spillBytes(this.#headOf(key), content)
    } catch (error) {
      if (error instanceof SpillFault) return Number.POSITIVE_INFINITY
      throw error
    }
  }

  async #writeAll(): Promise<void> {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      this.#waitingBytes -= next.bytes
      try {
        await this.#write(next)
      } catch (error) {
        this.#pausedUntil = Date.now() + PAUSE_MS
        this.#forgetWaiting()
        this.#options.onProblem?.(error)
      }
    }
    // At once with the last look: who writes from here on begins anew.
    this.#writing = undefined
  }

  async #write({ key, pieces, bytes }: Waiting): Promise<void> {
    await this.#looked
    await this.#dropping
    await this.#budget.makeRoom(bytes)
    const path = this.#pathOf(key)
    const unfinished = join(this.#options.folder, `${randomBytes(16).toString('hex')}${UNFINISHED}`)
    try {
      await writeSpill(unfinished, this.#headOf(key), pieces)
      await rename(unfinished, path)
    } catch (error) {
      await unlink(unfinished).catch(() => undefined)
      throw error
    }
    this.#budget.used(path, bytes)
    this.#event('spill.written')
  }

  #event(event: SpillEvent): void {
    this.#events[event]++
    this.#options.onEvent?.(event)
  }

  #forgetWaiting(): void {
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }

  stats(): SpillStats {
    return {
      hits: this.#events['spill.hit'],
      misses: this.#events['spill.miss'],
      dropped: this.#events['spill.dropped'],
      written: this.#events['spill.written'],
      bytes: this.#budget.bytes,
    }
  }

  async written(): Promise<void> {
    await this.#writing
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#forgetWaiting()
    await this.#writing
  }

  #headOf({ layout, table, object }: SpillKey) {
    return { maker: this.#options.maker, layout, table, object }
  }

  #pathOf(key: SpillKey): string {
    const { maker, layout, table, object } = this.#headOf(key)
    const name = createHash('sha256').update(JSON.stringify([maker, layout, table, object]))
    return this.#budget.pathOf(name.digest('hex'))
  }
}
