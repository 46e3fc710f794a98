import {
  compareValues,
  type DataType,
  type Field,
  isPrimitive,
  type PrimitiveType,
  type Value,
} from '@spillway/core'
import { type LogicalFile, liveRows, type Random } from '@spillway/testkit'
import { type JsonTree, jsonObject, jsonText } from './raw-json.js'

/** Which statistics one add action carries, and how loosely. */
interface StatsHabit {
  readonly random: Random
  /** Bounds of the live rows only, else of all that were ever in the file. */
  readonly tight: boolean
  readonly skipColumns: number
}

type Side = 'minValues' | 'maxValues' | 'nullCount'

/**
 * A `stats` text as some Delta writer may leave it: partial, truncated texts and times, wide once rows are deleted,
 * or none at all.
 */
export function deltaStats(
  file: LogicalFile,
  fields: readonly Field[],
  random: Random,
): string | undefined {
  if (random.chance(0.1)) return random.chance(0.5) ? undefined : ''
  const tight = file.deleted.size === 0 || random.chance(0.2)
  const habit: StatsHabit = { random, tight, skipColumns: random.pick([0, 0.1, 0.5]) }
  const side = (name: Side) => {
    const nested = sideOf(name, fields, file, habit)
    return nested.size === 0 && random.chance(0.5) ? undefined : nested
  }
  return jsonText(
    jsonObject([
      ['numRecords', random.chance(0.05) ? undefined : file.rows.length],
      ['tightBounds', tight && random.chance(0.5) ? undefined : tight],
      ['minValues', side('minValues')],
      ['maxValues', side('maxValues')],
      ['nullCount', side('nullCount')],
    ]),
  )
}

/** One of the three nested objects; structs keep their shape, columns left out are simply absent. */
function sideOf(
  side: Side,
  fields: readonly Field[],
  file: LogicalFile,
  habit: StatsHabit,
): ReadonlyMap<string, JsonTree> {
  return jsonObject(
    fields.map(field => {
      if (habit.random.chance(habit.skipColumns)) return [field.physicalName, undefined]
      const { type } = field
      if (typeof type === 'object' && type.kind === 'struct') {
        return [field.physicalName, sideOf(side, type.fields, file, habit)]
      }
      const value =
        side === 'nullCount' ? nullCount(field, file, habit) : bound(side, field, file, habit)
      return [field.physicalName, value]
    }),
  )
}

function cellsOf(field: Field, file: LogicalFile, tight: boolean): readonly (Value | null)[] {
  return (tight ? liveRows(file) : file.rows).map(row => row.get(field.id) ?? null)
}

function nullCount(field: Field, file: LogicalFile, { tight }: StatsHabit): number {
  return cellsOf(field, file, tight).filter(cell => cell === null).length
}

function bound(
  side: 'minValues' | 'maxValues',
  field: Field,
  file: LogicalFile,
  { random, tight }: StatsHabit,
): JsonTree | undefined {
  const { type } = field
  if (!isPrimitive(type) || type === 'boolean' || type === 'binary') return undefined
  const cells = cellsOf(field, file, tight).filter(cell => cell !== null)
  const numbers = cells.filter(cell => !Number.isNaN(cell)).sort(compareValues)
  const isMax = side === 'maxValues'
  const value = isMax ? numbers.at(-1) : numbers[0]
  // Spark's greatest double is NaN; others leave NaN out of both bounds.
  const hasNan = numbers.length < cells.length
  if (hasNan && (isMax || value === undefined) && random.chance(0.5)) return 'NaN'
  return value === undefined ? undefined : boundText(value, type, { isMax, random })
}

interface BoundSide {
  readonly isMax: boolean
  readonly random: Random
}

function boundText(value: Value, type: PrimitiveType, side: BoundSide): JsonTree | undefined {
  if (typeof type === 'object') {
    if (type.kind !== 'decimal') return undefined
    return { raw: decimalText(value as bigint, type.scale) }
  }
  switch (type) {
    case 'float':
    case 'double':
      return floatingText(value as number, type)
    case 'date':
      return dateText(value as number)
    case 'timestamp':
    case 'timestamptz':
      return timestampText(value as bigint, type, side)
    case 'string':
      return stringText(value as string, side)
    default:
      return value as number | bigint
  }
}

