import {
  type DataFile,
  type DataType,
  dateText,
  decimalText,
  type Field,
  MICROS_PER_DAY,
  outerMicros,
  RawJson,
  timestampText,
  type Value,
  type ValueBounds,
  type WritableJson,
  writeJson,
} from '@spillway/core'

export interface StatsStringOptions {
  /** Names as the files spell them: how statistics are keyed under column mapping. */
  readonly physicalNames?: boolean
}

/**
 * A file's bounds as Delta's statistics text; undefined when nothing is known. The bounds may be wider than the
 * values, so the text says that they are not tight: some engines would answer MIN and MAX from it.
 */
export function statsString(
  file: DataFile,
  fields: readonly Field[],
  options: StatsStringOptions = {},
): string | undefined {
  const { recordCount, bounds } = file
  if (recordCount === undefined && bounds.size === 0) return undefined
  return writeJson({
    numRecords: recordCount,
    tightBounds: false,
    minValues: tree(fields, bounds, options, (bound, type) => text(bound.lower, type, 'lower')),
    maxValues: tree(fields, bounds, options, (bound, type) =>
      text(upperOf(bound, type), type, 'upper'),
    ),
    nullCount: tree(fields, bounds, options, bound => bound.nullCount),
  })
}

/** A text that ends in U+FFFD, escaped or not. */
const BROKEN_MARK = /(?:\ufffd|\\u[fF]{3}[dD])"/

/**
 * What a log says about a file, for recipients who prune by it; undefined where that would lose rows: Delta for Spark up
 * to 3.1 ended maxima that it cut with U+FFFD, and strings beyond the BMP are above that.
 */
export function recordedStats({ delta }: DataFile): string | undefined {
  const stats = delta?.stats
  return stats === undefined || endsBroken(stats) ? undefined : stats
}

/** A text of one byte a character is looked through for neither in no time. */
function endsBroken(text: string): boolean {
  return (text.includes('\ufffd') || text.includes('\\u')) && BROKEN_MARK.test(text)
}

type Extract = (bound: ValueBounds, type: DataType) => WritableJson

function tree(
  fields: readonly Field[],
  bounds: ReadonlyMap<number, ValueBounds>,
  options: StatsStringOptions,
  extract: Extract,
): { readonly [name: string]: WritableJson } | undefined {
  const members: [string, WritableJson][] = []
  for (const field of fields) {
    const value = leafOrStruct(field, bounds, options, extract)
    if (value !== undefined) {
      members.push([options.physicalNames ? field.physicalName : field.name, value])
    }
  }
  return members.length === 0 ? undefined : Object.fromEntries(members)
}

function leafOrStruct(
  field: Field,
  bounds: ReadonlyMap<number, ValueBounds>,
  options: StatsStringOptions,
  extract: Extract,
): WritableJson {
  if (typeof field.type === 'object' && field.type.kind === 'struct') {
    return tree(field.type.fields, bounds, options, extract)
  }
  const bound = bounds.get(field.id)
  return bound === undefined ? undefined : extract(bound, field.type)
}

/** Delta orders NaN above every number, and our bounds leave it out: where there may be one there is no maximum. */
function upperOf({ upper, nanCount }: ValueBounds, type: DataType): Value | undefined {
  const mayHoldNan = (type === 'float' || type === 'double') && nanCount !== 0
  return mayHoldNan ? undefined : upper
}

/** One bound as Delta spells it; undefined for types that have none there. */
function text(value: Value | undefined, type: DataType, side: 'lower' | 'upper'): WritableJson {
  if (value === undefined) return undefined
  if (typeof type === 'object') {
    return type.kind === 'decimal'
      ? new RawJson(decimalText(value as bigint, type.scale))
      : undefined
  }
  switch (type) {
    case 'int':
    case 'long':
    case 'string':
      return value as number | bigint | string
    case 'float':
    case 'double':
      return Number.isFinite(value as number) ? (value as number) : undefined
    case 'date':
      return isPlainDay(value as number) ? dateText(value as number) : undefined
    case 'timestamp':
    case 'timestamptz':
      return momentText(value as bigint, type)
    case 'timestamp_ns':
      return momentText(outerMicros(value as bigint, side), 'timestamp')
    case 'timestamptz_ns':
      return momentText(outerMicros(value as bigint, side), 'timestamptz')
    default:
      return undefined
  }
}

function momentText(micros: bigint, type: 'timestamp' | 'timestamptz'): WritableJson {
  if (!isPlainDay(Number(micros / MICROS_PER_DAY))) return undefined
  return timestampText(micros, 6) + (type === 'timestamptz' ? 'Z' : '')
}

// 0001-01-01 and 9999-12-31: outside of them the text would not be a date that every reader takes.
const FIRST_DAY = -719_162
const LAST_DAY = 2_932_896

function isPlainDay(days: number): boolean {
  return days >= FIRST_DAY && days <= LAST_DAY
}
