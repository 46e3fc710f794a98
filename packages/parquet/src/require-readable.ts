import { childrenOf, type DataType, type Field, TableError } from '@spillway/core'
import type { ParquetFooter } from '@spillway/encoding'

const MAX_DECIMAL_PRECISION = 38

/** Throws where nobody could be given the columns of a file: other than by guessing, or without keys. */
export function requireUnencrypted({ encrypted, path }: ParquetFooter): void {
  if (!encrypted) return
  throw new TableError('UNSUPPORTED_FEATURE', `${path} holds encrypted columns`, {
    context: { path },
  })
}

/** Names that readers cannot tell apart, and numbers that no engine of recipients holds. */
export function requireReadable(fields: readonly Field[], path: string): void {
  requireNames(fields, path, [])
  for (const field of fields) requireTypes(field.type, { path, column: [field.name] })
}

function requireNames(fields: readonly Field[], path: string, above: readonly string[]): void {
  const seen = new Map<string, string>()
  for (const { name } of fields) {
    const before = seen.get(name.toLowerCase())
    if (before !== undefined) throw alike(before, name, { path, above })
    seen.set(name.toLowerCase(), name)
  }
}

/** Two names, of one file or of two, that most engines take for one. */
export function alike(
  before: string,
  name: string,
  { path, above = [] }: { readonly path: string; readonly above?: readonly string[] },
): TableError {
  const column = [...above, name].join('.')
  return new TableError(
    'UNSUPPORTED_FEATURE',
    before === name
      ? `two columns of ${path} are named ${column}`
      : `columns ${[...above, before].join('.')} and ${column} differ in case alone`,
    { context: { path, column } },
  )
}

function requireTypes(
  type: DataType,
  where: { readonly path: string; readonly column: readonly string[] },
): void {
  if (typeof type === 'string') return
  const { path, column } = where
  if (type.kind === 'decimal' && type.precision > MAX_DECIMAL_PRECISION) {
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `column ${column.join('.')} of ${path} is a decimal of ${type.precision} digits, and no more than ${MAX_DECIMAL_PRECISION} are read`,
      { context: { path, column: column.join('.') } },
    )
  }
  if (type.kind === 'struct') requireNames(type.fields, path, column)
  for (const child of childrenOf(type) ?? []) {
    requireTypes(child.type, { path, column: [...column, child.name] })
  }
}
