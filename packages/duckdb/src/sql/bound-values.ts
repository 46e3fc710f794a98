import type { DuckDBType, DuckDBValue } from '@duckdb/node-api'
import { TableError } from '@spillway/core'
import { type DuckDbApi, duckDbApi } from '@spillway/rows'
import type { QuerySqlOptions, SqlParameter } from '../share/attached-share.js'

/** Parameters as DuckDB's client takes them, each with its type: of an empty list, say, it could not guess it. */
export interface BoundValues {
  readonly values: DuckDBValue[] | Record<string, DuckDBValue> | undefined
  readonly types: DuckDBType[] | Record<string, DuckDBType> | undefined
}

export async function boundValues(parameters: QuerySqlOptions['parameters']): Promise<BoundValues> {
  if (parameters === undefined) return { values: undefined, types: undefined }
  const api = await duckDbApi()
  const bind = (name: string | number, value: SqlParameter) => {
    const kind = kindOf(value, `$${name}`)
    return { value: duckDbValue(value, kind, api), type: typeOf(kind, api) }
  }
  if (isList(parameters)) {
    const bound = itemsOf(parameters).map((value, i) => bind(i + 1, value))
    return { values: bound.map(({ value }) => value), types: bound.map(({ type }) => type) }
  }
  const bound = Object.entries(parameters).map(([name, value]) => ({ name, ...bind(name, value) }))
  return {
    values: Object.fromEntries(bound.map(({ name, value }) => [name, value])),
    types: Object.fromEntries(bound.map(({ name, type }) => [name, type])),
  }
}

type Api = DuckDbApi
type Scalar = 'SQLNULL' | 'BOOLEAN' | 'VARCHAR' | 'BLOB' | 'TIMESTAMPTZ' | Numeric
/** `SAFE` is a BIGINT that came as a number, which a DOUBLE holds as well. */
type Numeric = 'INTEGER' | 'SAFE' | 'BIGINT' | 'HUGEINT' | 'DOUBLE'
type Kind = Scalar | { readonly element: Kind }

const NUMERIC: readonly Kind[] = ['INTEGER', 'SAFE', 'BIGINT', 'HUGEINT', 'DOUBLE']
const IN_DOUBLES: readonly Kind[] = ['INTEGER', 'SAFE']
const ACCEPTED =
  'null, boolean, number, bigint, string, Date, Uint8Array, or an array of one kind of them'

function kindOf(value: SqlParameter, name: string): Kind {
  if (value === null) return 'SQLNULL'
  if (typeof value === 'boolean') return 'BOOLEAN'
  if (typeof value === 'string') return 'VARCHAR'
  if (typeof value === 'number') return numberKind(value)
  if (typeof value === 'bigint') return bigintKind(value, name)
  if (value instanceof Uint8Array) return 'BLOB'
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw refused(name, 'a Date that is no time')
    return 'TIMESTAMPTZ'
  }
  if (!Array.isArray(value)) throw refused(name, value === undefined ? 'undefined' : 'an object')
  const kinds = itemsOf(value as readonly SqlParameter[]).map(item => kindOf(item, name))
  return { element: kinds.reduce((a, b) => common(a, b, name), 'SQLNULL') }
}

function numberKind(value: number): Kind {
  if (!Number.isSafeInteger(value) || Object.is(value, -0)) return 'DOUBLE'
  return Math.abs(value) < 2 ** 31 ? 'INTEGER' : 'SAFE'
}

function bigintKind(value: bigint, name: string): Kind {
  if (BigInt.asIntN(64, value) === value) return 'BIGINT'
  if (BigInt.asIntN(128, value) === value) return 'HUGEINT'
  throw refused(name, 'a bigint of more than 128 bits')
}

/** What holds both, exactly. */
function common(a: Kind, b: Kind, name: string): Kind {
  if (a === 'SQLNULL') return b
  if (b === 'SQLNULL' || a === b) return a
  if (typeof a === 'object' && typeof b === 'object') {
    return { element: common(a.element, b.element, name) }
  }
  const wider = NUMERIC[Math.max(NUMERIC.indexOf(a), NUMERIC.indexOf(b))]
  const isNumeric = NUMERIC.includes(a) && NUMERIC.includes(b)
  const isExact = wider !== 'DOUBLE' || IN_DOUBLES.includes(a) || IN_DOUBLES.includes(b)
  if (wider !== undefined && isNumeric && isExact) return wider
  throw refused(name, 'an array of values of several types')
}

function duckDbValue(value: SqlParameter, kind: Kind, api: Api): DuckDBValue {
  if (value === null) return null
  if (typeof kind === 'object') {
    const items = value as readonly SqlParameter[]
    return api.listValue(items.map(item => duckDbValue(item, kind.element, api)))
  }
  if (value instanceof Date) return new api.DuckDBTimestampTZValue(BigInt(value.getTime()) * 1000n)
  if (value instanceof Uint8Array) return api.blobValue(value)
  if (kind === 'SAFE' || kind === 'BIGINT' || kind === 'HUGEINT')
    return BigInt(value as number | bigint)
  return value as boolean | number | string
}

function typeOf(kind: Kind, api: Api): DuckDBType {
  if (typeof kind === 'object') return api.LIST(typeOf(kind.element, api))
  return api[kind === 'SAFE' ? 'BIGINT' : kind]
}

/** With what is left out as undefined, which `map` would pass over. */
function itemsOf(values: readonly SqlParameter[]): readonly SqlParameter[] {
  return Array.from(values)
}

function refused(name: string, found: string): TableError {
  return new TableError(
    'INVALID_REQUEST',
    `parameter ${name}: expected ${ACCEPTED}, found ${found}`,
  )
}

function isList(
  parameters: NonNullable<QuerySqlOptions['parameters']>,
): parameters is readonly SqlParameter[] {
  return Array.isArray(parameters)
}
