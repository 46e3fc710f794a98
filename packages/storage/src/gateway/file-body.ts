import type { FileHandle } from 'node:fs/promises'
import type { ViewedFile } from './viewed-file.js'

/** Of a chunk where the reader brings no buffer of its own. */
const CHUNK_BYTES = 256 * 1024

export interface FileBodyOptions {
  readonly view: ViewedFile | undefined
  /** Whether the file is still the one whose validators were sent. */
  readonly isSame: () => Promise<boolean>
}

/**
 * Bytes of an open file, which it closes: read as the recipient reads, a chunk ahead at most, and into the reader's own buffers
 * where it brings them. A file that shrinks, or that is another at the end, breaks the answer off before its last bytes: it never
 * looks whole.
 */
export function fileBody(
  file: FileHandle,
  { start, end }: { readonly start: number; readonly end: number },
  { view, isSame }: FileBodyOptions,
): ReadableStream<Uint8Array> {
  const ownEnd = view === undefined ? end : Math.min(end, view.keptBytes)
  let position = start
  const fill = async (chunk: Uint8Array): Promise<number> => {
    if (position >= ownEnd && view !== undefined) {
      const from = position - view.keptBytes
      const tail = view.tail.subarray(from, Math.min(end - view.keptBytes, from + chunk.length))
      chunk.set(tail)
      return tail.length
    }
    const read = await readInto(file, chunk.subarray(0, ownEnd - position), position)
    if (position + read >= ownEnd && !(await isSame()))
      throw new Error('the file changed while it was read')
    return read
  }
  return new ReadableStream({
    // What a gigabyte comes through would else be allocated, and collected, four thousand times.
    type: 'bytes',
    async pull(controller) {
      const asked = controller.byobRequest
      try {
        const chunk = bytesOf(asked?.view) ?? new Uint8Array(Math.min(CHUNK_BYTES, end - position))
        const filled = await fill(chunk)
        position += filled
        if (position >= end) await file.close()
        if (asked === null) {
          if (filled > 0) controller.enqueue(chunk.subarray(0, filled))
        } else if (filled > 0) asked.respond(filled)
        if (position < end) return
        controller.close()
        // An empty file: the read that is under way ends with the stream.
        if (filled === 0) asked?.respond(0)
      } catch (error) {
        await file.close()
        throw error
      }
    },
    cancel: () => file.close(),
  })
}

function bytesOf(view: ArrayBufferView | null | undefined): Uint8Array | undefined {
  return view ? new Uint8Array(view.buffer, view.byteOffset, view.byteLength) : undefined
}

async function readInto(file: FileHandle, chunk: Uint8Array, position: number): Promise<number> {
  if (chunk.length === 0) return 0
  const { bytesRead } = await file.read(chunk, 0, chunk.length, position)
  if (bytesRead === 0) throw new Error('the file became shorter while it was read')
  return bytesRead
}
