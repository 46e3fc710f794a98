import {
  type DataType,
  type Field,
  parseDate,
  type Schema,
  TableError,
  unescapePath,
  type Value,
} from '@spillway/core'
import type { PathSpelling } from '../config/key-generator.js'
import type { TableConfig } from '../config/table-config.js'
import { timestampInterval } from './timestamp-keygen.js'

/** What a partition's path says about one of its columns. */
export type PathValue =
  /** Every row holds exactly this. */
  | { readonly kind: 'value'; readonly value: Value | null }
  /** Every value lies between these, both included; nulls may be there too. */
  | { readonly kind: 'interval'; readonly lower: Value; readonly upper: Value }
  | { readonly kind: 'unknown' }

export interface PartitionColumn {
  readonly field: Field
  read(text: string): PathValue
}

/** Hive's name for null; Hudi writes it for empty strings too. */
const DEFAULT_PARTITIONS = new Set(['__HIVE_DEFAULT_PARTITION__', '__HUDI_DEFAULT_PARTITION__'])
const UNKNOWN: PathValue = { kind: 'unknown' }

/** `nulls` are columns that hold nothing but null, whatever folders say. */
export function partitionColumns(
  config: TableConfig,
  schema: Schema,
  nulls: ReadonlySet<string> = new Set(),
): readonly PartitionColumn[] {
  return config.partitionFields.map((name, i) => {
    const path = schema.find(name.split('.')) ?? schema.find([name])
    if (path === undefined) {
      throw new TableError('TABLE_CORRUPT', `the partition column ${name} is not in the schema`, {
        context: { column: name },
      })
    }
    const field = path[path.length - 1]!
    if (nulls.has(name)) return { field, read: () => ({ kind: 'value', value: null }) }
    const spelling = config.pathSpellings[i]!
    return { field, read: text => readValue(text, field.type, { config, spelling }) }
  })
}

/** The values that the path of a partition names, one a column. */
export function readPartitionPath(
  path: string,
  columns: readonly PartitionColumn[],
  config: TableConfig,
): readonly PathValue[] {
  const texts = splitPath(path, columns.length, config)
  return columns.map((column, i) => {
    const text = texts?.[i]
    return text === undefined ? UNKNOWN : column.read(text)
  })
}

/** One decoded text a column; undefined when the segments cannot be matched to columns. */
function splitPath(
  path: string,
  count: number,
  config: TableConfig,
): readonly (string | undefined)[] | undefined {
  // The value of a single column may itself hold slashes, unless they would have been encoded.
  const segments = count === 1 ? [path] : path.split('/')
  if (segments.length !== count) return undefined
  return segments.map((segment, i) => {
    const text = config.hiveStyle ? withoutName(segment, config.partitionFields[i]!) : segment
    return text === undefined || !config.foldersEncoded ? text : unescapePath(text)
  })
}

function withoutName(segment: string, name: string): string | undefined {
  return segment.startsWith(`${name}=`) ? segment.slice(name.length + 1) : undefined
}

function readValue(
  text: string,
  type: DataType,
  { config, spelling }: { readonly config: TableConfig; readonly spelling: PathSpelling },
): PathValue {
  const isDefault = DEFAULT_PARTITIONS.has(text)
  if (spelling === 'timestamp') {
    const interval = isDefault ? undefined : timestampInterval(text, type, config.properties)
    return interval === undefined ? UNKNOWN : { kind: 'interval', ...interval }
  }
  if (spelling !== 'plain') return UNKNOWN
  if (isDefault) {
    // Null and the empty string share this folder, so a string column may hold either, if the files still have it.
    return type === 'string' && !config.foldersHoldValues
      ? { kind: 'interval', lower: '', upper: '' }
      : { kind: 'value', value: null }
  }
  const value = parseValue(config.slashDates ? text.replaceAll('/', '-') : text, type)
  return value === undefined ? UNKNOWN : { kind: 'value', value }
}

/** Values as Hudi's key generators print them; undefined for text that is not in that form. */
function parseValue(text: string, type: DataType): Value | undefined {
  if (typeof type === 'object') {
    return type.kind === 'decimal' ? parseDecimal(text, type.scale) : undefined
  }
  switch (type) {
    case 'string':
      return text
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined
    case 'int':
      return isInteger(text, -0x80000000n, 0x7fffffffn) ? Number(text) : undefined
    case 'long':
      return isInteger(text, -(1n << 63n), (1n << 63n) - 1n) ? BigInt(text) : undefined
    case 'date':
      return parseDate(text)
    default:
      // Floating point, binary, times and timestamps are printed in more than one way.
      return undefined
  }
}

function isInteger(text: string, least: bigint, greatest: bigint): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false
  const value = BigInt(text)
  return value >= least && value <= greatest
}

function parseDecimal(text: string, scale: number): Value | undefined {
  const match = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text)
  if (match === null) return undefined
  const fraction = match[3] ?? ''
  if (fraction.length > scale) return undefined
  const unscaled = BigInt(match[2]! + fraction.padEnd(scale, '0'))
  return match[1] === '-' ? -unscaled : unscaled
}
