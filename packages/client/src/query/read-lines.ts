import { unusable } from '../http/http.js'

/** A line longer than this is not an action of any server. */
const MAX_LINE_BYTES = 64 * 1024 * 1024

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The lines of an NDJSON body, as they arrive; the last needs no newline, an empty one is left out. */
export async function* readLines(
  body: AsyncIterable<Uint8Array>,
  maxLineBytes = MAX_LINE_BYTES,
): AsyncIterable<string> {
  let held: Uint8Array[] = []
  let heldBytes = 0
  function take(end: Uint8Array): string {
    const line = held.length === 0 ? end : join([...held, end], heldBytes + end.length)
    held = []
    heldBytes = 0
    return decodeLine(line)
  }
  for await (const chunk of body) {
    let start = 0
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, start)) {
      const line = take(chunk.subarray(start, newline))
      start = newline + 1
      if (line !== '') yield line
    }
    if (start < chunk.length) {
      held.push(chunk.subarray(start))
      heldBytes += chunk.length - start
    }
    if (heldBytes > maxLineBytes) {
      throw unusable(`a line is longer than ${maxLineBytes} bytes`)
    }
  }
  const last = take(new Uint8Array(0))
  if (last !== '') yield last
}

function decodeLine(bytes: Uint8Array): string {
  try {
    const end = bytes.length > 0 && bytes[bytes.length - 1] === 13 ? bytes.length - 1 : bytes.length
    return utf8.decode(bytes.subarray(0, end))
  } catch (cause) {
    throw unusable('it is not UTF-8 text', cause)
  }
}

function join(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
