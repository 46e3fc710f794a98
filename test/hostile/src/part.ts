import type { Slot } from './slots.js'

/** What lies open once a file is taken apart: a document, a decompressed block or page. */
export interface Part {
  readonly name: string
  readonly bytes: Uint8Array
  slots(bytes: Uint8Array): readonly Slot[]
}

export interface Recompression {
  /** Of codecs that have levels. */
  readonly level?: number
}

export interface Anatomy {
  readonly parts: readonly Part[]
  /** The file with one part changed: compressed as it was, and every length, offset and checksum around it right. */
  assemble(index: number, bytes: Uint8Array, how?: Recompression): Uint8Array
}

export function wholePart(
  name: string,
  bytes: Uint8Array,
  slots: (bytes: Uint8Array) => readonly Slot[],
): Anatomy {
  return { parts: [{ name, bytes, slots }], assemble: (_, changed) => changed }
}
