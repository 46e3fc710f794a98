const UNITS = ['B', 'kB', 'MB', 'GB', 'TB']

export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3))
  const scaled = bytes / 1000 ** power
  return `${scaled.toFixed(power === 0 || scaled >= 100 ? 0 : 1)} ${UNITS[power]}`
}

export function countText(count: number): string {
  return count.toLocaleString('en-US')
}

/** One value of a row, as people read it. */
export function valueText(value: unknown, type: string): string {
  if (value === null || value === undefined) return 'null'
  if (value instanceof Date) return dateText(value, type)
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'number') return decimalText(value, type) ?? String(value)
  if (typeof value !== 'object') return String(value)
  return JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? String(inner) : inner))
}

function dateText(value: Date, type: string): string {
  const text = value.toISOString()
  return type === 'date' ? text.slice(0, 10) : text.replace('T', ' ').replace(/\.?0*Z$/, '')
}

/** The reader gives decimals as doubles, of which fifteen digits are right. */
function decimalText(value: number, type: string): string | undefined {
  const [, precision, scale] = /^decimal\((\d+),(\d+)\)$/.exec(type) ?? []
  if (precision === undefined) return undefined
  return (Number(precision) > 15 ? '≈ ' : '') + value.toFixed(Number(scale))
}
