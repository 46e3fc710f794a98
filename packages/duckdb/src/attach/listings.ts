import type { SharingClient, TableName } from '@spillway/client'
import { TableError, throwIfCancelled } from '@spillway/core'

/** The names of the tables of a share, listed when first asked for and kept until `forget`. */
export class Listings {
  readonly #client: SharingClient
  readonly #signal: AbortSignal
  readonly #lists = new Map<string, Promise<readonly TableName[]>>()
  readonly #listed = new Map<string, readonly TableName[]>()

  /** Whoever asks may give up; the list itself ends with `signal`. */
  constructor(client: SharingClient, signal: AbortSignal) {
    this.#client = client
    this.#signal = signal
  }

  async of(share: string, signal?: AbortSignal): Promise<readonly TableName[]> {
    let list = this.#lists.get(share)
    if (list === undefined) {
      list = this.#load(share)
      this.#lists.set(share, list)
      const own = list
      list.catch(() => this.#lists.get(share) === own && this.#lists.delete(share))
    }
    return unlessCancelled(list, signal)
  }

  /** What is known without asking. */
  known(share: string): readonly TableName[] | undefined {
    return this.#listed.get(share)
  }

  forget(): void {
    this.#lists.clear()
    this.#listed.clear()
  }

  async #load(share: string): Promise<readonly TableName[]> {
    const names: TableName[] = []
    for await (const { schema, name } of this.#client.tables(share, { signal: this.#signal })) {
      names.push({ share, schema, table: name })
    }
    this.#listed.set(share, names)
    return names
  }
}

/** DuckDB's names differ in more than case, a provider's need not. */
export function isSameName(a: TableName, b: TableName): boolean {
  return (['share', 'schema', 'table'] as const).every(
    part => a[part].toLowerCase() === b[part].toLowerCase(),
  )
}

export function isSpelledAlike(a: TableName, b: TableName): boolean {
  return a.schema === b.schema && a.table === b.table
}

export function twinError({ share, schema, table }: TableName): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `${share}.${schema}.${table} cannot be read: another table has its name but for case, and DuckDB does not tell them apart`,
  )
}

async function unlessCancelled<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  throwIfCancelled(signal)
  if (signal === undefined) return work
  let stop = () => {}
  const stopped = new Promise<never>((_, reject) => {
    stop = () => {
      try {
        throwIfCancelled(signal)
      } catch (error) {
        reject(error)
      }
    }
  })
  signal.addEventListener('abort', stop)
  try {
    return await Promise.race([work, stopped])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}
