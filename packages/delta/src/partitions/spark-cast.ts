import { epochDay, floorDivide } from '@spillway/core'
import { MICROS_PER_SECOND, SECONDS_PER_DAY } from '../values/temporal.js'
import { offsetIn } from './time-zone.js'

/**
 * How Spark casts a text to the type of a partition column, outside of ANSI mode: what its writers wrote, it reads so.
 * Undefined where it gives null, which is no value but a text that nobody can read.
 */

/** Blanks and control characters around a text do not count. */
function trimmed(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is meant
  return text.replace(/^[\x00-\x20\x7f]+|[\x00-\x20\x7f]+$/g, '')
}

export function castBoolean(text: string): boolean | undefined {
  switch (trimmed(text).toLowerCase()) {
    case 't':
    case 'true':
    case 'y':
    case 'yes':
    case '1':
      return true
    case 'f':
    case 'false':
    case 'n':
    case 'no':
    case '0':
      return false
    default:
      return undefined
  }
}

/** Digits after a point are cut off, not rounded. */
export function castInteger(text: string, bits: number): bigint | undefined {
  const match = /^([+-]?)(\d*)(?:\.\d*)?$/.exec(trimmed(text))
  if (match === null || /^[+-]?$/.test(match[0]) || match[2]!.length > MAX_DIGITS) return undefined
  const value = BigInt(`${match[2] || '0'}`) * (match[1] === '-' ? -1n : 1n)
  return BigInt.asIntN(bits, value) === value ? value : undefined
}

const MAX_DIGITS = 400

/** What Java reads as a floating point number, its suffixes and hexadecimal digits included. */
export function castFloat(text: string): number | undefined {
  const plain = trimmed(text).toLowerCase()
  const special = /^([+-]?)(nan|inf|infinity)$/.exec(plain)
  if (special !== null) {
    if (special[2] === 'nan') return Number.NaN
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }
  if (/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?[fd]?$/.test(plain))
    return Number(plain.replace(/[fd]$/, ''))
  const hex = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?\d+)[fd]?$/.exec(plain)
  if (hex === null || (hex[2] === '' && hex[3] === '')) return undefined
  const digits = Number(`0x${hex[2]}${hex[3]}`)
  return (hex[1] === '-' ? -1 : 1) * digits * 2 ** (Number(hex[4]) - 4 * hex[3]!.length)
}

/** The float nearest to a text whose nearest double is `read`: rounding twice may end at its neighbour. */
export function castSingle(text: string, read: number): number {
  const single = Math.fround(read)
  const error = read - single
  const neighbour = single + 2 * error
  if (error === 0 || Math.fround(neighbour) !== neighbour) return single
  const exact = castDecimal(text, FRACTION_DIGITS)
  const middle = castDecimal(read.toFixed(FRACTION_DIGITS), FRACTION_DIGITS)
  if (exact === undefined || middle === undefined || exact === middle) return single
  return exact > middle ? Math.max(single, neighbour) : Math.min(single, neighbour)
}

/** The most digits after the point that `toFixed` gives. */
const FRACTION_DIGITS = 100

/** Half a unit in the last place goes away from zero. The unscaled value, whatever its precision. */
export function castDecimal(text: string, scale: number): bigint | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,9}))?$/.exec(trimmed(text))
  if (match === null || match[0].length > MAX_DIGITS) return undefined
  const fraction = match[3] ?? ''
  const digits = match[2]! + fraction
  if (digits === '') return undefined
  const size = rounded(BigInt(digits), scale - fraction.length + Number(match[4] ?? 0))
  return size === undefined ? undefined : match[1] === '-' ? -size : size
}

/** `size` times 10^shift. */
function rounded(size: bigint, shift: number): bigint | undefined {
  if (size === 0n || shift < -MAX_DIGITS) return 0n
  if (shift > MAX_DIGITS) return undefined
  if (shift >= 0) return size * 10n ** BigInt(shift)
  const divisor = 10n ** BigInt(-shift)
  return (size + divisor / 2n) / divisor
}

/** Days since 1970-01-01. A time after the day does not count. */
export function castDate(text: string): number | undefined {
  const match = /^([+-]?\d{4,7})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T].*)?)?)?$/s.exec(trimmed(text))
  if (match === null) return undefined
  const day = epochDay(Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1))
  return day !== undefined && (day | 0) === day ? day : undefined
}

export interface CastTimestamp {
  /** Microseconds of the wall clock that the text shows. */
  readonly local: bigint
  /** Microseconds since the epoch, where the text says its zone. */
  readonly instant: bigint | undefined
}

const TIMESTAMP =
  /^([+-]?\d{4,6})(?:-(\d{1,2})(?:-(\d{1,2})(?:[ T](\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?([ ]?[A-Za-z+-].*)?)?)?)?)?$/s

/** A time of day alone would be today's, and is none. */
export function castTimestamp(text: string): CastTimestamp | undefined {
  const match = TIMESTAMP.exec(trimmed(text))
  if (match === null) return undefined
  const [year, month, date] = [Number(match[1]), Number(match[2] ?? 1), Number(match[3] ?? 1)]
  const [hour, minute, second] = [match[4], match[5], match[6]].map(part => Number(part ?? 0))
  const day = epochDay(year, month, date)
  if (day === undefined || hour! > 23 || minute! > 59 || second! > 59) return undefined
  const seconds = BigInt(day) * SECONDS_PER_DAY + BigInt(hour! * 3600 + minute! * 60 + second!)
  const fraction = BigInt((match[7] ?? '').padEnd(6, '0').slice(0, 6))
  const local = seconds * MICROS_PER_SECOND + fraction
  if (match[8] === undefined) return inRange({ local, instant: undefined })
  const offset = offsetIn(match[8].trim(), Number(seconds))
  if (offset === undefined) return undefined
  return inRange({ local, instant: local - BigInt(offset) * MICROS_PER_SECOND })
}

function inRange(timestamp: CastTimestamp): CastTimestamp | undefined {
  const micros = timestamp.instant ?? timestamp.local
  return BigInt.asIntN(64, micros) === micros ? timestamp : undefined
}

/** `yyyy-MM-dd HH:mm:ss`, and microseconds where there are any. PROTOCOL.md, "Partition Value Serialization". */
export function spellWallClock(micros: bigint, formatDay: (day: number) => string): string {
  const { day, time, fraction } = clock(micros)
  return `${formatDay(day)} ${time}${fraction === '000000' ? '' : `.${fraction}`}`
}

/** The ISO form of the same section: the instant, in UTC. */
export function spellInstant(micros: bigint, formatDay: (day: number) => string): string {
  const { day, time, fraction } = clock(micros)
  return `${formatDay(day)}T${time}.${fraction}Z`
}

function clock(micros: bigint): { day: number; time: string; fraction: string } {
  const day = floorDivide(micros, SECONDS_PER_DAY * MICROS_PER_SECOND)
  const rest = micros - day * SECONDS_PER_DAY * MICROS_PER_SECOND
  const seconds = Number(rest / MICROS_PER_SECOND)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  return {
    day: Number(day),
    time: parts.map(part => String(part).padStart(2, '0')).join(':'),
    fraction: String(rest % MICROS_PER_SECOND).padStart(6, '0'),
  }
}
