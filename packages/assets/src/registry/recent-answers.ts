import { untilAborted } from '@spillway/core'

export interface RecentAnswersOptions<Answer> {
  ask(query: Readonly<Record<string, string>>): Promise<Answer>
  /** About what an answer takes in memory. */
  bytesOf(answer: Answer): number
  /** How long an answer is good. 5000 by default. */
  readonly freshMs?: number | undefined
  /** Of all that are kept. 16 MiB by default. */
  readonly mostBytes?: number | undefined
}

interface Asked<Answer> {
  readonly at: number
  readonly answer: Promise<Answer>
  /** None until it is there. */
  bytes: number
}

const FRESH_MS = 5000
const MOST_BYTES = 16 * 1024 ** 2
const MOST_KEPT = 1000
/** A promise and a key, whatever the answer is. */
const BYTES_BESIDE = 1000

/** One question for all who ask within a moment, so it ends with none of them; a fault is nobody's answer. */
export class RecentAnswers<Answer> {
  readonly #options: RecentAnswersOptions<Answer>
  /** By question, the latest last. */
  readonly #asked = new Map<string, Asked<Answer>>()
  #bytes = 0

  constructor(options: RecentAnswersOptions<Answer>) {
    this.#options = options
  }

  /** Of what is kept, that which is past included until somebody asks again. */
  get byteLength(): number {
    return this.#bytes
  }

  get(query: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<Answer> {
    this.#dropPast()
    const key = JSON.stringify(query)
    return untilAborted((this.#asked.get(key) ?? this.#ask(key, query)).answer, signal)
  }

  #ask(key: string, query: Readonly<Record<string, string>>): Asked<Answer> {
    const { ask, bytesOf } = this.#options
    const entry: Asked<Answer> = { at: performance.now(), answer: ask(query), bytes: 0 }
    this.#asked.set(key, entry)
    entry.answer.then(
      answer => this.#weigh(key, entry, bytesOf(answer) + BYTES_BESIDE),
      () => this.#drop(key, entry),
    )
    return entry
  }

  #weigh(key: string, entry: Asked<Answer>, bytes: number): void {
    if (this.#asked.get(key) !== entry) return
    entry.bytes = bytes
    this.#bytes += bytes
    for (const [oldest, each] of this.#asked) {
      if (this.#bytes <= (this.#options.mostBytes ?? MOST_BYTES)) return
      this.#drop(oldest, each)
    }
  }

  #dropPast(): void {
    const now = performance.now()
    for (const [key, entry] of this.#asked) {
      const isFresh = now - entry.at < (this.#options.freshMs ?? FRESH_MS)
      if (isFresh && this.#asked.size <= MOST_KEPT) return
      this.#drop(key, entry)
    }
  }

  #drop(key: string, entry: Asked<Answer>): void {
    if (this.#asked.get(key) !== entry) return
    this.#asked.delete(key)
    this.#bytes -= entry.bytes
  }
}
