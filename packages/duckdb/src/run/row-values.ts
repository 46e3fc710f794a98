import { TableError } from '@spillway/core'
import {
  plainList,
  plainMap,
  plainOrNull,
  plainScalar,
  plainStruct,
  type Row,
  type SqlType,
  type ToPlain,
} from '@spillway/rows'
import type { ResultColumn, ResultRow } from '../share/attached-share.js'
import { columnJson, coreTypeOf } from './value-json.js'

/** Scalars of DuckDB's own that are what they are in JavaScript, */
const SAME = new Set(['ENUM', 'JSON', 'NULL'])
/** those that are integers, */
const INTEGERS = new Set(['UHUGEINT', 'BIGNUM'])
/** and those whose text says all of them: days and moments, which have no end in DuckDB, as well. */
const TEXTS = new Set([
  ...['DATE', 'TIME_NS', 'TIMETZ', 'INTERVAL', 'BIT'],
  ...['TIMESTAMP', 'TIMESTAMP_S', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'TIMESTAMPTZ'],
])

/** Gives rows as plain objects; a column without a lossless value is refused here, before the first row. */
export function rowObjects(columns: readonly ResultColumn[]): (row: Row) => ResultRow {
  return plainStruct(
    columns.map(({ name }) => name),
    columns.map(({ name, type }) => converter(type, name)),
  )
}

function noValue(type: string, column: string): TableError {
  return new TableError(
    'UNSUPPORTED_FEATURE',
    `column ${column} is ${type}, which has no exact value here: CAST it to VARCHAR in the SQL`,
    { context: { column, type } },
  )
}

function converter(type: SqlType, column: string): ToPlain {
  switch (type.kind) {
    case 'scalar':
      return scalar(type, column)
    case 'decimal':
      return plainOrNull(value => String(columnJson(value, type)))
    case 'list':
      return plainList(converter(type.element, column))
    case 'map':
      return plainMap(converter(type.key, column), converter(type.value, column))
    case 'struct': {
      const toObject = rowObjects(type.fields)
      return plainOrNull(value => toObject(value as Row))
    }
  }
}

function scalar(type: Extract<SqlType, { kind: 'scalar' }>, column: string): ToPlain {
  const { name } = type
  if (TEXTS.has(name)) return plainOrNull(value => String(columnJson(value, type)))
  if (SAME.has(name)) return value => value as string | null
  if (INTEGERS.has(name)) return plainScalar('long')
  const core = coreTypeOf(name)
  if (core === undefined) throw noValue(name, column)
  return plainScalar(core)
}
