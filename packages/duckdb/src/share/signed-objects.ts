import { TableError, throwIfCancelled } from '@spillway/core'

/** An object behind a signed URL: a data file or a deletion vector. */
export interface SignedUrl {
  readonly url: string
  /** Epoch milliseconds, where the server says. */
  readonly expiresAt?: number
}

export interface SignedObjectsOptions {
  /** Every object of the same answer anew, with fresh URLs. */
  readonly refresh: (signal?: AbortSignal) => AsyncIterable<readonly [string, SignedUrl]>
  readonly now?: () => number
}

/** A URL with less than this left, or a quarter of its life if that is shorter, is renewed before it is used. */
const RENEW_BEFORE_MS = 30_000

interface Entry extends SignedUrl {
  readonly renewAt: number
}

/** The URLs of one answer by object, renewed together when one of them expires. Concurrent askers share a renewal. */
export class SignedObjects {
  readonly #entries = new Map<string, Entry>()
  readonly #refresh: SignedObjectsOptions['refresh']
  readonly #now: () => number
  #renewing: Promise<void> | undefined
  renewals = 0

  constructor({ refresh, now = Date.now }: SignedObjectsOptions) {
    this.#refresh = refresh
    this.#now = now
  }

  set(key: string, signed: SignedUrl): void {
    this.#entries.set(key, this.#entryOf(signed))
  }

  async urlOf(key: string, signal?: AbortSignal): Promise<string> {
    throwIfCancelled(signal)
    const known = this.#entries.get(key)
    if (known !== undefined && this.#now() < known.renewAt) return known.url
    await this.#renew(signal)
    const renewed = this.#entries.get(key)
    if (renewed !== undefined) return renewed.url
    throw new TableError('INVALID_REQUEST', 'the provider no longer shares a file of the table', {
      context: { file: key },
    })
  }

  /** Says that `url` was refused: the next asker gets a new one. */
  refuse(key: string, url: string): void {
    const known = this.#entries.get(key)
    if (known?.url === url) this.#entries.set(key, { ...known, renewAt: 0 })
  }

  #renew(signal?: AbortSignal): Promise<void> {
    this.#renewing ??= this.#load(signal).finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #load(signal?: AbortSignal): Promise<void> {
    this.renewals++
    const missing = new Set(this.#entries.keys())
    for await (const [key, signed] of this.#refresh(signal)) {
      if (missing.delete(key)) this.#entries.set(key, this.#entryOf(signed))
    }
    for (const key of missing) this.#entries.delete(key)
  }

  /** A time that has already passed says nothing: clocks differ, and some servers write zero. */
  #entryOf(signed: SignedUrl): Entry {
    const { expiresAt } = signed
    const now = this.#now()
    if (expiresAt === undefined || expiresAt <= now) {
      return { ...signed, renewAt: Number.POSITIVE_INFINITY }
    }
    const margin = Math.min(RENEW_BEFORE_MS, (expiresAt - now) / 4)
    return { ...signed, renewAt: expiresAt - margin }
  }
}
