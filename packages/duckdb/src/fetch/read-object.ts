import { type BytesAnswer, type FetchBytes, fetchSigned } from '@spillway/client'
import type { AdaptiveLimit } from '@spillway/core'
import { hostOfUrl, isTableError, TableError, throwIfCancelled } from '@spillway/core'
import type { SignedObjects } from '../share/signed-objects.js'
import type { ByteRange, ByteSource, RemoteObject, SizedObject, TakeBytes } from './byte-source.js'
import {
  badObject,
  bodyOf,
  brokenError,
  copy,
  exhausted,
  type Failure,
  failureOf,
  type Place,
  replaced,
} from './range-response.js'

export interface ObjectReaderOptions {
  readonly objects: SignedObjects
  readonly limit: AdaptiveLimit
  readonly fetch?: FetchBytes | undefined
  readonly timeoutMs?: number | undefined
  readonly onBytes?: (bytes: number) => void
}

/** Attempts in a row that bring nothing, all within one time-out. */
const MAX_FRUITLESS = 5
/** A stalled connection is given up after this part of the time-out, so that another may be tried. */
const STALLED_PART = 3
/** Renewals in a row of a URL that is refused again. */
const MAX_REFUSED = 3
const BASE_DELAY_MS = 100
const MAX_DELAY_MS = 5_000

/**
 * Reads ranges of objects behind signed URLs: exactly the bytes asked for, from an object of the size that the share
 * states and that does not change meanwhile, or an error. A broken connection goes on where it stopped, a refused URL
 * is renewed. Errors name the host and the file's id, never the URL: it is a secret.
 */
export class ObjectReader implements ByteSource {
  readonly #options: ObjectReaderOptions
  readonly #timeoutMs: number
  /** Of the answers so far. */
  readonly #tags = new Map<string, string>()
  /** What objects are expected to be. */
  readonly #pins = new Map<string, string>()

  constructor(options: ObjectReaderOptions) {
    this.#options = options
    this.#timeoutMs = options.timeoutMs ?? 60_000
  }

  /** Hands the bytes over in order; returns once all of them were taken. */
  read(
    object: RemoteObject,
    range: ByteRange,
    take: TakeBytes,
    signal?: AbortSignal,
  ): Promise<void> {
    return this.#read({ object, range, expected: this.#pins.get(object.key), signal }, take)
  }

