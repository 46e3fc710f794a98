import type { DownloadProgress } from './download-options.js'

const EVERY_MS = 100

/** What has come so far, told some times a second. */
export class ProgressCounter {
  readonly #tell: ((progress: DownloadProgress) => void) | undefined
  #files = 0
  #filesDone = 0
  #bytes = 0
  #bytesDone = 0
  #told = 0
  fetched = 0
  resumedBytes = 0
  cachedBytes = 0

  constructor(tell: ((progress: DownloadProgress) => void) | undefined) {
    this.#tell = tell
  }

  /** A new listing: what is there of it, and what is wanted. */
  begin(given: {
    readonly files: number
    readonly filesDone: number
    readonly bytes: number
    readonly bytesDone: number
  }): void {
    this.#files = given.files
    this.#filesDone = given.filesDone
    this.#bytes = given.bytes
    this.#bytesDone = given.bytesDone
    this.#say(true)
  }

  /** Of the files that are wanted, bytes that are not there yet. */
  get left(): number {
    return Math.max(0, this.#bytes - this.#bytesDone)
  }

  resumed(bytes: number): void {
    this.resumedBytes += bytes
    this.#bytesDone += bytes
  }

  received(bytes: number): void {
    this.fetched += bytes
    this.#bytesDone += bytes
    this.#say(false)
  }

  /** From the cache. */
  copied(bytes: number): void {
    this.cachedBytes += bytes
    this.#bytesDone += bytes
    this.#say(false)
  }

  fileDone(): void {
    this.#filesDone++
    this.#say(this.#filesDone === this.#files)
  }

  #say(now: boolean): void {
    const time = performance.now()
    if (this.#tell === undefined || (!now && time - this.#told < EVERY_MS)) return
    this.#told = time
    this.#tell({
      files: this.#files,
      filesDone: this.#filesDone,
      bytes: this.#bytes,
      // What is fetched twice is not there twice.
      bytesDone: Math.min(this.#bytes, this.#bytesDone),
      bytesFetched: this.fetched,
    })
  }
}
