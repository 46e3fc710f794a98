import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** Where a command reads from and writes to; handed in, so that tests need no process. */
export interface Terminal {
  readonly stdin: Readable
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number | undefined }
  readonly stderr: Writable & { readonly isTTY?: boolean }
  /** The folder that relative paths are relative to. */
  readonly folder: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

/** Writes one line and waits where the reader is slower than we are. */
export function writeLine(stream: Writable, line: string): Promise<void> {
  return writeChunk(stream, `${line}\n`)
}

/** The same with text or bytes as they are. */
export async function writeChunk(stream: Writable, chunk: string | Uint8Array): Promise<void> {
  if (stream.write(chunk)) return
  // Nothing drains what nobody takes any more.
  if (stream.destroyed) {
    throw Object.assign(new Error('the reader of the output is gone'), { code: 'EPIPE' })
  }
  await once(stream, 'drain')
}

/** All of a stream as text. */
export async function readAll(stream: Readable): Promise<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of stream) {
    text +=
      typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true })
  }
  return text + decoder.decode()
}

/** Stands for a line that was longer than is kept; its text is dropped as it comes. */
export const TOO_LONG = Symbol('a line that is too long')

/** Lines of a stream, without their ends. Memory is bounded by the longest line allowed, not by the input. */
export async function* readLines(
  stream: Readable,
  maxCharacters = 16 * 1024 * 1024,
): AsyncGenerator<string | typeof TOO_LONG> {
  const decoder = new TextDecoder()
  const line = new PendingLine(maxCharacters)
  for await (const chunk of stream) {
    const text =
      typeof chunk === 'string' ? chunk : decoder.decode(chunk as Uint8Array, { stream: true })
    let start = 0
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
      line.add(text.slice(start, end))
      yield line.take()
      start = end + 1
    }
    line.add(text.slice(start))
  }
  line.add(decoder.decode())
  if (!line.empty) yield line.take()
}

/** Parts of one line, joined once. */
class PendingLine {
  readonly #maxCharacters: number
  #parts: string[] = []
  #length = 0

  constructor(maxCharacters: number) {
    this.#maxCharacters = maxCharacters
  }

  get empty(): boolean {
    return this.#length === 0
  }

  add(part: string): void {
    this.#length += part.length
    if (this.#length > this.#maxCharacters) this.#parts = []
    else if (part !== '') this.#parts.push(part)
  }

  take(): string | typeof TOO_LONG {
    const text = this.#length > this.#maxCharacters ? TOO_LONG : this.#parts.join('')
    this.#parts = []
    this.#length = 0
    return typeof text === 'string' && text.endsWith('\r') ? text.slice(0, -1) : text
  }
}
