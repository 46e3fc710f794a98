import { encodeEnd } from '@spillway/protocol'
import type { FairScheduler } from '../limits/fair-scheduler.js'

/** About what one block holds. */
const BLOCK_CHARACTERS = 32 * 1024

/**
 * An answer that is no longer than this ends before long ones go on: after its first block it would else wait for one
 * block of each, a second where five hundred stream, to say that there is no more.
 */
const SHORT_BYTES = 128 * 1024

export interface NdjsonOptions {
  /** A client that asked for an end-of-stream action learns of a late fault from it; any other, from a broken body. */
  readonly endsWithAction: boolean
  /** What a late fault may say to the recipient. */
  readonly describe: (error: unknown) => { readonly status: number; readonly message: string }
  readonly onEnd: (outcome: 'complete' | 'failed' | 'cancelled', error?: unknown) => void
  readonly onBytes: (bytes: number) => void
  readonly scheduler: FairScheduler
  /** Whose answer it is: recipients take turns. */
  readonly recipient: string
}

/**
 * Lines into a body, a block at a time and only as the recipient reads. Resolves once the first lines are known, so
 * that a fault before them is still an HTTP status; a later one never leaves an answer that looks whole.
 */
export async function ndjsonBody(
  lines: AsyncIterable<string>,
  options: NdjsonOptions,
): Promise<ReadableStream<Uint8Array>> {
  const iterator = lines[Symbol.asyncIterator]()
  await options.scheduler.turn({ first: true, recipient: options.recipient })
  const first = await iterator.next()
  return new ReadableStream<Uint8Array>(new LineSource(iterator, first, options), {
    highWaterMark: 0,
  })
}

const utf8 = new TextEncoder()

class LineSource {
  readonly #iterator: AsyncIterator<string>
  readonly #options: NdjsonOptions
  #held: IteratorResult<string>
  #ended = false
  #sent = 0

  constructor(
    iterator: AsyncIterator<string>,
    first: IteratorResult<string>,
    options: NdjsonOptions,
  ) {
    this.#iterator = iterator
    this.#held = first
    this.#options = options
  }

  async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    try {
      if (!this.#held.done) {
        const bytes = utf8.encode(this.#held.value)
        this.#options.onBytes(bytes.byteLength)
        this.#sent += bytes.byteLength
        // Handed over before the next block is waited for: the recipient has it while the next one is made.
        controller.enqueue(bytes)
        await this.#options.scheduler.turn({
          first: this.#sent < SHORT_BYTES,
          recipient: this.#options.recipient,
        })
        if (this.#ended) return
        this.#held = await this.#iterator.next()
      }
      if (this.#held.done) {
        this.#end('complete')
        controller.close()
      }
    } catch (error) {
      this.#fail(controller, error)
    }
  }

  async cancel(): Promise<void> {
    this.#end('cancelled')
    await this.#iterator.return?.()
  }

  #end(outcome: 'complete' | 'failed' | 'cancelled', error?: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.onEnd(outcome, error)
  }

  #fail(controller: ReadableStreamDefaultController<Uint8Array>, error: unknown): void {
    this.#end('failed', error)
    if (!this.#options.endsWithAction) {
      controller.error(error)
      return
    }
    const { status, message } = this.#options.describe(error)
    const last = encodeEnd({ errorMessage: message, httpStatusErrorCode: status })
    controller.enqueue(utf8.encode(last))
    controller.close()
  }
}

/** Lines of `items` gathered into texts of about a block, so that a million lines are not a million turns of the event loop. */
export function* gather<Item>(
  items: readonly Item[],
  line: (item: Item) => string,
): Generator<string> {
  let block = ''
  for (const item of items) {
    block += line(item)
    if (block.length >= BLOCK_CHARACTERS) {
      yield block
      block = ''
    }
  }
  if (block !== '') yield block
}
