import { gzipSync } from 'node:zlib'

const utf8 = new TextEncoder()

/** Bytes that grow, big-endian. */
export class ByteWriter {
  #bytes = new Uint8Array(1 << 12)
  #length = 0

  get length(): number {
    return this.#length
  }

  raw(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  byte(value: number): this {
    return this.raw(Uint8Array.of(value))
  }

  int16(value: number): this {
    return this.#number(2, view => view.setInt16(0, value))
  }

  int32(value: number): this {
    return this.#number(4, view => view.setInt32(0, value))
  }

  int64(value: number | bigint): this {
    return this.#number(8, view => view.setBigInt64(0, BigInt(value)))
  }

  varint(value: number): this {
    let rest = value
    for (; rest >= 0x80; rest = Math.floor(rest / 128)) this.byte((rest % 128) | 0x80)
    return this.byte(rest)
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  #number(width: number, set: (view: DataView) => void): this {
    const bytes = new Uint8Array(width)
    set(new DataView(bytes.buffer))
    return this.raw(bytes)
  }

  #reserve(extra: number): void {
    if (this.#length + extra <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + extra))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

export interface HFileOptions {
  readonly info?: Readonly<Record<string, string>>
  /** A data block ends once it holds this many bytes. */
  readonly blockBytes?: number
  /** Compresses blocks; default false. */
  readonly gzip?: boolean
}

interface IndexEntry {
  readonly key: Uint8Array
  readonly offset: number
  readonly length: number
}

const TRAILER_LENGTH = 4096
const GZIP = 1
const NO_COMPRESSION = 2

/** An HFile version 3; `entries` ascend by key bytes. HBase reference guide, appendix G. */
export function hfileBytes(
  entries: readonly (readonly [key: string | Uint8Array, value: Uint8Array])[],
  { info = {}, blockBytes = 16 * 1024, gzip = false }: HFileOptions = {},
): Uint8Array {
  const out = new ByteWriter()
  const write = (magic: string, content: Uint8Array) =>
    writeBlock(out, magic, { content, stored: gzip ? gzipSync(content) : content })
  const index: IndexEntry[] = []
  let block = new ByteWriter()
  let first: Uint8Array | undefined
  const close = () => {
    if (first === undefined) return
    const offset = out.length
    write('DATABLK*', block.finish())
    index.push({ key: first, offset, length: out.length - offset })
    block = new ByteWriter()
    first = undefined
  }
  for (const [name, value] of entries) {
    const key = cellKey(typeof name === 'string' ? utf8.encode(name) : name)
    first ??= key
    block.int32(key.length).int32(value.length).raw(key).raw(value).byte(0)
    if (block.length >= blockBytes) close()
  }
  close()
  const loadOnOpen = out.length
  write('IDXROOT2', rootIndex(index))
  write('IDXROOT2', new Uint8Array(0))
  const infoOffset = out.length
  write('FILEINF2', fileInfo(info))
  return out
    .raw(trailer({ infoOffset, loadOnOpen, blocks: index.length, entries: entries.length, gzip }))
    .finish()
}

/** Row length, row, no family, no timestamp, type Put. */
function cellKey(row: Uint8Array): Uint8Array {
  const suffix = new Uint8Array(10)
  suffix[9] = 4
  return new ByteWriter().int16(row.length).raw(row).raw(suffix).finish()
}

function writeBlock(
  out: ByteWriter,
  magic: string,
  { content, stored }: { readonly content: Uint8Array; readonly stored: Uint8Array },
): void {
  out.raw(utf8.encode(magic)).int32(stored.length).int32(content.length).int64(-1)
  out
    .byte(0)
    .int32(16 * 1024)
    .int32(33 + stored.length)
    .raw(stored)
}

function rootIndex(index: readonly IndexEntry[]): Uint8Array {
  const out = new ByteWriter()
  for (const { key, offset, length } of index) {
    out.int64(offset).int32(length)
    // Hadoop's variable-length integer: one byte to 127, else a length byte and big-endian digits.
    if (key.length < 128) out.byte(key.length)
    else if (key.length < 256) out.byte(256 - 113).byte(key.length)
    else out.byte(256 - 114).int16(key.length)
    out.raw(key)
  }
  return out.finish()
}

function fileInfo(info: Readonly<Record<string, string>>): Uint8Array {
  const message = new ByteWriter()
  for (const [key, value] of Object.entries(info)) {
    const pair = new ByteWriter()
    for (const [field, text] of [
      [1, key],
      [2, value],
    ] as const) {
      const bytes = utf8.encode(text)
      pair
        .byte(field * 8 + 2)
        .varint(bytes.length)
        .raw(bytes)
    }
    message.byte(0x0a).varint(pair.length).raw(pair.finish())
  }
  return new ByteWriter()
    .raw(utf8.encode('PBUF'))
    .varint(message.length)
    .raw(message.finish())
    .finish()
}

function trailer(counts: {
  readonly infoOffset: number
  readonly loadOnOpen: number
  readonly blocks: number
  readonly entries: number
  readonly gzip: boolean
}): Uint8Array {
  const message = new ByteWriter()
  const fields = [
    [1, counts.infoOffset],
    [2, counts.loadOnOpen],
    [5, counts.blocks],
    [7, counts.entries],
    [8, 1],
    [12, counts.gzip ? GZIP : NO_COMPRESSION],
  ] as const
  for (const [field, value] of fields) message.byte(field * 8).varint(value)
  const bytes = new Uint8Array(TRAILER_LENGTH)
  const start = new ByteWriter().raw(utf8.encode('TRABLK"$')).varint(message.length)
  bytes.set(start.raw(message.finish()).finish())
  new DataView(bytes.buffer).setInt32(TRAILER_LENGTH - 4, 3)
  return bytes
}
