import type { IncomingMessage, ServerResponse } from 'node:http'

/**
 * Reads as the handler does, and leaves the connection whole when the handler has read enough. A client that asks first
 * whether its body is wanted is told so when somebody reads it, unless it was told before.
 */
export function bodyOf(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): ReadableStream<Uint8Array> {
  const detach = new AbortController()
  let asks = /^100-continue$/i.test(incoming.headers.expect ?? '')
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const onData = (bytes: Uint8Array) => {
          controller.enqueue(bytes)
          if ((controller.desiredSize ?? 0) <= 0) incoming.pause()
        }
        const onEnd = () => controller.close()
        const onError = (error: Error) => controller.error(error)
        incoming.on('data', onData).on('end', onEnd).on('error', onError)
        incoming.pause()
        detach.signal.addEventListener('abort', () => {
          incoming.off('data', onData).off('end', onEnd).off('error', onError)
          incoming.on('error', () => undefined)
        })
      },
      pull() {
        if (asks && !wasContinued(outgoing)) outgoing.writeContinue()
        asks = false
        incoming.resume()
      },
      cancel() {
        detach.abort()
        incoming.pause()
      },
    },
    { highWaterMark: 0 },
  )
}

/** Where nobody listens for `checkContinue`, or whoever does answers it, the client has been told to go on. */
function wasContinued(outgoing: ServerResponse): boolean {
  // Node keeps it here and nowhere else.
  return (outgoing as { readonly _sent100?: boolean })._sent100 === true
}
