/** A reader into buffers of its caller's, where the body can fill them; undefined, and nothing locked, where it cannot. */
export function byobReaderOf(
  body: ReadableStream<Uint8Array>,
): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: 'byob' })
  } catch {
    // Streams do not tell their kind otherwise.
    return undefined
  }
}