export function decimalText(unscaled: bigint, scale: number): string {
  if (scale === 0) return String(unscaled)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0')
  return `${unscaled < 0n ? '-' : ''}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** As Java prints: the shortest text of a float's own width, `-0.0`, infinities as texts. */
function floatingText(value: number, type: 'float' | 'double'): JsonTree {
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (Object.is(value, -0)) return { raw: '-0.0' }
  if (type === 'double') return { raw: String(value) }
  for (let digits = 1; digits < 17; digits++) {
    const text = value.toPrecision(digits)
    if (Math.fround(Number(text)) === value) return { raw: text }
  }
  return { raw: String(value) }
}

export function dateText(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10)
}

/** Cut to milliseconds; with a zone as `Z` or any other offset. */
function timestampText(micros: bigint, type: string, { random }: BoundSide): string {
  const millis = Number(micros / 1000n) - (micros % 1000n < 0n ? 1 : 0)
  if (type === 'timestamp') return new Date(millis).toISOString().slice(0, -1)
  const offset = random.pick([0, 0, 330, -480])
  // Some writers leave the zone out; it was their own.
  if (random.chance(0.1)) return new Date(millis + offset * 60_000).toISOString().slice(0, -1)
  const local = new Date(millis + offset * 60_000).toISOString().slice(0, -1)
  if (offset === 0 || local.length !== 23) return new Date(millis).toISOString()
  const clock = new Date(Math.abs(offset) * 60_000).toISOString().slice(11, 16)
  return `${local}${offset < 0 ? '-' : '+'}${clock}`
}

const PREFIX_LENGTH = 32

/** Prefixes of 32 characters; an upper one with a character above what was cut, or, by careless writers, bare. */
function stringText(text: string, { isMax, random }: BoundSide): string | undefined {
  const points = Array.from(text)
  if (points.length <= PREFIX_LENGTH) return text
  if (!isMax) return points.slice(0, PREFIX_LENGTH).join('')
  if (random.chance(0.3)) return cutBySpark31(text)
  if (random.chance(0.3)) return points.slice(0, PREFIX_LENGTH).join('')
  for (let length = PREFIX_LENGTH; length < Math.min(points.length, 2 * PREFIX_LENGTH); length++) {
    const cut = points[length]!
    if (cut < '\u007f') return `${points.slice(0, length).join('')}\u007f`
    if (cut !== '\u{10ffff}') return `${points.slice(0, length).join('')}\u{10ffff}`
  }
  return undefined
}

/** Delta for Spark up to 3.1 cut UTF-16 units, and Java makes a question mark of half a pair of surrogates. */
function cutBySpark31(text: string): string {
  if (text.length <= PREFIX_LENGTH) return text
  const kept = /^[\ufffd-\uffff]*/.exec(text.slice(PREFIX_LENGTH))![0]
  const cut = `${text.slice(0, PREFIX_LENGTH)}${kept}\ufffd`
  return cut.replace(/[\ud800-\udbff](?![\udc00-\udfff])/g, '?')
}

/** The partition value of a column, as some writer leaves it: a text that Spark casts, or null. */
export function partitionText(value: Value | null, type: DataType, random: Random): string | null {
  if (value === null) return random.pick([null, '', '__HIVE_DEFAULT_PARTITION__'])
  const text = plainPartition(value, type, random)
  return random.chance(0.5) ? text : oddSpelling(text, type, random)
}

function oddSpelling(text: string, type: DataType, random: Random): string {
  if (typeof type === 'object')
    return random.pick([` ${text}`, text.includes('.') ? `${text}0` : `${text}.`])
  switch (type) {
    case 'boolean':
      return random.pick(text === 'true' ? ['t', 'Yes', ' TRUE ', '1'] : ['F', 'no', '0', 'n'])
    case 'int':
    case 'long':
      return random.pick([`${text}.0`, ` ${text} `, `${text}.`])
    case 'float':
    case 'double':
      return random.pick([text.toLowerCase(), text.replace('inity', ''), ` ${text}`])
    case 'date':
      return random.pick([`${text} 00:00:00`, text.replace(/-0/g, '-'), `${text}T`])
    case 'timestamp':
      return random.pick([text.replace(' ', 'T'), `${text}Z`, text.replace(/-0/g, '-')])
    case 'timestamptz':
      return text.endsWith('Z') ? text.replace('Z', random.pick(['+00', '+0:00', ' UTC'])) : text
    default:
      return text
  }
}

function plainPartition(value: Value, type: DataType, random: Random): string {
  if (typeof type === 'object' && type.kind === 'decimal') {
    return decimalText(value as bigint, type.scale)
  }
  switch (type) {
    case 'date':
      return dateText(value as number)
    case 'timestamp':
      return clockText(value as bigint)
    case 'timestamptz': {
      if (random.chance(0.5)) return `${clockText(value as bigint).replace(' ', 'T')}Z`
      // In the writer's own zone, which nothing records.
      const zone = BigInt(random.integer(-12 * 60, 14 * 60)) * 60_000_000n
      return clockText((value as bigint) + zone)
    }
    default:
      return String(value)
  }
}

function clockText(micros: bigint): string {
  const seconds = micros / 1_000_000n - (micros % 1_000_000n < 0n ? 1n : 0n)
  const rest = micros - seconds * 1_000_000n
  const clock = new Date(Number(seconds) * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return rest === 0n ? clock : `${clock}.${String(rest).padStart(6, '0')}`
}