  async #read({ object, range, expected, signal }: Attempt, take: TakeBytes): Promise<void> {
    let at = range.start
    let fruitless = 0
    let refused = 0
    let progress = Date.now()
    while (at < range.end) {
      throwIfCancelled(signal)
      const before = at
      const attempt = { object, range: { start: at, end: range.end }, expected, signal }
      const outcome = await this.#options.limit.run(() =>
        this.#attempt(attempt, async bytes => {
          await take(bytes, at)
          at += bytes.length
        }),
      )
      if (at > before) {
        fruitless = 0
        refused = 0
        progress = Date.now()
      }
      if (outcome === undefined) continue
      if (outcome.kind === 'refused') {
        if (++refused > MAX_REFUSED) throw outcome.error
        continue
      }
      const idle = Date.now() - progress
      if (++fruitless > MAX_FRUITLESS || idle >= this.#timeoutMs) {
        throw exhausted(outcome.error, fruitless)
      }
      await pause(BASE_DELAY_MS * 2 ** (fruitless - 1), signal)
    }
  }

  /** All of a small range in memory. */
  async bytes(object: RemoteObject, range: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    const whole = new Uint8Array(range.end - range.start)
    const take: TakeBytes = (bytes, offset) => whole.set(bytes, offset - range.start)
    await this.read(object, range, take, signal)
    return whole
  }

  tagOf({ key }: RemoteObject): string | undefined {
    return this.#tags.get(key)
  }

  async check(object: SizedObject, tag: string, signal?: AbortSignal): Promise<void> {
    if (this.#tags.get(object.key) === tag) return
    const range = { start: object.size - 1, end: object.size }
    await this.#read({ object, range, expected: tag, signal }, () => undefined)
  }

  pin({ key }: RemoteObject, tag: string | undefined): void {
    this.#tags.delete(key)
    if (tag === undefined) this.#pins.delete(key)
    else this.#pins.set(key, tag)
  }

  async #attempt(
    { object, range, expected, signal }: Attempt,
    take: (bytes: Uint8Array) => Promise<void>,
  ): Promise<Failure | undefined> {
    const { objects, limit, onBytes } = this.#options
    const url = await objects.urlOf(object.key, signal)
    const place = { object, host: hostOfUrl(url) }
    const silence = silenceAfter(this.#timeoutMs / STALLED_PART, place)
    let response: BytesAnswer | undefined
    try {
      const asked = { url, place, range, expected }
      response = await this.#request(asked, joined(silence.signal, signal))
      const failure = failureOf(response.status, place)
      if (failure !== undefined) {
        if (failure.kind === 'refused') objects.refuse(object.key, url)
        else limit.congested()
        return failure
      }
      const body = bodyOf(response, range, place)
      this.#checkTag(response, place, expected)
      await copy(body, response, {
        take,
        received(count) {
          silence.restart()
          limit.received(count)
          onBytes?.(count)
        },
      })
      return undefined
    } catch (error) {
      throwIfCancelled(signal)
      const failure = silence.signal.aborted ? silence.signal.reason : error
      if (isTableError(failure) && !failure.retryable) throw failure
      if (isTableError(failure)) limit.congested()
      return { kind: 'broken', error: brokenError(failure, place) }
    } finally {
      silence.stop()
      // Read to its end, it has nothing to give up.
      response?.body?.cancel().catch(() => undefined)
    }
  }

  #request({ url, place, range, expected }: Asked, signal: AbortSignal): Promise<BytesAnswer> {
    return fetchSigned(url, {
      headers: {
        range: `bytes=${range.start}-${range.end - 1}`,
        'accept-encoding': 'identity',
        ...(expected !== undefined && { 'if-match': expected }),
      },
      signal,
      fetch: this.#options.fetch,
      refuse: reason => badObject(place, reason),
    })
  }

  /**
   * A strong entity tag that differs between two answers is another object under the same name. Not every store heeds
   * `If-Match`, so what is expected has to be said.
   */
  #checkTag({ headers }: BytesAnswer, place: Place, expected: string | undefined): void {
    const header = headers.get('etag')
    const tag = header?.startsWith('W/') ? undefined : (header ?? undefined)
    if (expected !== undefined && tag !== expected) throw replaced(place)
    if (tag === undefined) return
    const { key } = place.object
    const known = this.#tags.get(key) ?? this.#pins.get(key)
    if (known !== undefined && known !== tag) throw replaced(place)
    this.#tags.set(key, tag)
  }
}

interface Asked {
  readonly url: string
  readonly place: Place
  readonly range: ByteRange
  readonly expected: string | undefined
}

interface Attempt {
  readonly object: RemoteObject
  readonly range: ByteRange
  /** The tag that the object must have. */
  readonly expected: string | undefined
  readonly signal: AbortSignal | undefined
}

function joined(first: AbortSignal, second: AbortSignal | undefined): AbortSignal {
  return second === undefined ? first : AbortSignal.any([first, second])
}

function silenceAfter(timeoutMs: number, { object, host }: Place) {
  const controller = new AbortController()
  const expire = () =>
    controller.abort(
      new TableError(
        'STORAGE_UNAVAILABLE',
        `the provider's storage at ${host} was silent for ${timeoutMs / 1000} seconds`,
        { context: { file: object.key }, retryable: true },
      ),
    )
  let timer = setTimeout(expire, timeoutMs)
  return {
    signal: controller.signal,
    restart() {
      clearTimeout(timer)
      timer = setTimeout(expire, timeoutMs)
    },
    stop: () => clearTimeout(timer),
  }
}

function pause(delayMs: number, signal: AbortSignal | undefined): Promise<void> {
  const jittered = Math.min(MAX_DELAY_MS, delayMs) * (0.5 + Math.random() / 2)
  // A signal of its own: many that wait for one signal are taken for a leak by Node, which warns of them.
  const own = signal && AbortSignal.any([signal])
  return new Promise((resolve, reject) => {
    const done = () => {
      own?.removeEventListener('abort', stop)
      resolve()
    }
    const timer = setTimeout(done, jittered)
    const stop = () => {
      clearTimeout(timer)
      reject(new TableError('CANCELLED', 'the query was cancelled', { cause: signal?.reason }))
    }
    own?.addEventListener('abort', stop, { once: true })
  })
}
