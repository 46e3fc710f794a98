import type { ServerResponse } from 'node:http'

export interface Sending {
  readonly stallMs: number
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
  const reader = body.getReader()
  const leave = () => void reader.cancel().catch(() => undefined)
  gone.addEventListener('abort', leave, { once: true })
  // Who left before there was a body is told of no more.
  if (gone.aborted) leave()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (gone.aborted) return
      if (done) break
      await written(outgoing, value, sending)
    }
    gone.removeEventListener('abort', leave)
    outgoing.end()
  } catch {
    outgoing.destroy()
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
