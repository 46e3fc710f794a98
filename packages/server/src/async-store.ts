import { randomUUID } from 'node:crypto'
import { TableError } from '@spillway/core'
import type { Query } from './query-table.js'
import type { TableRequest } from './table-request.js'

/** A query that was accepted and is answered when it is looked at again. */
export interface AsyncQuery {
  readonly id: string
  /** Who may look, at which table. */
  readonly owner: string
  readonly digest: string
  /** Pinned to the version it was asked of. */
  readonly query: Query
  readonly asked: Pick<TableRequest, 'capabilities' | 'idScheme'>
  readonly expiresAt: number
  state: 'pending' | 'ready' | { readonly failed: unknown }
}

export interface NewAsyncQuery {
  readonly owner: string
  readonly idempotencyKey: string | undefined
  readonly digest: string
  readonly query: Query
  readonly asked: AsyncQuery['asked']
  /** Runs once for each query that is new. */
  readonly prepare: () => Promise<void>
}

export interface AsyncStore {
  /** The query of this key where there is one. Throws where the key was used for another question. */
  submit(query: NewAsyncQuery): AsyncQuery
  /** Undefined for an unknown or expired id, and for another owner's. */
  find(id: string, owner: string): AsyncQuery | undefined
}

const LIFETIME_MS = 3600_000
const MAX_QUERIES = 10_000
/** What their bodies may hold together. */
const MAX_CHARACTERS = 64 * 1024 ** 2
const CONCURRENT_PREPARATIONS = 2

interface Entry {
  readonly query: AsyncQuery
  readonly key: string | undefined
  readonly characters: number
}

/** In memory: a client whose query was on another replica, or before a restart, is told 404 and asks again. */
export function createAsyncStore(clock: () => number): AsyncStore {
  return new MemoryAsyncStore(clock)
}

class MemoryAsyncStore implements AsyncStore {
  readonly #clock: () => number
  // Insertion order is the order of age.
  readonly #entries = new Map<string, Entry>()
  readonly #idByKey = new Map<string, string>()
  readonly #waiting: (() => Promise<void>)[] = []
  #preparing = 0
  #characters = 0

  constructor(clock: () => number) {
    this.#clock = clock
  }

  submit(asked: NewAsyncQuery): AsyncQuery {
    const { owner, digest, idempotencyKey } = asked
    const key = idempotencyKey === undefined ? undefined : JSON.stringify([owner, idempotencyKey])
    const known = key === undefined ? undefined : this.find(this.#idByKey.get(key) ?? '', owner)
    if (known !== undefined) {
      if (known.digest === digest) return known
      throw new TableError('CONFLICT', 'the idempotencyKey was used for another query')
    }
    const query: AsyncQuery = {
      id: `q-${randomUUID()}`,
      owner,
      digest,
      query: asked.query,
      asked: asked.asked,
      expiresAt: this.#clock() + LIFETIME_MS,
      state: 'pending',
    }
    this.#keep({ query, key, characters: charactersOf(asked.query) })
    this.#prepare(query, asked.prepare)
    return query
  }

  find(id: string, owner: string): AsyncQuery | undefined {
    const entry = this.#entries.get(id)
    if (entry === undefined || entry.query.owner !== owner) return undefined
    if (this.#clock() < entry.query.expiresAt) return entry.query
    this.#drop(id)
    return undefined
  }

  #keep(entry: Entry): void {
    this.#entries.set(entry.query.id, entry)
    if (entry.key !== undefined) this.#idByKey.set(entry.key, entry.query.id)
    this.#characters += entry.characters
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= MAX_QUERIES && this.#characters <= MAX_CHARACTERS) return
      this.#drop(id)
    }
  }

  #drop(id: string): void {
    const entry = this.#entries.get(id)
    if (entry === undefined) return
    this.#entries.delete(id)
    this.#characters -= entry.characters
    if (entry.key !== undefined && this.#idByKey.get(entry.key) === id) {
      this.#idByKey.delete(entry.key)
    }
  }

  #prepare(query: AsyncQuery, prepare: () => Promise<void>): void {
    this.#waiting.push(async () => {
      try {
        if (this.#entries.has(query.id)) await prepare()
        query.state = 'ready'
      } catch (error) {
        query.state = { failed: error }
      }
    })
    this.#next()
  }

  #next(): void {
    if (this.#preparing >= CONCURRENT_PREPARATIONS) return
    const work = this.#waiting.shift()
    if (work === undefined) return
    this.#preparing++
    void work().finally(() => {
      this.#preparing--
      this.#next()
    })
  }
}

function charactersOf({ body }: Query): number {
  const hints = (body.predicateHints ?? []).reduce((total, hint) => total + hint.length, 0)
  return 256 + hints + (body.jsonPredicateHints?.length ?? 0) + (body.idempotencyKey?.length ?? 0)
}
