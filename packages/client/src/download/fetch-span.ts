import { type AdaptiveLimit, isTableError, TableError, throwIfCancelled } from '@spillway/core'
import type { WireSignedFile } from '@spillway/protocol/wire'
import type { AssetClient } from '../assets/asset-client.js'
import { sleep } from '../http/retry.js'
import type { Span } from './byte-spans.js'
import type { SignedUrls } from './signed-urls.js'
import { isBound, type Transfer } from './transfer.js'

export interface SpanFetching {
  readonly client: Pick<AssetClient, 'openFile'>
  readonly urls: SignedUrls
  readonly limit: AdaptiveLimit
  readonly onBytes: (count: number) => void
  readonly signal: AbortSignal
}

/** Attempts in a row that bring nothing. */
const MAX_FRUITLESS = 6
/** URLs in a row that are refused at once. */
const MAX_REFUSED = 3
const BASE_DELAY_MS = 200
const MAX_DELAY_MS = 15_000

/**
 * Fetches a span of a file and writes it, going on where an answer broke off. Throws `CONFLICT` where the file is another by
 * now, `UNSUPPORTED_FEATURE` where its store sends it whole only.
 */
export async function fetchSpan(
  transfer: Transfer,
  span: Span & { readonly whole?: boolean },
  fetching: SpanFetching,
): Promise<void> {
  const { signal, urls, limit } = fetching
  // Another answer may be of another file, unless something says that its bytes go with these.
  const isGoneOnWith = span.whole !== true && isBound(transfer.file)
  let at = span.start
  let [fruitless, refused] = [0, 0]
  while (at < span.end) {
    throwIfCancelled(signal)
    const before = at
    const url = await urls.get(transfer.file)
    transfer.hold(url.sha256)
    const failure = await attempt(
      url,
      { transfer, span: { ...span, start: at }, fetching },
      end => {
        at = end
      },
    )
    // Bytes that will be thrown away bring nothing.
    if (at > before && isGoneOnWith) [fruitless, refused] = [0, 0]
    if (failure === undefined) continue
    throwIfCancelled(signal)
    if (failure.code === 'PERMISSION_DENIED') {
      urls.refuse(url)
      if (++refused > MAX_REFUSED) throw failure
    } else if (!failure.retryable) {
      throw failure
    } else {
      limit.congested()
      if (++fruitless > MAX_FRUITLESS) throw exhausted(failure, fruitless)
      await sleep(delayOf(failure, fruitless), signal)
    }
    if (at > span.start && !isGoneOnWith) {
      await transfer.discard()
      at = span.start
    }
  }
}

interface Attempt {
  readonly transfer: Transfer
  readonly span: Span & { readonly whole?: boolean }
  readonly fetching: SpanFetching
}

/** What made an answer break off; undefined where it went on to its end. `wrote` is told how far the file has come. */
async function attempt(
  url: WireSignedFile,
  { transfer, span, fetching }: Attempt,
  wrote: (end: number) => void,
): Promise<TableError | undefined> {
  const { client, limit, onBytes, signal } = fetching
  const { size } = transfer.file
  const isAll = span.whole === true || (span.start === 0 && span.end === size)
  const pending = new PendingBytes(span.start, grainOf(size))
  const flush = async () => {
    const { chunks, at } = pending.take()
    if (chunks.length === 0) return
    await transfer.write(chunks, at)
    wrote(pending.at)
  }
  let failure: unknown
  try {
    const opened = await client.openFile(url, { signal, ...(!isAll && { range: span }) })
    try {
      for await (const chunk of opened.chunks) {
        limit.received(chunk.length)
        onBytes(chunk.length)
        pending.add(chunk)
        if (pending.isFull) await flush()
      }
    } finally {
      opened.close()
    }
  } catch (error) {
    failure = error
  }
  // What came before a connection broke is of this file: it was asked for by its tag.
  const isSound = failure === undefined || (isTableError(failure) && failure.retryable)
  if (isSound && !signal.aborted) await flush()
  if (failure === undefined) return undefined
  if (isTableError(failure)) return failure
  throw failure
}

/** A journal has a line for each grain: some thousand of a file, so that little is fetched again after a kill. */
function grainOf(size: number): number {
  return Math.min(512 * 1024, Math.max(32 * 1024, Math.floor(size / 8192)))
}

/** Bytes that are not written yet. */
class PendingBytes {
  at: number
  readonly #grain: number
  #chunks: Uint8Array[] = []
  #bytes = 0

  constructor(at: number, grain: number) {
    this.at = at
    this.#grain = grain
  }

  get isFull(): boolean {
    return this.#bytes >= this.#grain
  }

  add(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
  }

  take(): { readonly chunks: readonly Uint8Array[]; readonly at: number } {
    const taken = { chunks: this.#chunks, at: this.at }
    this.at += this.#bytes
    this.#chunks = []
    this.#bytes = 0
    return taken
  }
}

function delayOf({ context }: TableError, fruitless: number): number {
  const { retryAfterMs } = context
  if (typeof retryAfterMs === 'number') return Math.min(retryAfterMs, 120_000)
  const delay = Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** (fruitless - 1))
  return delay * (0.5 + Math.random() / 2)
}

function exhausted(error: TableError, attempts: number): TableError {
  return new TableError(error.code, `${error.message} (after ${attempts} attempts in a row)`, {
    context: error.context,
    cause: error,
  })
}
