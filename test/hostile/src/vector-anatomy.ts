import { crc32Of } from './compress.js'
import type { Anatomy } from './part.js'
import { joined, NotWhole, type Slot } from './slots.js'

/** A file of Delta deletion vectors (PROTOCOL.md, "Deletion Vector File Storage Format"): bitmaps behind lengths, with CRC-32. */
export function vectorFileAnatomy(bytes: Uint8Array): Anatomy {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes[0] !== 1) throw new NotWhole('no file of vectors')
  const bitmaps: { start: number; end: number }[] = []
  for (let at = 1; at < bytes.length; ) {
    if (at + 8 > bytes.length) throw new NotWhole('cut off')
    const length = view.getUint32(at)
    const end = at + 4 + length
    if (end + 4 > bytes.length) throw new NotWhole('cut off')
    if (view.getUint32(end) !== crc32Of(bytes.subarray(at + 4, end))) throw new NotWhole('CRC-32')
    bitmaps.push({ start: at, end: end + 4 })
    at = end + 4
  }
  return {
    parts: bitmaps.map(({ start, end }, index) => ({
      name: `bitmap ${index}`,
      bytes: bytes.subarray(start + 4, end - 4),
      slots: bitmapSlots,
    })),
    assemble: (index, changed) => {
      const { start, end } = bitmaps[index]!
      return joined([bytes.subarray(0, start), wrapped(changed), bytes.subarray(end)])
    },
  }
}

/** A bitmap between its length and its checksum. */
export function wrapped(bitmap: Uint8Array): Uint8Array {
  const around = new DataView(new ArrayBuffer(8))
  around.setUint32(0, bitmap.length)
  around.setUint32(4, crc32Of(bitmap))
  return joined([new Uint8Array(around.buffer, 0, 4), bitmap, new Uint8Array(around.buffer, 4, 4)])
}

/** The counts and keys at the head of a 64-bit roaring bitmap, and the rest as one. */
export function bitmapSlots(bytes: Uint8Array): readonly Slot[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < 12) throw new NotWhole('no bitmap')
  const names = ['magic', 'bitmaps', 'bitmaps high', 'key', 'cookie', 'containers']
  const slots: Slot[] = names.flatMap((path, i) =>
    4 * i + 4 > bytes.length
      ? []
      : [
          {
            path,
            kind: 'int32' as const,
            start: 4 * i,
            end: 4 * i + 4,
            text: String(view.getUint32(4 * i, true)),
          },
        ],
  )
  const rest = Buffer.from(bytes.subarray(Math.min(bytes.length, 24))).toString('latin1')
  return [...slots, { path: 'rest', kind: 'fixed', start: 24, end: bytes.length, text: rest }]
}
