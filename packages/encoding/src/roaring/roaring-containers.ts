/** Positions that share all but their low 16 bits, as they lie in the serialised bytes. */
export interface Container {
  readonly kind: 'array' | 'bitmap' | 'runs'
  /** The position of its bit 0. */
  readonly base: number
  /** Where its values begin. */
  readonly at: number
  /** Values of an array, pairs of first value and length - 1 of runs. */
  readonly count: number
}

export const CONTAINER_SIZE = 0x10000
export const BITMAP_BYTES = 8192

/** The container of `base` among those that ascend. */
export function findContainer(
  containers: readonly Container[],
  base: number,
): Container | undefined {
  let low = 0
  let high = containers.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (containers[middle]!.base < base) low = middle + 1
    else high = middle
  }
  return containers[low]?.base === base ? containers[low] : undefined
}

export function contains(view: DataView, { kind, at, count }: Container, low: number): boolean {
  if (kind === 'bitmap') return (view.getUint8(at + (low >> 3)) & (1 << (low & 7))) !== 0
  const width = kind === 'array' ? 2 : 4
  // The last of them that does not begin behind `low`.
  let found = -1
  for (let end = count; found + 1 < end; ) {
    const middle = (found + 1 + end) >> 1
    if (view.getUint16(at + middle * width, true) <= low) found = middle
    else end = middle
  }
  if (found < 0) return false
  const first = view.getUint16(at + found * width, true)
  if (kind === 'array') return first === low
  return low <= first + view.getUint16(at + found * width + 2, true)
}

/** Those of one container, ascending. */
export function* positionsIn(
  view: DataView,
  { kind, base, at, count }: Container,
): Generator<number, void, undefined> {
  if (kind === 'array') {
    for (let i = 0; i < count; i++) yield base + view.getUint16(at + i * 2, true)
  } else if (kind === 'runs') {
    for (let i = 0; i < count; i++) {
      const start = base + view.getUint16(at + i * 4, true)
      const more = view.getUint16(at + i * 4 + 2, true)
      for (let j = 0; j <= more; j++) yield start + j
    }
  } else {
    for (let i = 0; i < BITMAP_BYTES; i += 4) {
      for (let rest = view.getUint32(at + i, true); rest !== 0; rest &= rest - 1) {
        yield base + i * 8 + (31 - Math.clz32(rest & -rest))
      }
    }
  }
}

/** The same into the front of `into`, which holds as many as a container may have; how many there are. */
export function copyPositions(
  view: DataView,
  { kind, base, at, count }: Container,
  into: Float64Array,
): number {
  let filled = 0
  if (kind === 'array') {
    for (; filled < count; filled++) into[filled] = base + view.getUint16(at + filled * 2, true)
  } else if (kind === 'runs') {
    for (let i = 0; i < count; i++) {
      const first = base + view.getUint16(at + i * 4, true)
      const last = first + view.getUint16(at + i * 4 + 2, true)
      for (let position = first; position <= last; position++) into[filled++] = position
    }
  } else {
    for (let i = 0; i < BITMAP_BYTES; i += 4) {
      for (let rest = view.getUint32(at + i, true); rest !== 0; rest &= rest - 1) {
        into[filled++] = base + i * 8 + (31 - Math.clz32(rest & -rest))
      }
    }
  }
  return filled
}

export function bitsIn(view: DataView, at: number): number {
  let count = 0
  for (let i = 0; i < BITMAP_BYTES; i += 4) count += bitCount(view.getUint32(at + i, true))
  return count
}

function bitCount(word: number): number {
  let pairs = word - ((word >>> 1) & 0x55555555)
  pairs = (pairs & 0x33333333) + ((pairs >>> 2) & 0x33333333)
  return Math.imul((pairs + (pairs >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** The last bit set of a bitmap that has one. */
export function greatestBit(view: DataView, at: number): number {
  let i = BITMAP_BYTES - 4
  while (i > 0 && view.getUint32(at + i, true) === 0) i -= 4
  return i * 8 + (31 - Math.clz32(view.getUint32(at + i, true)))
}
