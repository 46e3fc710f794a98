/** The middle of `values`; NaN of none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return Number.NaN
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Milliseconds with three digits, in the unit that suits them. */
export function formatMs(ms: number): string {
  if (ms >= 100_000) return `${Math.round(ms / 1000)} s`
  if (ms >= 1000) return `${(ms / 1000).toPrecision(3)} s`
  if (ms >= 1) return `${ms < 100 ? ms.toPrecision(3) : Math.round(ms)} ms`
  return `${Math.round(ms * 1000)} us`
}

/** Bytes with three digits, in powers of 1024. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  let unit = 0
  let value = bytes
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toPrecision(3)} ${units[unit]}`
}

/** A count with a comma between thousands, the same on every machine. */
export function formatCount(count: number): string {
  return Math.round(count).toLocaleString('en-US')
}
