import type { ServerResponse } from 'node:http'
import { byobReaderOf } from './byob-reader.js'

export interface Sending {
  readonly stallMs: number
  /** Bytes of the body, where they are known. */
  readonly length: number | undefined
  /** Aborted when the recipient has gone, be it before the first block. */
  readonly gone: AbortSignal
}

/**
 * A body into a response, a block at a time and only as the recipient takes it. A body that breaks off breaks the
 * connection; so does a recipient who has gone, or has taken nothing for `stallMs`. Either frees what makes the body.
 */
export async function sendBody(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  sending: Sending,
): Promise<void> {
  const { gone } = sending
  const { read, cancel } = blocksOf(body, sending.length)
  const leave = () => void cancel().catch(() => undefined)
  gone.addEventListener('abort', leave, { once: true })
  // Who left before there was a body is told of no more.
  if (gone.aborted) leave()
  try {
    for (;;) {
      const block = await read()
      if (gone.aborted) return
      if (block === undefined) break
      await written(outgoing, block, sending)
    }
    gone.removeEventListener('abort', leave)
    outgoing.end()
  } catch {
    outgoing.destroy()
  }
}

const BLOCK_BYTES = 256 * 1024

interface Blocks {
  /** The next block, which holds until the next call; undefined behind the last. */
  read(): Promise<Uint8Array | undefined>
  cancel(): Promise<void>
}

/** One buffer for the whole body, where that can fill it: a block is read once the system has taken the one before. */
function blocksOf(body: ReadableStream<Uint8Array>, length = BLOCK_BYTES): Blocks {
  const filling = byobReaderOf(body)
  if (filling === undefined) {
    const reader = body.getReader()
    return { read: async () => (await reader.read()).value, cancel: () => reader.cancel() }
  }
  let buffer = new ArrayBuffer(Math.max(1, Math.min(BLOCK_BYTES, length)))
  return {
    async read() {
      const { done, value } = await filling.read(new Uint8Array(buffer))
      if (done) return undefined
      buffer = value.buffer
      return value
    },
    cancel: () => filling.cancel(),
  }
}

/** Resolves when the system has taken the block; a recipient who takes nothing for too long is let go. */
function written(
  outgoing: ServerResponse,
  block: Uint8Array,
  { stallMs, gone }: Sending,
): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(() => outgoing.destroy(), stallMs)
    const settle = () => {
      clearTimeout(timer)
      gone.removeEventListener('abort', settle)
      resolve()
    }
    gone.addEventListener('abort', settle, { once: true })
    outgoing.write(block, settle)
  })
}
