import { createHash } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'
import type { FooterEdit } from '@spillway/core'

/** A file whose bytes from `keptBytes` on are replaced by `tail`. */
export interface ViewedFile {
  readonly keptBytes: number
  readonly tail: Uint8Array
  /** Tells views apart, for an ETag. */
  readonly mark: string
}

export type ViewFooter = (
  footer: Uint8Array,
  edits: readonly FooterEdit[],
) => Uint8Array | Promise<Uint8Array>

/** Length of the footer and magic, at the end of every Parquet file. */
const TRAILER_BYTES = 8
const MOST_FOOTER_BYTES = 64 * 1024 ** 2

/** A file that has no footer to be replaced: asking for it again does not help. */
export class UnviewableFile extends Error {
  constructor() {
    super('the file has no Parquet footer')
  }
}

const MOST_HELD_BYTES = 64 * 1024 ** 2

/**
 * Views of files, made once for all who read one at the same time and, while there is room, after one another: whoever reads a
 * Parquet file asks for many ranges of it.
 */
export class Views {
  readonly #viewFooter: ViewFooter
  // The one used last is at the end.
  readonly #held = new Map<string, Promise<ViewedFile>>()
  readonly #bytes = new Map<string, number>()
  #heldBytes = 0

  constructor(viewFooter: ViewFooter) {
    this.#viewFooter = viewFooter
  }

  /** `version` tells the file's bytes from all others that its path ever had. */
  of(
    file: FileHandle,
    {
      path,
      version,
      size,
    }: { readonly path: string; readonly version: string; readonly size: number },
    edits: readonly FooterEdit[],
  ): Promise<ViewedFile> {
    const key = JSON.stringify([path, version, size, edits])
    const known = this.#held.get(key)
    const view = known ?? viewedFile(file, size, { edits, viewFooter: this.#viewFooter })
    this.#held.delete(key)
    this.#held.set(key, view)
    if (known === undefined) {
      view.then(
        ({ tail }) => this.#keep(key, tail.length),
        () => this.#drop(key),
      )
    }
    return view
  }

  #keep(key: string, bytes: number): void {
    this.#bytes.set(key, bytes)
    this.#heldBytes += bytes
    for (const oldest of this.#held.keys()) {
      if (this.#heldBytes <= MOST_HELD_BYTES) break
      // What is still being made holds nothing yet.
      if (this.#bytes.has(oldest)) this.#drop(oldest)
    }
  }

  #drop(key: string): void {
    this.#held.delete(key)
    this.#heldBytes -= this.#bytes.get(key) ?? 0
    this.#bytes.delete(key)
  }
}

/** The file under another footer; throws where it is no Parquet file. */
async function viewedFile(
  file: FileHandle,
  size: number,
  { edits, viewFooter }: { readonly edits: readonly FooterEdit[]; readonly viewFooter: ViewFooter },
): Promise<ViewedFile> {
  if (size < TRAILER_BYTES) throw new UnviewableFile()
  const trailer = await read(file, Math.max(0, size - TRAILER_BYTES), size)
  const length = Buffer.from(trailer).readUInt32LE(0)
  const start = size - TRAILER_BYTES - length
  if (start < 4 || length > MOST_FOOTER_BYTES) throw new UnviewableFile()
  const footer = await viewFooter(await read(file, start, size - TRAILER_BYTES), edits)
  const tail = Buffer.alloc(footer.length + TRAILER_BYTES)
  tail.set(footer)
  tail.writeUInt32LE(footer.length, footer.length)
  tail.write('PAR1', footer.length + 4, 'latin1')
  const mark = createHash('sha256').update(JSON.stringify(edits)).digest('hex').slice(0, 16)
  return { keptBytes: start, tail, mark }
}

async function read(file: FileHandle, start: number, end: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(end - start)
  let at = 0
  while (at < bytes.length) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, start + at)
    if (bytesRead === 0) throw new Error('the file became shorter while it was read')
    at += bytesRead
  }
  return bytes
}
