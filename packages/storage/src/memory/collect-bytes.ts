import { throwIfCancelled } from '@spillway/core'

/** The whole of a body, copied, so that a caller may reuse its buffer. */
export async function collectBytes(
  bytes: Uint8Array | AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (bytes instanceof Uint8Array) return bytes.slice()
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    throwIfCancelled(signal)
    chunks.push(chunk.slice())
    size += chunk.length
  }
  const whole = new Uint8Array(size)
  let offset = 0
  for (const chunk of chunks) {
    whole.set(chunk, offset)
    offset += chunk.length
  }
  return whole
}
