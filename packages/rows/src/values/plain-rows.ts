import { type DataType, type Field, TableError, typeName } from '@spillway/core'
import { isVoid } from '../sql/sql-type.js'
import { memberNames } from './member-names.js'
import type { Row, RowValue } from './row.js'
import { valueJson } from './row-json.js'

/**
 * A value that JavaScript loses nothing of. Of a table's types:
 *
 * | type | |
 * |---|---|
 * | boolean; int; float, double; string | boolean; number; number, NaN and infinities too; string |
 * | long | bigint |
 * | decimal | string: `12.50`, with the digits of its scale |
 * | date; time | string: `2026-01-31`; `12:00:00.123456` |
 * | timestamp; timestamptz | string: `2026-01-31T12:00:00.123456`; with `Z`, an instant. Those of nanoseconds have nine digits |
 * | uuid; variant | string; string: its JSON |
 * | binary, fixed | Uint8Array, of its own |
 * | list; struct; map | array; object by names; Map |
 *
 * Strings, since a Date has milliseconds and no more: `new Date(text)` and Temporal's `from` take them.
 */
export type PlainValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly PlainValue[]
  | ReadonlyMap<PlainValue, PlainValue>
  | { readonly [name: string]: PlainValue }

/** A row by the names of its columns; of two with one name the second is `name_1`. */
export interface PlainRow {
  readonly [column: string]: PlainValue
}

/**
 * Of values of one type; null is itself.
 *
 * @internal
 */
export type ToPlain = (value: RowValue) => PlainValue

/** Gives rows as plain objects; a column without a lossless value is refused here, before the first row. */
export function plainRows(fields: readonly Field[]): (row: Row) => PlainRow {
  return plainStruct(
    fields.map(({ name }) => name),
    fields.map(({ name, type }) => plainOf(type, name)),
  )
}

function plainOf(type: DataType, column: string): ToPlain {
  if (typeof type === 'string') return plainScalar(type)
  switch (type.kind) {
    case 'decimal':
      return plainOrNull(value => String(valueJson(value, type)))
    case 'fixed':
      return plainOrNull(ownBytes)
    case 'opaque':
      return plainOpaque(type.name, column)
    case 'list':
      return plainList(plainOf(type.element.type, column))
    case 'map':
      return plainMap(plainOf(type.key.type, column), plainOf(type.value.type, column))
    case 'struct': {
      const members = plainRows(type.fields)
      return plainOrNull(value => members(value as Row))
    }
  }
}

/**
 * Values of a type that has no parts.
 *
 * @internal
 */
export function plainScalar(type: Extract<DataType, string>): ToPlain {
  switch (type) {
    case 'boolean':
    case 'int':
    case 'float':
    case 'double':
    case 'string':
      return value => value as PlainValue
    case 'long':
      return plainOrNull(value => BigInt(value as bigint))
    case 'binary':
      return plainOrNull(ownBytes)
    default:
      return plainOrNull(value => String(valueJson(value, type)))
  }
}

/** @internal */
export function plainList(item: ToPlain): ToPlain {
  return plainOrNull(value => (value as readonly RowValue[]).map(item))
}

/** @internal */
export function plainMap(key: ToPlain, each: ToPlain): ToPlain {
  return plainOrNull(
    value =>
      new Map(
        (value as readonly (readonly RowValue[])[]).map(([k = null, v = null]) => [
          key(k),
          each(v),
        ]),
      ),
  )
}

/**
 * By position, as rows and structs come.
 *
 * @internal
 */
export function plainStruct(
  given: readonly string[],
  members: readonly ToPlain[],
): (row: Row) => PlainRow {
  const names = memberNames(given)
  return row =>
    // An own member whatever its name is, `__proto__` too.
    Object.fromEntries(names.map((name, i) => [name, members[i]!(row[i] ?? null)]))
}

/** @internal */
export function plainOrNull(convert: (value: Exclude<RowValue, null>) => PlainValue): ToPlain {
  return value => (value === null ? null : convert(value))
}

/** The bytes of a block are DuckDB's, and go with it. */
function ownBytes(value: RowValue): Uint8Array {
  return Uint8Array.from(value as Uint8Array)
}

function plainOpaque(name: string, column: string): ToPlain {
  if (isVoid(name)) return () => null
  if (name === 'variant') return plainOrNull(String)
  const type = typeName({ kind: 'opaque', name })
  throw new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${column} is ${type}, which has no exact value here: choose other columns`,
    { context: { column, type } },
  )
}
