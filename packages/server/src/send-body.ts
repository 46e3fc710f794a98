import type { ServerResponse } from 'node:http'

/**
 * A body into a response, a block at a time and only as the recipient takes it. A body that breaks off breaks the
 * connection; so does a recipient who has gone, or has taken nothing for `stallMs`. Either frees what makes the body.
 */
export async function sendBody(
  body: ReadableStream<Uint8Array>,
  outgoing: ServerResponse,
  { stallMs }: { readonly stallMs: number },
): Promise<void> {
  const reader = body.getReader()
  const leave = () => void reader.cancel().catch(() => undefined)
  outgoing.once('close', leave)
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (outgoing.destroyed) return
      if (done) break
      await written(outgoing, value, stallMs)
    }
    outgoing.off('close', leave)
    outgoing.end()
  } catch {
    outgoing.destroy()
  }
}

/** Resolves when the system has taken the block; a recipient who takes nothing for too long is let go. */
function written(outgoing: ServerResponse, block: Uint8Array, stallMs: number): Promise<void> {
  return new Promise(resolve => {
    const timer = setTimeout(() => outgoing.destroy(), stallMs)
    const settle = () => {
      clearTimeout(timer)
      outgoing.off('close', settle)
      resolve()
    }
    outgoing.once('close', settle)
    outgoing.write(block, settle)
  })
}
