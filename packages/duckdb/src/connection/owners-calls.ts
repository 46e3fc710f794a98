import type { DuckDBConnection } from '@duckdb/node-api'

/**
 * The calls that the owner of a connection makes on it beside ours. While views show the files of one statement, a statement of
 * the owner's would read those in place of an error: it waits, and what is under way is waited for.
 */
export class OwnersCalls {
  /** The same connection, whose calls wait for nobody. */
  readonly own: DuckDBConnection
  readonly #connection: DuckDBConnection
  #undo: (() => void) | undefined
  #underWay = 0
  #idle: (() => void) | undefined
  #opened: Promise<void> | undefined

  constructor(connection: DuckDBConnection) {
    this.#connection = connection
    this.own = withoutGuards(connection, CONNECTION_CALLS)
  }

  /** From now on the owner's calls wait for `shut`. */
  guard(): void {
    this.#undo ??= this.#guarded(this.#connection, CONNECTION_CALLS, this.own)
  }

  /** The connection is as it was. */
  release(): void {
    this.#undo?.()
    this.#undo = undefined
  }

  /** Runs `work`, and no call of the owner's meanwhile. In the lane: one at a time. */
  async shut<Result>(work: () => Promise<Result>): Promise<Result> {
    let open: () => void = () => undefined
    this.#opened = new Promise(resolve => {
      open = resolve
    })
    try {
      if (this.#underWay > 0) {
        await new Promise<void>(resolve => {
          this.#idle = resolve
        })
      }
      return await work()
    } finally {
      this.#opened = undefined
      open()
    }
  }

  async #enter(work: () => unknown): Promise<unknown> {
    while (this.#opened !== undefined) await this.#opened
    this.#underWay++
    try {
      const result = await work()
      this.#guardStatements(result)
      return result
    } finally {
      this.#underWay--
      if (this.#underWay === 0) {
        this.#idle?.()
        this.#idle = undefined
      }
    }
  }

  /** A prepared statement is planned again when it runs with parameters. */
  #guardStatements(made: unknown): void {
    if (typeof made !== 'object' || made === null) return
    const { name } = made.constructor
    if (name !== 'DuckDBPreparedStatement' && name !== 'DuckDBExtractedStatements') return
    this.#guarded(made, STATEMENT_CALLS, withoutGuards(made, STATEMENT_CALLS))
  }

  /** Gives what takes the guards away. */
  #guarded(target: object, names: readonly string[], plain: object): () => void {
    const before = names.map(name => [name, Object.getOwnPropertyDescriptor(target, name)] as const)
    for (const name of names) {
      const call: unknown = Reflect.get(target, name)
      if (typeof call !== 'function') continue
      const value = (...args: readonly unknown[]) =>
        this.#enter(() => Reflect.apply(call, plain, args))
      Object.defineProperty(target, name, { configurable: true, writable: true, value })
    }
    return () => {
      for (const [name, descriptor] of before) {
        if (descriptor === undefined) Reflect.deleteProperty(target, name)
        else Object.defineProperty(target, name, descriptor)
      }
    }
  }
}

const READS = ['', 'AndRead', 'AndReadAll', 'AndReadUntil']
const STARTS = ['', 'ThenRead', 'ThenReadAll', 'ThenReadUntil']

/** What asks DuckDB for something and waits for it; what is asked at once (`interrupt`, `closeSync`) cannot wait. */
const STATEMENT_CALLS: readonly string[] = [
  ...['run', 'stream'].flatMap(name => READS.map(end => `${name}${end}`)),
  ...['start', 'startStream'].flatMap(name => STARTS.map(end => `${name}${end}`)),
  'prepare',
]
const CONNECTION_CALLS: readonly string[] = [
  ...STATEMENT_CALLS,
  'extractStatements',
  'createAppender',
]

/** The same object, with these methods as they are now. */
function withoutGuards<Guarded extends object>(target: Guarded, names: readonly string[]): Guarded {
  const plain: Guarded = Object.create(target)
  for (const name of names) {
    const value: unknown = Reflect.get(target, name)
    if (typeof value === 'function') Object.defineProperty(plain, name, { value })
  }
  return plain
}
