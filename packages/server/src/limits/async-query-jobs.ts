import { TableError } from '@spillway/core'
import { answered } from './answered.js'

/** How far the answer to an accepted query is. */
type AsyncQueryJobState = 'pending' | 'ready' | { readonly failed: unknown }

interface NewAsyncQueryJob {
  /** Says everything about the query: equal ids are one query. */
  readonly id: string
  readonly idempotency: Idempotency | undefined
  /** Who waits for it: recipients take turns, however many queries each has submitted. */
  readonly recipientId: string
  /** Runs once for each id; what is not done when the signal is aborted has failed. */
  readonly prepare: (signal: AbortSignal) => Promise<void>
}

export interface Idempotency {
  /** Of one recipient and table. */
  readonly key: string
  /** Of what is asked under it. */
  readonly digest: string
}

/** What this process does for queries that were accepted, here or on another replica. Nothing here is needed to answer. */
export interface AsyncQueryJobs {
  /** The id that was given for the same key before. Throws where the key was used for another question. */
  known(idempotency: Idempotency | undefined): string | undefined
  start(job: NewAsyncQueryJob): void
  /** An id that this process has not prepared is ready: whoever asks waits for the answer itself. */
  state(id: string): AsyncQueryJobState
}

const LIFETIME_MS = 3600_000
const MAX_ENTRIES = 10_000
/** Of one recipient: beyond them the oldest of the same recipient are forgotten, and never another's. */
const MAX_ENTRIES_EACH = 1000
/** Of one recipient, that nothing was done for yet. */
const MAX_WAITING_EACH = 500
const CONCURRENT_JOBS = 2
const JOB_SECONDS = 10 * 60

interface Entry {
  readonly recipientId: string
  readonly idempotency: Idempotency | undefined
  readonly expiresAt: number
  state: AsyncQueryJobState
}

export function createAsyncQueryJobs(clock: () => number, seconds = JOB_SECONDS): AsyncQueryJobs {
  return new MemoryJobs(clock, seconds)
}

class MemoryJobs implements AsyncQueryJobs {
  readonly #clock: () => number
  readonly #seconds: number
  // Insertion order is the order of age.
  readonly #entries = new Map<string, Entry>()
  readonly #idByKey = new Map<string, string>()
  /** By recipient; whoever was served last is at the end. */
  readonly #waiting = new Map<string, (() => Promise<void>)[]>()
  /** Ids by recipient, in the order of age. */
  readonly #idsOf = new Map<string, Set<string>>()
  #preparing = 0

  constructor(clock: () => number, seconds: number) {
    this.#clock = clock
    this.#seconds = seconds
  }

  known(idempotency: Idempotency | undefined): string | undefined {
    const id = idempotency && this.#idByKey.get(idempotency.key)
    const entry = id === undefined ? undefined : this.#live(id)
    if (entry === undefined) return undefined
    if (entry.idempotency?.digest === idempotency?.digest) return id
    throw new TableError('CONFLICT', 'the idempotencyKey was used for another query')
  }

  start({ id, idempotency, recipientId, prepare }: NewAsyncQueryJob): void {
    if (this.#live(id) !== undefined) return
    const own = this.#waiting.get(recipientId) ?? []
    if (own.length >= MAX_WAITING_EACH) throw tooMany(own.length)
    const entry: Entry = {
      recipientId,
      idempotency,
      expiresAt: this.#clock() + LIFETIME_MS,
      state: 'pending',
    }
    this.#entries.set(id, entry)
    if (idempotency !== undefined) this.#idByKey.set(idempotency.key, id)
    this.#forget(recipientId, id)
    this.#waiting.set(recipientId, own)
    own.push(async () => {
      try {
        // One that waits for somebody who never answers would keep its place from all others.
        const question = { seconds: this.#seconds, late: () => unprepared(this.#seconds) }
        if (this.#entries.get(id) === entry) await answered(prepare, question)
        entry.state = 'ready'
      } catch (error) {
        entry.state = { failed: error }
      }
    })
    this.#next()
  }

  state(id: string): AsyncQueryJobState {
    return this.#live(id)?.state ?? 'ready'
  }

  #live(id: string): Entry | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined || this.#clock() < entry.expiresAt) return entry
    this.#drop(id)
    return undefined
  }

  /** Makes room for `id`, the newest of its recipient. */
  #forget(recipientId: string, id: string): void {
    const ids = this.#idsOf.get(recipientId) ?? new Set<string>()
    this.#idsOf.set(recipientId, ids.add(id))
    for (const oldest of ids) {
      if (ids.size <= MAX_ENTRIES_EACH) break
      this.#drop(oldest)
    }
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= MAX_ENTRIES) break
      this.#drop(oldest)
    }
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id)
    const key = entry?.idempotency?.key
    this.#entries.delete(id)
    const ids = entry && this.#idsOf.get(entry.recipientId)
    ids?.delete(id)
    if (entry && ids?.size === 0) this.#idsOf.delete(entry.recipientId)
    if (key !== undefined && this.#idByKey.get(key) === id) this.#idByKey.delete(key)
  }

  #next(): void {
    if (this.#preparing >= CONCURRENT_JOBS) return
    const work = this.#takeNext()
    if (work === undefined) return
    this.#preparing++
    void work().finally(() => {
      this.#preparing--
      this.#next()
    })
  }

  #takeNext(): (() => Promise<void>) | undefined {
    const [first] = this.#waiting
    if (first === undefined) return undefined
    const [recipientId, own] = first
    const work = own.shift()
    this.#waiting.delete(recipientId)
    if (own.length > 0) this.#waiting.set(recipientId, own)
    return work
  }
}

function tooMany(waiting: number): TableError {
  return new TableError(
    'RATE_LIMITED',
    `${waiting} asynchronous queries of this recipient are still to be prepared; please wait for one`,
  )
}

function unprepared(seconds: number): TableError {
  return new TableError(
    'STORAGE_UNAVAILABLE',
    `an asynchronous query was not prepared within ${seconds} seconds`,
  )
}
