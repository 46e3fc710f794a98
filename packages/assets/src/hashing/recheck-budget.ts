/** A file is read again at most once in this time, whatever many recipients say of it. */
const FILE_MS = 3_600_000
/** Of what may be read in a second at all: the rest is for files that were never read. */
const SHARE = 0.1
/** What a file costs that has hardly any bytes. */
const LEAST_BYTES = 1024 ** 2
/** Files that are remembered; while there are as many, no other is read again. */
const MOST_FILES = 10_000

/**
 * What recipients can make a server read by saying that digests are wrong: a file once an hour, and over time a tenth of what may
 * be read. Up to an hour of that is saved up, so that one file of any size can be read after a quiet while.
 */
export class RecheckBudget {
  readonly #bytesPerMs: number
  readonly #mostBytes: number
  readonly #clock: () => number
  /** By when they were taken, the oldest first. */
  readonly #taken = new Map<string, number>()
  #bytes: number
  #at: number

  constructor(bytesPerSecond: number, clock = () => performance.now()) {
    this.#clock = clock
    this.#bytesPerMs = (bytesPerSecond * SHARE) / 1000
    this.#mostBytes = this.#bytesPerMs * FILE_MS
    this.#bytes = this.#mostBytes
    this.#at = clock()
  }

  /** False where the file must not be read again now. */
  take(file: string, size: number): boolean {
    const now = this.#clock()
    this.#bytes = Math.min(this.#mostBytes, this.#bytes + (now - this.#at) * this.#bytesPerMs)
    this.#at = now
    for (const [old, at] of this.#taken) {
      if (now - at < FILE_MS) break
      this.#taken.delete(old)
    }
    // What one file takes too much, later ones wait for.
    if (this.#taken.has(file) || this.#taken.size >= MOST_FILES || this.#bytes <= 0) return false
    this.#bytes -= Math.max(LEAST_BYTES, size)
    this.#taken.set(file, now)
    return true
  }
}
