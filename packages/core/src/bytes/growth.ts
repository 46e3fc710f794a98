type Numbers = Uint8Array | Int32Array | Uint32Array | Float64Array | BigInt64Array

/**
 * `values` where they have room for `needed` elements, else a larger copy, of no more than `most`. Small arrays double. Large ones
 * grow to what is `likely` needed in the end, or much faster: a copy of them holds the thread for long, and memory costs nothing
 * before it is written to.
 */
export function grown<T extends Numbers>(
  values: T,
  needed: number,
  { likely = 0, most = Infinity }: { readonly likely?: number; readonly most?: number } = {},
): T {
  if (needed <= values.length) return values
  const isLarge = needed * values.BYTES_PER_ELEMENT >= LARGE_BYTES
  const enough = likely > needed ? Math.min(likely, needed * MOST) : needed * MUCH
  const length = isLarge ? enough : Math.max(needed, values.length * 2)
  const larger = new (values.constructor as new (length: number) => T)(
    Math.min(most, Math.max(length, 64)),
  )
  larger.set(values as never)
  return larger
}

/**
 * The first `length` elements, for good. Small arrays are copied where much was set aside beyond, so that it is let go; of large
 * ones that was never written to, and a copy would hold the thread.
 */
export function trimmed<T extends Numbers>(values: T, length: number): T {
  const isLarge = length * values.BYTES_PER_ELEMENT >= LARGE_BYTES
  const isNearlyFull = (values.length - length) * SLACK <= length
  return (isLarge || isNearlyFull ? values.subarray(0, length) : values.slice(0, length)) as T
}

/** What is copied in some milliseconds. */
const LARGE_BYTES = 4 * 1024 ** 2
const MUCH = 8
/** A fourth of what there is is not worth a copy. */
const SLACK = 4
/** What is likely is only an estimate. */
const MOST = 64
