const MAGIC = 0xfd2fb528
/** `0x184d2a5?`: frames that hold nothing to decompress. */
const SKIPPABLE = 0x184d2a50
const LARGEST_BLOCK = 128 * 1024

/**
 * The most bytes that zstd data decompresses to, and the windows it wants for that, from the headers of its frames and blocks
 * alone (RFC 8878, 3.1.1); undefined where they are no such headers. Decoders allocate by what frames state, and a block of
 * four bytes becomes 128 KiB.
 */
export function longestZstd(bytes: Uint8Array): number | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let length = 0
  let at = 0
  while (at < bytes.length) {
    if (at + 8 > bytes.length) return undefined
    const magic = view.getUint32(at, true)
    if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE) {
      at += 8 + view.getUint32(at + 4, true)
      continue
    }
    if (magic !== MAGIC) return undefined
    const frame = readFrame(view, at + 4)
    if (frame === undefined) return undefined
    length += frame.length
    at = frame.end
  }
  return at === bytes.length ? length : undefined
}

function readFrame(view: DataView, start: number): { length: number; end: number } | undefined {
  const header = readHeader(view, start)
  let at = header.end
  let length = 0
  for (let isLast = false; !isLast; ) {
    if (at + 3 > view.byteLength) return undefined
    const block = view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16)
    isLast = (block & 1) === 1
    const kind = (block >> 1) & 3
    const size = block >> 3
    if (kind === 3) return undefined
    length += kind === 2 ? header.largestBlock : size
    at += 3 + (kind === 1 ? 1 : size)
  }
  const end = at + (header.hasChecksum ? 4 : 0)
  return end > view.byteLength ? undefined : { length: Math.max(length, header.memory), end }
}

const CONTENT_SIZES = [0, 2, 4, 8]
const DICTIONARY_SIZES = [0, 1, 2, 4]

function readHeader(view: DataView, start: number) {
  const descriptor = view.getUint8(start)
  const isSingle = (descriptor & 0x20) !== 0
  const sized = descriptor >> 6
  const contentLength = sized === 0 && isSingle ? 1 : CONTENT_SIZES[sized]!
  const contentAt = start + 1 + (isSingle ? 0 : 1) + DICTIONARY_SIZES[descriptor & 3]!
  const end = contentAt + contentLength
  const contentSize = end > view.byteLength ? 0 : readSize(view, contentAt, contentLength)
  const window = isSingle ? contentSize : windowSize(view.getUint8(start + 1))
  return {
    end,
    // Decoders hold all of it where the frame says how long it is, else what later blocks may refer to.
    memory: contentLength > 0 ? contentSize : window,
    largestBlock: Math.min(LARGEST_BLOCK, window),
    hasChecksum: (descriptor & 4) !== 0,
  }
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3))
  return base + (base / 8) * (descriptor & 7)
}

function readSize(view: DataView, at: number, length: number): number {
  if (length === 0) return 0
  if (length === 1) return view.getUint8(at)
  if (length === 2) return view.getUint16(at, true) + 256
  return length === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true))
}
