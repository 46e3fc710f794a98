import { compress, crc32Of, decompress } from './compress.js'
import { jsonSlots } from './json-slots.js'
import type { Anatomy, Part } from './part.js'
import { joined, NotWhole, splice } from './slots.js'
import { bitmapSlots, wrapped } from './vector-anatomy.js'

const utf8 = new TextDecoder()
const encode = new TextEncoder()

interface Blob {
  readonly type: string
  readonly offset: number
  readonly length: number
  readonly 'compression-codec'?: string
}

/** A Puffin file (Puffin spec): its blobs, the bitmaps of vectors without what wraps them, and the footer's JSON. */
export function puffinAnatomy(bytes: Uint8Array): Anatomy {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const size = bytes.length >= 20 ? view.getInt32(bytes.length - 12, true) : -1
  const start = bytes.length - 12 - size
  if (size < 2 || start < 8 || !magic(bytes, start - 4) || !magic(bytes, bytes.length - 4)) {
    throw new NotWhole('no Puffin file')
  }
  const text = bytes.subarray(start, start + size)
  const footer = JSON.parse(utf8.decode(text)) as { readonly blobs: readonly Blob[] }
  const parts: Part[] = footer.blobs.map((blob, index) => ({
    name: `blob ${index}`,
    bytes: opened(bytes.subarray(blob.offset, blob.offset + blob.length), blob),
    slots: blob.type === 'deletion-vector-v1' ? bitmapSlots : () => [],
  }))
  parts.push({ name: 'footer', bytes: text, slots: changed => jsonSlots(changed) })
  return {
    parts,
    assemble(index, changed) {
      const blob = footer.blobs[index]
      if (blob === undefined) return joined([bytes.subarray(0, start), tail(changed)])
      const stored = closed(changed, blob)
      const moved = stored.length - blob.length
      const blobs = footer.blobs.map((each, i) => {
        if (i === index) return { ...each, length: stored.length }
        return each.offset > blob.offset ? { ...each, offset: each.offset + moved } : each
      })
      const end = blob.offset + blob.length
      const body = splice(bytes.subarray(0, start), [{ start: blob.offset, end, bytes: stored }])
      return joined([body, tail(encode.encode(JSON.stringify({ ...footer, blobs })))])
    },
  }
}

function tail(footer: Uint8Array): Uint8Array {
  const end = new DataView(new ArrayBuffer(12))
  end.setInt32(0, footer.length, true)
  end.setUint32(8, 0x50464131)
  return joined([footer, new Uint8Array(end.buffer)])
}

function opened(stored: Uint8Array, blob: Blob): Uint8Array {
  if (blob['compression-codec'] === 'zstd') return decompress('zstd', stored, 0)
  if (blob.type !== 'deletion-vector-v1') return stored
  const bitmap = stored.subarray(4, -4)
  const view = new DataView(stored.buffer, stored.byteOffset, stored.byteLength)
  if (view.getUint32(stored.length - 4) !== crc32Of(bitmap)) throw new NotWhole('CRC-32')
  return bitmap
}

function closed(bytes: Uint8Array, blob: Blob): Uint8Array {
  if (blob['compression-codec'] === 'zstd') return compress('zstd', bytes)
  return blob.type === 'deletion-vector-v1' ? wrapped(bytes) : bytes
}

function magic(bytes: Uint8Array, at: number): boolean {
  return utf8.decode(bytes.subarray(at, at + 4)) === 'PFA1'
}
