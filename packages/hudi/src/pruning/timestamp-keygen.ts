import { type DataType, floorDivide, type Value } from '@spillway/core'

/** The longest distance of a clock from UTC, both ways, with room for zones that skipped a day. */
const WIDEST_ZONE = 16 * 3_600_000

/** Fields of a Java date pattern from the most significant on; each may be left out from some point. */
const PARTS = [
  { letter: 'y', digits: 4 },
  { letter: 'M', digits: 2 },
  { letter: 'd', digits: 2 },
  { letter: 'H', digits: 2 },
  { letter: 'm', digits: 2 },
  { letter: 's', digits: 2 },
] as const

type Property = (name: string) => string | undefined

/**
 * The source values that TimestampBasedKeyGenerator puts into the partition `text`: an interval, where the output
 * format prints a most-significant-first prefix of a time. Without a recorded zone the interval is as wide as zones
 * are. Undefined where nothing can be said.
 */
export function timestampInterval(
  text: string,
  type: DataType,
  properties: ReadonlyMap<string, string>,
): { readonly lower: Value; readonly upper: Value } | undefined {
  const property: Property = name =>
    properties.get(`hoodie.keygen.timebased.${name}`) ??
    properties.get(`hoodie.deltastreamer.keygen.timebased.${name}`)
  const format = property('output.dateformat')
  const unit = unitOf(property('timestamp.type'))
  if (format === undefined || unit === undefined) return undefined
  const span = parseSpan(text, format)
  if (span === undefined) return undefined
  const slack = isUtc(property) ? 0 : WIDEST_ZONE
  return convert(span.start - slack, span.end + slack, unit, type)
}

function unitOf(timestampType: string | undefined): bigint | undefined {
  switch (timestampType?.toUpperCase()) {
    case 'UNIX_TIMESTAMP':
      return 1000n
    case 'EPOCHMILLISECONDS':
      return 1n
    default:
      // Date strings do not order as the times they mean, and scalar units are free.
      return undefined
  }
}

function isUtc(property: Property): boolean {
  const zone = property('output.timezone') || property('timezone')
  return zone !== undefined && /^(utc|gmt|etc\/utc|z)$/i.test(zone)
}

/** First and last millisecond of the time that `text` names in `format`. */
function parseSpan(
  text: string,
  format: string,
): { readonly start: number; readonly end: number } | undefined {
  const fields: number[] = []
  let pattern = ''
  let position = 0
  for (const token of format.match(/([A-Za-z])\1*|'[^']*'|[^A-Za-z']+/g) ?? []) {
    const part = PARTS[position]
    if (part !== undefined && token === part.letter.repeat(part.digits)) {
      pattern += `(\\d{${part.digits}})`
      position++
    } else if (/^[A-Za-z]/.test(token)) return undefined
    else pattern += token.replace(/'/g, '').replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  }
  const match = new RegExp(`^${pattern}$`).exec(text)
  if (match === null || position === 0) return undefined
  for (const digits of match.slice(1)) fields.push(Number(digits))
  const start = utc(fields)
  const next = [...fields]
  next[fields.length - 1]! += 1
  return { start, end: utc(next) - 1 }
}

function utc([year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0]: number[]): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second)
  return date.getTime()
}

/** Milliseconds as values of the source column: `unit` milliseconds each for numbers, microseconds for timestamps. */
function convert(
  start: number,
  end: number,
  unit: bigint,
  type: DataType,
): { readonly lower: Value; readonly upper: Value } | undefined {
  const [first, last] = [BigInt(start), BigInt(end)]
  if (type === 'long') return { lower: floorDivide(first, unit), upper: floorDivide(last, unit) }
  if (type === 'int') {
    const [lower, upper] = [Number(floorDivide(first, unit)), Number(floorDivide(last, unit))]
    return upper > 0x7fffffff || lower < -0x80000000 ? undefined : { lower, upper }
  }
  if (type === 'timestamptz') return { lower: first * 1000n, upper: last * 1000n + 999n }
  return undefined
}
