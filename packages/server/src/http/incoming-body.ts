import type { IncomingMessage, ServerResponse } from 'node:http'
import { bodyWasRead } from './body-was-read.js'

/** The body of a request, also where somebody before us has read it. */
export function bodyOf(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): ReadableStream<Uint8Array> | Uint8Array {
  const wasRead = incoming.readableDidRead || incoming.readableEnded
  return wasRead ? bodyReadBefore(incoming) : streamOf(incoming, outgoing)
}

/**
 * What a body parser keeps, where it is the bytes that were sent: of a parsed document nobody knows them. Else whoever
 * reads the body is told what to change, at once and not when the time is over.
 */
function bodyReadBefore(incoming: IncomingMessage): ReadableStream<Uint8Array> | Uint8Array {
  const { body } = incoming as { readonly body?: unknown }
  const length = incoming.headers['content-length']
  if (incoming.readableEnded) {
    if (length === '0') return new Uint8Array()
    if (body instanceof Uint8Array) return body
    if (typeof body === 'string' && isWhole(body, length)) return Buffer.from(body)
  }
  return new ReadableStream({ start: controller => controller.error(bodyWasRead()) })
}

/** A text that was decoded from something else than UTF-8 is not as long, or says what it could not decode. */
function isWhole(text: string, length: string | undefined): boolean {
  return String(Buffer.byteLength(text)) === length && !text.includes('\ufffd')
}

/**
 * Reads as the handler does, and leaves the connection whole when the handler has read enough. A client that asks first
 * whether its body is wanted is told so when somebody reads it, unless it was told before.
 */
function streamOf(incoming: IncomingMessage, outgoing: ServerResponse): ReadableStream<Uint8Array> {
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
