/** A floating point number as Spark, JSON and Python read it: the shortest text that is the same number again. */
export function floatText(value: number, type: 'float' | 'double'): string {
  if (Object.is(value, -0)) return '-0.0'
  if (type === 'double' || !Number.isFinite(value)) return String(value)
  for (let digits = 6; digits < 10; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return String(Number(text))
  }
  return String(value)
}

/** A floating point number as Spark and JSON write it. */
export function parseFloatText(text: string): number | undefined {
  if (/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text)
  switch (text) {
    case 'NaN':
      return Number.NaN
    case 'Infinity':
    case '+Infinity':
    case 'Inf':
      return Number.POSITIVE_INFINITY
    case '-Infinity':
    case '-Inf':
      return Number.NEGATIVE_INFINITY
    default:
      return undefined
  }
}
