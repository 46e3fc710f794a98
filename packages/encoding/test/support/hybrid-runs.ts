function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
}

/** One run of packed values, and what they are. */
export function packed(
  groups: number,
  width: number,
  seed: number,
): { bytes: number[]; values: number[] } {
  const values = Array.from({ length: groups * 8 }, (_, i) => (i * 2654435761 + seed) % 2 ** width)
  const bytes = new Array<number>(groups * width).fill(0)
  values.forEach((value, i) => {
    for (let bit = 0; bit < width; bit++) {
      const at = i * width + bit
      if (Math.floor(value / 2 ** bit) % 2 === 1) bytes[at >> 3]! |= 1 << (at & 7)
    }
  })
  return { bytes: [...varint(groups * 2 + 1), ...bytes], values }
}

/** One run of a value that repeats. */
export function repeated(count: number, width: number, value: number) {
  const bytes = Array.from(
    { length: (width + 7) >> 3 },
    (_, i) => Math.floor(value / 2 ** (8 * i)) & 255,
  )
  return { bytes: [...varint(count * 2), ...bytes], values: new Array<number>(count).fill(value) }
}

/** The whole of `bytes` as a run that is still to be read. */
export const runOf = (bytes: readonly number[]) => ({
  bytes: Uint8Array.from(bytes),
  at: 0,
  end: bytes.length,
})
