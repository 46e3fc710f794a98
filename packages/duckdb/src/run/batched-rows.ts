import { TableError } from '@spillway/core'
import type { Chunk } from '@spillway/rows'
import type { ConnectionShares, Unfinished } from '../attach/connection-shares.js'
import { closeAll, thenClose } from '../connection/close-all.js'
import type { ResultColumn } from '../share/attached-share.js'
import type { SharedFile } from '../share/open-scan.js'
import type { ExecuteOptions, ViewBinding } from './execute.js'
import type { RowSource } from './result.js'
import { rowCount, tableChunks } from './result-table.js'
import type { Relation } from './scan-files.js'

/** How one batch of files becomes rows. */
export interface Batching {
  readonly shares: ConnectionShares
  readonly nextName: () => string
  /** Rows of all batches together. */
  readonly limit: number
  fetch(files: readonly SharedFile[]): Promise<Fetched>
  /** Runs the statement over one batch into a temporary table. */
  make(table: string, relation: ViewBinding): Promise<void>
  /** With what rows are read from such a table. */
  readonly reading: ExecuteOptions
  done(): void
}

interface Fetched {
  relation(): Promise<Relation>
  close(): Promise<void>
}

/** Rows that come as files do: while one batch is read, the next is fetched. */
export class BatchedRows implements RowSource, Unfinished {
  readonly columns: readonly ResultColumn[]
  readonly #batching: Batching
  readonly #batches: readonly SharedFile[][]
  readonly #pending: Promise<Fetched>[] = []
  /** Tables of batches that nobody has read yet. */
  readonly #ready: string[] = []
  #next = 0
  #made = 0
  #isDone = false
  #failure: { readonly error: unknown } | undefined
  /** Batches are made one after another, whoever asks. */
  #making: Promise<unknown> = Promise.resolve()

  constructor(
    batching: Batching,
    batches: readonly SharedFile[][],
    columns: readonly ResultColumn[],
  ) {
    this.#batching = batching
    this.#batches = batches
    this.columns = columns
    batching.shares.track(this)
  }

  async *chunks(): AsyncGenerator<Chunk> {
    let left = this.#batching.limit
    for await (const table of this.#tables()) {
      try {
        for await (const chunk of tableChunks(table, this.#batching.reading)) {
          // Each batch has a LIMIT of its own.
          if (chunk.rowCount > left) chunk.rowCount = left
          left -= chunk.rowCount
          if (chunk.rowCount > 0) yield chunk
          if (left <= 0) return
        }
      } finally {
        await this.#drop(table)
      }
    }
  }

  async into(): Promise<string> {
    const tables: string[] = []
    const whole = this.#batching.nextName()
    try {
      for await (const table of this.#tables()) tables.push(table)
      await this.#merge(whole, tables)
      return whole
    } catch (error) {
      await this.#drop(whole)
      throw error
    } finally {
      for (const table of tables) await this.#drop(table)
    }
  }

  /** At once, so that no transaction begins half-way, whose end would take only some of the rows with it. */
  async #merge(whole: string, tables: readonly string[]): Promise<void> {
    const { limit, shares, reading } = this.#batching
    const parts: { readonly table: string; readonly rows: number }[] = []
    let left = limit
    for (const table of tables) {
      const rows = Math.min(left, await rowCount(table, reading))
      left -= rows
      parts.push({ table, rows })
    }
    await shares.lane(reading.signal, async () => {
      for (const [i, { table, rows }] of parts.entries()) {
        const into = i === 0 ? `CREATE TEMP TABLE ${whole} AS` : `INSERT INTO temp.main.${whole}`
        await shares.session.run(`${into} FROM temp.main.${table} LIMIT ${rows}`, reading.signal)
        await shares.dropInLane(table)
      }
    })
  }

  async settle(): Promise<void> {
    while (!this.#isDone) await this.#make().catch(() => undefined)
  }

  async close(): Promise<void> {
    // Whoever still reads must not take this for the end.
    if (!this.#isDone || this.#ready.length > 0) this.#failure ??= { error: closedEarly() }
    this.#finish()
    await this.#making.catch(() => undefined)
    for (const fetched of this.#pending.splice(0)) {
      await fetched.then(files => files.close()).catch(() => undefined)
    }
    await closeAll(this.#ready.splice(0).map(table => () => this.#drop(table)))
  }

  async *#tables(): AsyncGenerator<string> {
    for (;;) {
      const table = this.#ready.shift()
      if (table !== undefined) yield table
      else if (this.#failure !== undefined) throw this.#failure.error
      else if (this.#isDone) return
      else await this.#make()
    }
  }

  /** Makes the table of one more batch. */
  #make(): Promise<void> {
    const making = this.#making
      .catch(() => undefined)
      .then(async () => {
        if (this.#isDone) return
        try {
          await this.#makeNext()
        } catch (error) {
          this.#failure = { error }
          this.#finish()
          throw error
        }
      })
    this.#making = making
    return making
  }

  async #makeNext(): Promise<void> {
    const { nextName, limit, make, reading } = this.#batching
    if (this.#pending.length === 0) this.#fetchNext()
    const next = this.#pending.shift()
    if (next === undefined) return this.#finish()
    const relation = await (await next).relation()
    this.#fetchNext()
    const table = nextName()
    await thenClose(
      () => make(table, relation),
      () => relation.close(),
    )
    this.#ready.push(table)
    if (Number.isFinite(limit)) this.#made += await rowCount(table, reading)
    const isLast = this.#next >= this.#batches.length && this.#pending.length === 0
    if (isLast || this.#made >= limit) this.#finish()
  }

  #finish(): void {
    if (this.#isDone) return
    this.#isDone = true
    this.#batching.shares.untrack(this)
    this.#batching.done()
  }

  #fetchNext(): void {
    const files = this.#batches[this.#next++]
    if (files === undefined) return
    const fetched = this.#batching.fetch(files)
    // It is awaited in its turn: until then a failure must not count as unhandled.
    fetched.catch(() => undefined)
    this.#pending.push(fetched)
  }

  async #drop(table: string): Promise<void> {
    await this.#batching.shares.drop(table)
  }
}

function closedEarly(): TableError {
  return new TableError('CANCELLED', 'the result was closed before its last row')
}
