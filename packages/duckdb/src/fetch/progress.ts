import type { ScanProgress } from '../share/attached-share.js'

export interface ProgressMeterOptions {
  readonly table: string
  readonly files: number
  readonly bytes: number
  readonly report?: ((progress: ScanProgress) => void) | undefined
  readonly now?: () => number
}

/** A person sees no more than this many changes a second. */
const REPORT_EVERY_MS = 100

/** Counts what has come of a query's files, and says so now and then. */
export class ProgressMeter {
  readonly #options: ProgressMeterOptions
  readonly #now: () => number
  readonly #start: number
  #reported = 0
  #files = 0
  #bytes = 0
  #totalBytes: number

  constructor(options: ProgressMeterOptions) {
    this.#options = options
    this.#now = options.now ?? Date.now
    this.#start = this.#now()
    this.#totalBytes = options.bytes
  }

  get bytes(): number {
    return this.#bytes
  }

  received(bytes: number): void {
    this.#bytes += bytes
    this.#report('fetching')
  }

  fileDone(count: number): void {
    this.#files += count
    this.#report('fetching')
  }

  /** Of files of `sizes` bytes, `planned` will be fetched. */
  replan(sizes: number, planned: number): void {
    this.#totalBytes += planned - sizes
  }

  done(): void {
    this.#report('done')
  }

  #report(phase: ScanProgress['phase']): void {
    const { report, table, files } = this.#options
    const now = this.#now()
    if (report === undefined || (phase !== 'done' && now - this.#reported < REPORT_EVERY_MS)) return
    this.#reported = now
    report({
      phase,
      table,
      files: { done: this.#files, total: files },
      // Footers are fetched beside what was planned.
      bytes: { done: this.#bytes, total: Math.max(this.#bytes, this.#totalBytes) },
      elapsedMs: now - this.#start,
    })
  }
}
