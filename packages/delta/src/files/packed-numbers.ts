/** Numbers in as few bytes as hold them exactly. */
export type PackedNumbers =
  | { readonly kind: 'constant'; readonly value: number }
  /** Whole numbers, above `base`. */
  | { readonly kind: 'above'; readonly base: number; readonly values: Uint32Array }
  | { readonly kind: 'plain'; readonly values: Float64Array }

const MOST_ABOVE = 2 ** 32

/** As times of files mostly are: all the same, or within seven weeks of each other. */
export function packNumbers(values: Float64Array): PackedNumbers {
  const first = values[0] ?? 0
  let least = first
  let most = first
  let isConstant = true
  let isWhole = true
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    if (!Object.is(value, first)) isConstant = false
    if (!Number.isSafeInteger(value) || Object.is(value, -0)) isWhole = false
    if (value < least) least = value
    if (value > most) most = value
  }
  if (isConstant) return { kind: 'constant', value: first }
  if (!isWhole || most - least >= MOST_ABOVE) return { kind: 'plain', values }
  const above = new Uint32Array(values.length)
  for (let i = 0; i < values.length; i++) above[i] = values[i]! - least
  return { kind: 'above', base: least, values: above }
}

export function numberAt(packed: PackedNumbers, row: number): number {
  switch (packed.kind) {
    case 'constant':
      return packed.value
    case 'above':
      return packed.base + packed.values[row]!
    case 'plain':
      return packed.values[row]!
  }
}

/** Bytes held. */
export function packedBytes(packed: PackedNumbers): number {
  return packed.kind === 'constant' ? 0 : packed.values.byteLength
}
