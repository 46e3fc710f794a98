import {
  type DataType,
  HOLDS_NULLS,
  HOLDS_VALUES,
  type PrimitiveType,
  typeName,
  type Value,
} from '@spillway/core'
import { footerStats, type ParquetFooter } from '@spillway/encoding'
import { lacksColumn, leafOfPath } from './footer-columns.js'

/** A column of a file that one of its folders names too, and what the footer proves of it. */
export interface OwnColumn {
  readonly type: DataType
  /** The one value of every row, null included; undefined where the footer does not prove one. */
  readonly only?: { readonly value: Value | null }
}

/** Of the columns `names`, those that the file holds rows of itself; undefined where it holds none. */
export function ownColumns(
  footer: ParquetFooter,
  names: readonly string[],
): ReadonlyMap<string, OwnColumn> | undefined {
  const own = names.filter(name => !lacksColumn(footer, [name]))
  if (own.length === 0 || footer.rowCount === 0) return undefined
  return new Map(own.map(name => [name, ownColumn(footer, name)]))
}

function ownColumn(footer: ParquetFooter, name: string): OwnColumn {
  const leaf = leafOfPath(footer, [name])
  if (leaf === undefined) return { type: { kind: 'struct', fields: [] } }
  const { type } = footer.leaves[leaf]!
  const { holds, lower, upper } = footerStats(footer, leaf)
  if (holds === HOLDS_NULLS) return { type, only: { value: null } }
  const isOne = holds === HOLDS_VALUES && lower !== undefined && lower === upper
  return { type, ...(isOne && { only: { value: lower } }) }
}

/** True where the file's own column is proved to hold the folder's value in every row, as the same kind of value. */
export function agrees(
  { type, only }: OwnColumn,
  folder: { readonly type: PrimitiveType; readonly value: Value | null },
): boolean {
  if (only === undefined || !isAlike(type, folder.type)) return false
  if (only.value === null || folder.value === null) return only.value === folder.value
  return typeof only.value === 'bigint' || typeof folder.value === 'bigint'
    ? BigInt(only.value as number) === BigInt(folder.value as number)
    : only.value === folder.value
}

/** Integers of any width print alike. */
function isAlike(own: DataType, folder: PrimitiveType): boolean {
  const isInteger = (type: DataType) => type === 'int' || type === 'long'
  return typeName(own) === typeName(folder) || (isInteger(own) && isInteger(folder))
}
