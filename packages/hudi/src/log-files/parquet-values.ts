import { type DataType, type Field, isPrimitive, TableError, type Value } from '@spillway/core'
import { widenValue } from '@spillway/encoding'

type Convert = (value: unknown) => unknown

/** Rows of a Parquet log block, one value a column of the block, as rows of the table's schema. */
export function parquetRowReader(
  columns: readonly Field[],
  fields: readonly Field[],
  nameOf: (field: Field) => string | undefined,
): (values: readonly unknown[]) => readonly unknown[] {
  const places = new Map<string, number>()
  for (const [i, { name }] of columns.entries()) {
    const key = name.toLowerCase()
    if (!places.has(key)) places.set(key, i)
  }
  const readers = fields.map(field => {
    const name = nameOf(field)
    const at = name === undefined ? undefined : places.get(name.toLowerCase())
    if (at === undefined) return () => null
    const convert = converter(columns[at]!.type, field.type, field.name)
    return (values: readonly unknown[]) => convert(values[at])
  })
  return values => readers.map(read => read(values))
}

function converter(from: DataType, to: DataType, name: string): Convert {
  const convert = convertPresent(from, to, name)
  return value => (value === null || value === undefined ? null : convert(value))
}

function convertPresent(from: DataType, to: DataType, name: string): Convert {
  if (typeof from === 'object' && typeof to === 'object') {
    if (from.kind === 'struct' && to.kind === 'struct') {
      const read = parquetRowReader(from.fields, to.fields, field => field.name)
      return value => read(value as readonly unknown[])
    }
    if (from.kind === 'list' && to.kind === 'list') {
      const item = converter(from.element.type, to.element.type, name)
      return value => (value as readonly unknown[]).map(item)
    }
    if (from.kind === 'map' && to.kind === 'map') {
      const [key, item] = [
        converter(from.key.type, to.key.type, name),
        converter(from.value.type, to.value.type, name),
      ]
      return value => (value as readonly (readonly unknown[])[]).map(([k, v]) => [key(k), item(v)])
    }
  }
  return value => {
    const wide =
      isPrimitive(from) && isPrimitive(to) ? widenValue(value as Value, from, to) : undefined
    if (wide !== undefined) return wide
    throw new TableError(
      'UNSUPPORTED_FEATURE',
      `column ${name}: a log holds values that are not of the table's type`,
      { context: { column: name } },
    )
  }
}
